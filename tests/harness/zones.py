"""Zones, and the changes of their clocks, found by asking `zoneinfo` once a day."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

SINCE = datetime(2024, 1, 1, tzinfo=UTC)
UNTIL = datetime(2038, 1, 1, tzinfo=UTC)
STRIDE = timedelta(days=1)


@cache
def every_zone() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


@cache
def transitions(time_zone: str, since: datetime = SINCE, until: datetime = UNTIL) -> tuple[datetime, ...]:
    """The first instants with a new offset, in UTC."""
    zone = ZoneInfo(time_zone)
    found = []
    instant, offset = since, since.astimezone(zone).utcoffset()
    while instant < until:
        following = instant + STRIDE
        new_offset = following.astimezone(zone).utcoffset()
        if new_offset != offset:
            found.append(_first_with_another_offset(zone, instant, following))
        instant, offset = following, new_offset
    return tuple(found)


@cache
def every_clock() -> tuple[str, ...]:
    """One name for each different clock: many zones show the same from 2024 to 2037."""
    names: dict[tuple[object, ...], str] = {}
    for time_zone in every_zone():
        changes = transitions(time_zone)
        offsets = tuple(instant.astimezone(ZoneInfo(time_zone)).utcoffset() for instant in (SINCE, *changes))
        names.setdefault((changes, offsets), time_zone)
    return tuple(sorted(names.values()))


def _first_with_another_offset(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
