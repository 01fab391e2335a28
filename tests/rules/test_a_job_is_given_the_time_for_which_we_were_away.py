"""Silence is measured in time in which a ping could come in, and a ping that may have met a closed door comes again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.domain.heartbeats.rules import Absence, silent_at_in_spite_of

PING = datetime(2026, 3, 2, 1, tzinfo=UTC)
SECONDS = st.integers(min_value=0, max_value=1000)
ABSENCES = st.lists(st.tuples(SECONDS, SECONDS).map(sorted), max_size=6)


def after(**duration: float) -> datetime:
    return PING + timedelta(**duration)


def silent(absences: list[Absence], *, period: timedelta, grace: timedelta) -> datetime:
    return silent_at_in_spite_of(
        absences,
        PING,
        period_seconds=int(period.total_seconds()),
        grace_seconds=int(grace.total_seconds()),
    )


@pytest.mark.parametrize(
    ("why", "absence", "expected"),
    [
        ("no absence", None, after(hours=25)),
        ("before the last ping", (after(hours=-2), after(hours=-1)), after(hours=25)),
        ("after it was due", (after(hours=26), after(hours=27)), after(hours=25)),
        ("long before the ping was expected", (after(hours=3), after(hours=4)), after(hours=26)),
        ("when the ping was expected", (after(hours=23, minutes=30), after(hours=24, minutes=30)), after(hours=49.5)),
        ("a moment of it is enough", (after(hours=25), after(hours=25, seconds=7)), after(hours=50, seconds=7)),
        ("over days", (after(hours=3), after(hours=80)), after(hours=105)),
        ("it lasted since before the last ping", (after(hours=-9), after(hours=30)), after(hours=55)),
    ],
)
def test_a_daily_job_with_an_hour_of_grace(
    why: str, absence: tuple[datetime, datetime] | None, expected: datetime
) -> None:
    absences = [Absence(*absence)] if absence else []
    assert silent(absences, period=timedelta(days=1), grace=timedelta(hours=1)) == expected, why


def test_a_restart_each_night_at_the_hour_of_the_backup_does_not_hide_that_there_is_none() -> None:
    restarts = [Absence(after(days=day), after(days=day, seconds=10)) for day in range(1, 30)]
    at = silent(restarts, period=timedelta(days=1), grace=timedelta(hours=1))
    assert after(hours=49) <= at <= after(hours=50, minutes=1)


@given(
    period=st.integers(min_value=1, max_value=300),
    grace=st.integers(min_value=0, max_value=100),
    often=st.integers(min_value=2, max_value=20),
    absence=st.tuples(SECONDS, SECONDS).map(sorted),
)
def test_no_single_absence_makes_a_living_job_look_silent(
    period: int, grace: int, often: int, absence: list[int]
) -> None:
    """One that calls exactly once a period, and one that calls at least twice as often as it must."""
    begin, end = absence
    at = silent([Absence(after(seconds=begin), after(seconds=end))], period=timedelta(seconds=period),
                grace=timedelta(seconds=grace))  # fmt: skip
    for interval in (period, (period + grace) / often):
        calls = (interval * number for number in range(1, 10_000))
        heard = next(call for call in calls if not begin <= call < end)
        assert after(seconds=heard) <= at


@given(period=st.integers(min_value=1, max_value=300), grace=st.integers(min_value=0, max_value=100), spans=ABSENCES)
def test_a_dead_job_is_found_whatever_we_did(period: int, grace: int, spans: list[list[int]]) -> None:
    wait = timedelta(seconds=period + grace)
    absences = [Absence(after(seconds=begin), after(seconds=end)) for begin, end in spans]
    at = silent(absences, period=timedelta(seconds=period), grace=timedelta(seconds=grace))
    away = {second for begin, end in spans for second in range(begin, end) if after(seconds=second) < at}
    assert PING + wait <= at <= PING + 2 * wait + timedelta(seconds=len(away))
