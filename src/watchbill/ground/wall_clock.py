"""A zone's wall clock on whole microseconds: the same answers as `zoneinfo`, fast enough to draw a year of shifts.

Instants and wall times are microseconds since 1970-01-01 00:00, in UTC and as the wall clock shows it. One definition
covers every hour that daylight saving skips or repeats: a wall time happens at the first instant at which the clock
shows it or something later. So a time that exists twice means the first, one that does not exist means the first
instant after the gap, and later wall times never happen before earlier ones.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

SECOND = 1_000_000
DAY = 86_400 * SECOND
WEEK = 7 * DAY

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DATE = date(1970, 1, 1).toordinal()
# A stretch is computed as a whole and kept. The margin is more than any offset and any jump of a clock.
_STRETCH = 100 * DAY
_MARGIN = 3 * DAY
# No zone has ever changed twice within six days, so looking every second day finds each change.
_STRIDE = 2 * DAY
_FIRST = (date(2, 1, 1).toordinal() - _EPOCH_DATE) * DAY
_LAST = (date(9998, 1, 1).toordinal() - _EPOCH_DATE) * DAY


def instant_number(instant: datetime) -> int:
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def instant_from(number: int) -> datetime:
    return _EPOCH + timedelta(0, number // SECOND, number % SECOND)


def wall_number(day: date, at: time) -> int:
    return (day.toordinal() - _EPOCH_DATE) * DAY + time_number(at)


def time_number(at: time) -> int:
    return (at.hour * 3600 + at.minute * 60 + at.second) * SECOND + at.microsecond


class WallClock:
    """For one calculation: it remembers the piece of constant offset it was last asked about, so do not share it."""

    __slots__ = ("_offset", "_wall_from", "_wall_until", "_zone")

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self._wall_from = self._wall_until = self._offset = 0

    def instant_of(self, wall: int) -> int:
        if self._wall_from <= wall < self._wall_until:
            return wall - self._offset
        number = wall // _STRETCH
        stretch = _stretch(self._zone, number)
        piece = bisect_right(stretch.wall_ends, wall)
        starts_at, offset = stretch.starts[piece], stretch.offsets[piece]
        shown_before = stretch.wall_ends[piece - 1] if piece else number * _STRETCH
        self._offset = offset
        self._wall_from = max(shown_before, starts_at + offset, number * _STRETCH)
        self._wall_until = min([(number + 1) * _STRETCH, *stretch.wall_ends[piece : piece + 1]])
        return max(starts_at, wall - offset)

    def shown_at(self, instant: int) -> int:
        stretch = _stretch(self._zone, instant // _STRETCH)
        return instant + stretch.offsets[bisect_right(stretch.starts, instant) - 1]


class _Stretch(NamedTuple):
    """Pieces of constant offset. `wall_ends` has one entry fewer: the last piece is open."""

    starts: list[int]
    offsets: list[int]
    wall_ends: list[int]


@lru_cache(maxsize=8192)
def _stretch(zone: ZoneInfo, number: int) -> _Stretch:
    first = min(max(number * _STRETCH - _MARGIN, _FIRST), _LAST)
    last = min(max((number + 1) * _STRETCH + _MARGIN, _FIRST), _LAST)
    starts, offsets = [min(first, number * _STRETCH - _MARGIN)], [_offset(zone, first)]
    wall_ends: list[int] = []
    probe = first
    while probe < last:
        following = min(probe + _STRIDE, last)
        offset = _offset(zone, following)
        if offset != offsets[-1]:
            change = _change(zone, probe, following)
            # The clock may have shown later times before it was put back: they have happened.
            shown = change + offsets[-1]
            wall_ends.append(max(shown, wall_ends[-1]) if wall_ends else shown)
            starts.append(change)
            offsets.append(offset)
        probe = following
    return _Stretch(starts, offsets, wall_ends)


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The instant at which the offset changes, a whole second; `before` and `after` lie on its two sides."""
    old = _offset(zone, before)
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = instant_from(instant).astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - a ZoneInfo always knows its offset
    return (offset.days * 86_400 + offset.seconds) * SECOND + offset.microseconds
