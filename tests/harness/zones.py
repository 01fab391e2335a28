"""Changes of the clock, found by asking `zoneinfo` twice a day."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

SINCE = datetime(2024, 1, 1, tzinfo=UTC)
UNTIL = datetime(2038, 1, 1, tzinfo=UTC)
STRIDE = timedelta(hours=12)


def every_zone() -> list[str]:
    return sorted(available_timezones())


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


def _first_with_another_offset(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
