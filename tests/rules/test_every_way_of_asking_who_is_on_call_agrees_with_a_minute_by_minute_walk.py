"""Random schedules around changes of the clock: the literal walk, the point query and the range query say the same."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.harness.oncall_oracle import walk
from tests.harness.zones import transitions
from watchbill.domain.oncall.rules import (
    Override,
    Rotation,
    Schedule,
    Unit,
    Window,
    gaps_between,
    on_call_at,
    shifts_between,
)

MINUTE = timedelta(minutes=1)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",  # around Ramadan
    "Antarctica/Troll",  # two hours
    "Africa/Cairo",  # a gap at midnight
    "Asia/Beirut",
    "Pacific/Chatham",
    "America/Nuuk",  # a gap over midnight
    "Asia/Kathmandu",  # none
    "UTC",
)
APIA_LEAVES_OUT_A_DAY = datetime(2011, 12, 30, 10, tzinfo=UTC)

# Hours in which clocks change come often, the rest now and then.
times = st.one_of(
    st.sampled_from([time(hour, minute) for hour in (0, 1, 2, 3, 23) for minute in (0, 15, 30, 45)]),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
)
weekdays = st.integers(0, 6)
windows = st.builds(Window, starts_weekday=weekdays, starts_time=times, ends_weekday=weekdays, ends_time=times)
members = st.lists(st.sampled_from(["ana", "ben", "cai", "dia", None]), max_size=5).map(tuple)


@st.composite
def moments(draw: st.DrawFn, around: datetime) -> datetime:
    return around + timedelta(minutes=draw(st.integers(-2 * 1440, 2 * 1440)))


@st.composite
def rotations(draw: st.DrawFn, name: str, around: datetime) -> Rotation:
    unit = draw(st.sampled_from(Unit))
    some_moment = st.one_of(st.none(), st.none(), moments(around))
    return Rotation(
        name=name,
        members=draw(members),
        every=draw(st.integers(1, 30 if unit is Unit.HOURS else 3)),
        unit=unit,
        handoff_time=draw(times),
        handoff_weekday=draw(st.one_of(st.none(), weekdays)) if unit is Unit.WEEKS else None,
        starts_date=around.date() - timedelta(days=draw(st.one_of(st.integers(-1, 5), st.integers(0, 500)))),
        ends_at=draw(some_moment),
        per_turn=draw(st.integers(1, 3)),
        windows=tuple(draw(st.one_of(st.just([]), st.lists(windows, max_size=3)))),
        effective_at=draw(some_moment),
        retired_at=draw(some_moment),
    )


@st.composite
def overrides(draw: st.DrawFn, around: datetime) -> Override:
    starts_at = draw(moments(around))
    return Override(
        user=draw(st.sampled_from(["ana", "ben", "stand-in"])),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=draw(st.integers(1, 2000))),
        created_at=around - timedelta(days=draw(st.integers(1, 2))),
        id=str(draw(st.integers(0, 9))),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Schedule, datetime, datetime]:
    time_zone = draw(st.sampled_from([*ZONES, "Pacific/Apia"]))
    if time_zone == "Pacific/Apia":
        around = APIA_LEAVES_OUT_A_DAY
    else:
        around = draw(st.sampled_from(transitions(time_zone)[:8] or (datetime(2026, 3, 29, 1, tzinfo=UTC),)))
    layers = [draw(rotations(f"layer-{number}", around)) for number in range(draw(st.integers(1, 4)))]
    schedule = Schedule(
        name="random",
        time_zone=time_zone,
        rotations=tuple(layers),
        overrides=tuple(draw(st.lists(overrides(around), max_size=4, unique_by=lambda each: each.id))),
    )
    starts_at = around - timedelta(minutes=draw(st.integers(60, 2 * 1440)))
    return schedule, starts_at, around + timedelta(minutes=draw(st.integers(60, 2 * 1440)))


@given(situations())
def test_point_range_and_gaps_agree_with_the_walk(situation: tuple[Schedule, datetime, datetime]) -> None:
    schedule, starts_at, ends_at = situation
    walked = list(walk(schedule, starts_at, ends_at))

    expected = []
    for instant, users, source in walked:
        if expected and expected[-1][2:] == (users, source):
            expected[-1] = (expected[-1][0], instant + MINUTE, users, source)
        else:
            expected.append((instant, instant + MINUTE, users, source))

    shifts = shifts_between(schedule, starts_at=starts_at, ends_at=ends_at)
    assert [(each.starts_at, each.ends_at, each.users, each.source) for each in shifts] == [
        each for each in expected if each[2]
    ]

    last_instant = timedelta(microseconds=1)
    for first, end, users, source in expected:
        for instant in (first, first + (end - first) / 3, end - last_instant):
            found = on_call_at(schedule, at=instant)
            assert (found.users, found.source) == (users, source), instant

    uncovered = {instant for instant, users, _ in walked if not users}
    gaps = gaps_between(schedule, starts_at=starts_at, ends_at=ends_at)
    assert {instant for instant, _, _ in walked if any(a <= instant < b for a, b in gaps)} == uncovered
    assert all(a < b for a, b in gaps)
    assert all(end < start for (_, end), (start, _) in pairwise(gaps))


@given(situations(), st.integers(1, 3000))
def test_a_range_asked_in_two_parts_is_the_same_range(
    situation: tuple[Schedule, datetime, datetime], minutes: int
) -> None:
    schedule, starts_at, ends_at = situation
    middle = min(starts_at + timedelta(minutes=minutes), ends_at)
    whole = shifts_between(schedule, starts_at=starts_at, ends_at=ends_at)
    left = shifts_between(schedule, starts_at=starts_at, ends_at=middle)
    right = shifts_between(schedule, starts_at=middle, ends_at=ends_at)
    cut = [
        (max(each.starts_at, a), min(each.ends_at, b), each.users, each.source)
        for a, b in ((starts_at, middle), (middle, ends_at))
        for each in whole
        if max(each.starts_at, a) < min(each.ends_at, b)
    ]
    assert [(each.starts_at, each.ends_at, each.users, each.source) for each in (*left, *right)] == cut


def test_the_walk_itself_knows_a_night_worked_out_by_hand() -> None:
    """Berlin, 2026-10-25: 03:00 goes back to 02:00, so the hand-off at 02:30 is 00:30 UTC, the first of two."""
    rota = Rotation(
        name="daily",
        members=("ana", "ben"),
        every=1,
        unit=Unit.DAYS,
        handoff_time=time(2, 30),
        handoff_weekday=None,
        starts_date=date(2026, 10, 24),
        ends_at=None,
    )
    schedule = Schedule(name="night", time_zone="Europe/Berlin", rotations=(rota,), overrides=())
    night = walk(schedule, datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 25, 3, tzinfo=UTC))
    assert [instant for instant, users, _ in night if users == ("ana",)][-1] == datetime(
        2026, 10, 25, 0, 29, tzinfo=UTC
    )
