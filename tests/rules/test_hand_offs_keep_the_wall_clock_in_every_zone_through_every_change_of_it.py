"""Every zone, every change of its clock from 2024 to 2037: hand-offs come on time or the first instant after a gap.

What is expected comes from `zoneinfo` for each date alone. The members are so many that each shift tells its turn.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.harness.rotas import daily, rotation, schedule
from tests.harness.zones import SINCE, UNTIL, every_clock, every_zone, transitions
from watchbill.domain.oncall.rules import Shift, Unit, on_call_at, shifts_between

DAY = timedelta(days=1)
ROUND = tuple(f"person-{number}" for number in range(11))
LAST_INSTANT = timedelta(microseconds=1)
REGIONS = {region: list(zones) for region, zones in groupby(every_zone(), key=lambda name: name.split("/")[0])}


@pytest.mark.parametrize("region", REGIONS)
def test_around_every_change(region: str) -> None:
    for time_zone in REGIONS[region]:
        if time_zone not in every_clock():
            continue
        for change_at in transitions(time_zone):
            for at in telling_times(time_zone, change_at):
                check_days(time_zone, at, around=change_at, changes_at=change_at)


@pytest.mark.parametrize("region", REGIONS)
def test_turns_of_three_weeks_from_2024_to_2037_begin_on_their_mondays(region: str) -> None:
    for time_zone in REGIONS[region]:
        rota = schedule(time_zone, rotation(*ROUND, every=3, handoff_weekday=0, starts_date=date(2024, 1, 1)))
        handoffs = [datetime.combine(date(2024, 1, 1) + 21 * DAY * turn, time(10)) for turn in range(244)]
        bounds = [wall.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC) for wall in handoffs]
        shifts = shifts_between(rota, starts_at=bounds[0], ends_at=bounds[-1])
        assert list(pairwise(bounds)) == [(shift.starts_at, shift.ends_at) for shift in shifts], time_zone
        assert_turns_follow(shifts, time_zone)


@pytest.mark.parametrize(
    ("time_zone", "change_at", "lost"),
    [
        ("Pacific/Apia", "2011-12-30T10:00Z", timedelta(days=1)),
        ("Pacific/Kwajalein", "1993-08-21T12:00Z", timedelta(days=1)),
        ("Europe/Berlin", "2026-03-29T01:00Z", timedelta(hours=1)),
        ("Australia/Lord_Howe", "2026-10-03T15:30Z", timedelta(minutes=30)),
        ("Antarctica/Troll", "2026-03-29T01:00Z", timedelta(hours=2)),
        ("Africa/Casablanca", "2026-03-22T02:00Z", timedelta(hours=1)),
    ],
)
def test_well_known_gaps_are_the_size_they_are_known_for(time_zone: str, change_at: str, lost: timedelta) -> None:
    instant = datetime.fromisoformat(change_at)
    before, after = (moment.astimezone(ZoneInfo(time_zone)) for moment in (instant - LAST_INSTANT, instant))
    gap = after.replace(tzinfo=None) - before.replace(tzinfo=None) - LAST_INSTANT
    assert gap == lost
    for at in telling_times(time_zone, instant):
        check_days(time_zone, at, around=instant, changes_at=instant)


@pytest.mark.parametrize("region", REGIONS)
def test_turns_of_hours_are_time_that_passes(region: str) -> None:
    """Seven hours fit into no day, so each clock change falls into a turn somewhere."""
    length = timedelta(hours=7)
    for time_zone in REGIONS[region]:
        for change_at in transitions(time_zone)[:2]:
            first_date = change_at.date() - 2 * DAY
            rota = schedule(
                time_zone,
                rotation(*ROUND, unit=Unit.HOURS, every=7, handoff_time=time(12), starts_date=first_date),
            )
            first_at = datetime.combine(first_date, time(12), ZoneInfo(time_zone)).astimezone(UTC)
            shifts = shifts_between(rota, starts_at=first_at, ends_at=first_at + 20 * length)
            bounds = list(pairwise(first_at + number * length for number in range(21)))
            assert [(shift.starts_at, shift.ends_at) for shift in shifts] == bounds
            assert_turns_follow(shifts, time_zone)


def test_the_zones_and_changes_are_all_there() -> None:
    found = {time_zone: transitions(time_zone) for time_zone in every_zone()}
    assert len(found) >= 590
    assert len(set(found.values())) <= len(every_clock()) < len(found)
    assert all(SINCE < change_at < UNTIL for changes in found.values() for change_at in changes)
    assert len(transitions("Europe/Berlin")) == len(transitions("Australia/Lord_Howe")) == 28
    assert len(transitions("Antarctica/Troll")) == 28
    assert len(transitions("Africa/Casablanca")) == 30  # Ramadan comes around a little faster than the year
    assert transitions("Asia/Tokyo") == ()


def check_days(time_zone: str, at: time, *, around: datetime, changes_at: datetime) -> None:
    first_date = around.astimezone(ZoneInfo(time_zone)).date() - 2 * DAY
    rota = schedule(time_zone, daily(*ROUND, at=at, starts_date=first_date))
    handoffs = [
        happens_at(datetime.combine(first_date + number * DAY, at), time_zone, changes_at) for number in range(9)
    ]
    starts_at, ends_at = handoffs[0], handoffs[-1]

    shifts = shifts_between(rota, starts_at=starts_at, ends_at=ends_at)

    said = f"{time_zone} {at} around {changes_at}"
    turns = [
        (began_at, ended_at, ROUND[turn])
        for turn, (began_at, ended_at) in enumerate(pairwise(handoffs))
        if began_at < ended_at  # of two hand-offs at the end of a missing day the first leaves an empty turn
    ]
    assert [(shift.starts_at, shift.ends_at, *shift.users) for shift in shifts] == turns, said
    for shift in shifts:
        for instant in (shift.starts_at, shift.ends_at - LAST_INSTANT):
            assert on_call_at(rota, at=instant).users == shift.users, said
    assert sum((shift.ends_at - shift.starts_at for shift in shifts), timedelta()) == ends_at - starts_at, said


def happens_at(wall: datetime, time_zone: str, changes_at: datetime) -> datetime:
    zone = ZoneInfo(time_zone)
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    return changes_at


@cache
def telling_times(time_zone: str, change_at: datetime) -> tuple[time, ...]:
    """On the edges of what is skipped or shown twice, within it, and far from it."""
    zone = ZoneInfo(time_zone)
    second = timedelta(seconds=1)
    jumped_from = (change_at - second).astimezone(zone).replace(tzinfo=None) + second
    jumped_to = change_at.astimezone(zone).replace(tzinfo=None)
    within = jumped_from + (jumped_to - jumped_from) / 2
    just_before = min(jumped_from, jumped_to) - timedelta(minutes=1)
    return tuple({moment.time() for moment in (jumped_from, jumped_to, within, just_before)} | {time(10)})


def assert_turns_follow(shifts: Iterable[Shift], said: str) -> None:
    for one, following in pairwise(shifts):
        assert one.ends_at == following.starts_at, said
        assert following.users == (ROUND[(ROUND.index(one.users[0]) + 1) % len(ROUND)],), said
