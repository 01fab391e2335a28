"""Who is on call: one calculation for the engine, the screens, calendars, API, command line and history.

Rules of daylight saving, for hand-offs and windows alike: a local time that does not exist moves to the first
instant after the gap; one that exists twice means the first. Turns of days and weeks follow the wall clock, turns of
hours follow elapsed time from the first hand-off. Later rotations win over earlier, overrides over all rotations, the
last created override over the others. A turn of an explicit nobody decides as well: earlier rotations do not
shine through it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

_INSTANT = timedelta(microseconds=1)
_WEEK = timedelta(days=7)
NOBODY = "nobody"
OVERRIDE = "override"


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Weekly, in local time; Monday is 0. It may wrap over the end of the week; equal ends mean the whole week."""

    starts_weekday: int
    starts_time: time
    ends_weekday: int
    ends_time: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The first turn begins at the first hand-off on or after `starts_date`. `members` are user ids, None is nobody.

    It counts in [effective_at, retired_at): an edit retires one version and adds another.
    Outside its windows and its period a rotation is transparent.
    """

    name: str
    members: tuple[str | None, ...]
    every: int
    unit: Unit
    handoff_time: time
    starts_date: date
    handoff_weekday: int | None = None
    ends_at: datetime | None = None
    per_turn: int = 1
    windows: tuple[Window, ...] = ()
    effective_at: datetime | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    user: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    name: str
    time_zone: str
    rotations: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """`source`: "rotation:NAME", "override" or "nobody"."""

    users: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Half-open, UTC, never empty of users."""

    starts_at: datetime
    ends_at: datetime
    users: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class _Segment:
    starts_at: datetime
    ends_at: datetime
    on_call: OnCall


_NO_ONE = OnCall(users=(), source=NOBODY)


def on_call_at(schedule: Schedule, *, at: datetime) -> OnCall:
    instant = at.astimezone(UTC)
    for override in reversed(_in_order(schedule.overrides)):
        if override.starts_at <= instant < override.ends_at:
            return OnCall(users=(override.user,), source=OVERRIDE)
    for rotation in reversed(schedule.rotations):
        for segment in _segments(rotation, schedule.time_zone, instant, instant + _INSTANT):
            return segment.on_call
    return _NO_ONE


def shifts_between(schedule: Schedule, *, starts_at: datetime, ends_at: datetime) -> tuple[Shift, ...]:
    """Cut at the bounds; neighbours with the same users and source are one shift; gaps are absent."""
    return tuple(
        Shift(
            starts_at=segment.starts_at,
            ends_at=segment.ends_at,
            users=segment.on_call.users,
            source=segment.on_call.source,
        )
        for segment in _partition(schedule, starts_at=starts_at, ends_at=ends_at)
        if segment.on_call.users
    )


def gaps_between(
    schedule: Schedule, *, starts_at: datetime, ends_at: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """Where nobody is on call; neighbouring gaps are joined."""
    gaps: list[tuple[datetime, datetime]] = []
    for segment in _partition(schedule, starts_at=starts_at, ends_at=ends_at):
        if segment.on_call.users:
            continue
        if gaps and gaps[-1][1] == segment.starts_at:
            gaps[-1] = (gaps[-1][0], segment.ends_at)
        else:
            gaps.append((segment.starts_at, segment.ends_at))
    return tuple(gaps)


def _partition(schedule: Schedule, *, starts_at: datetime, ends_at: datetime) -> list[_Segment]:
    """Disjoint, in order, covering exactly [starts_at, ends_at)."""
    start, end = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
    layers = [list(_segments(rotation, schedule.time_zone, start, end)) for rotation in schedule.rotations]
    layers += [_override_segment(override, start, end) for override in _in_order(schedule.overrides)]
    events: list[tuple[datetime, int, OnCall | None]] = []
    for number, segments in enumerate(layers):
        for segment in segments:
            events.append((segment.ends_at, number, None))
            events.append((segment.starts_at, number, segment.on_call))
    # At one instant an end comes before a start, so that a layer's next segment is not switched off.
    events.sort(key=lambda event: (event[0], event[2] is not None))
    parts: list[_Segment] = []
    active: dict[int, OnCall] = {}
    position = start
    for at, number, on_call in events:
        if at > position:
            _extend(parts, position, at, active)
            position = at
        if on_call is None:
            active.pop(number, None)
        else:
            active[number] = on_call
    if position < end:
        _extend(parts, position, end, active)
    return parts


def _extend(parts: list[_Segment], start: datetime, end: datetime, active: dict[int, OnCall]) -> None:
    on_call = active[max(active)] if active else _NO_ONE
    if parts and parts[-1].on_call == on_call and parts[-1].ends_at == start:
        parts[-1] = _Segment(parts[-1].starts_at, end, on_call)
    else:
        parts.append(_Segment(start, end, on_call))


def _override_segment(override: Override, start: datetime, end: datetime) -> list[_Segment]:
    first, last = max(override.starts_at.astimezone(UTC), start), min(override.ends_at.astimezone(UTC), end)
    return [_Segment(first, last, OnCall(users=(override.user,), source=OVERRIDE))] if first < last else []


def _in_order(overrides: Iterable[Override]) -> list[Override]:
    return sorted(overrides, key=lambda override: (override.created_at, override.id))


def _segments(rotation: Rotation, zone: str, start: datetime, end: datetime) -> Iterator[_Segment]:
    """The times within [start, end) in which this rotation decides, turn by turn."""
    first, last = _period(rotation, zone, start, end)
    if first >= last:
        return
    source = f"rotation:{rotation.name}"
    open_hours = _windows(rotation.windows, zone, first, last) if rotation.windows else [(first, last)]
    turn = _turn_at(rotation, zone, first)
    turn_ends = _turn_start(rotation, zone, turn + 1)
    on_call = OnCall(users=_users(rotation, turn), source=source)
    for opens, closes in open_hours:
        position = opens
        while position < closes:
            while turn_ends <= position:
                turn += 1
                turn_ends = _turn_start(rotation, zone, turn + 1)
                on_call = OnCall(users=_users(rotation, turn), source=source)
            until = min(closes, turn_ends)
            yield _Segment(position, until, on_call)
            position = until


def _period(rotation: Rotation, zone: str, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    first, last = max(start, _turn_start(rotation, zone, 0)), end
    if rotation.effective_at is not None:
        first = max(first, rotation.effective_at.astimezone(UTC))
    for bound in (rotation.ends_at, rotation.retired_at):
        if bound is not None:
            last = min(last, bound.astimezone(UTC))
    return first, last


def _users(rotation: Rotation, turn: int) -> tuple[str, ...]:
    count = len(rotation.members)
    if not count:
        return ()
    seats = range(turn * rotation.per_turn, (turn + 1) * rotation.per_turn)
    named = (rotation.members[seat % count] for seat in seats)
    return tuple(dict.fromkeys(user for user in named if user is not None))


def first_handoff_date(rotation: Rotation) -> date:
    if rotation.unit is not Unit.WEEKS or rotation.handoff_weekday is None:
        return rotation.starts_date
    return rotation.starts_date + timedelta(days=(rotation.handoff_weekday - rotation.starts_date.weekday()) % 7)


def _turn_start(rotation: Rotation, zone: str, turn: int) -> datetime:
    day = first_handoff_date(rotation)
    if rotation.unit is Unit.HOURS:
        return instant_of(day, rotation.handoff_time, zone) + turn * timedelta(hours=rotation.every)
    return instant_of(day + turn * _turn_days(rotation), rotation.handoff_time, zone)


def _turn_days(rotation: Rotation) -> timedelta:
    return timedelta(days=rotation.every * (7 if rotation.unit is Unit.WEEKS else 1))


def _turn_at(rotation: Rotation, zone: str, at: datetime) -> int:
    """The turn that holds `at`, which is not before the first one."""
    if rotation.unit is Unit.HOURS:
        return (at - _turn_start(rotation, zone, 0)) // timedelta(hours=rotation.every)
    turn = (at.astimezone(_zone(zone)).date() - first_handoff_date(rotation)) // _turn_days(rotation)
    while _turn_start(rotation, zone, turn) > at:
        turn -= 1
    while _turn_start(rotation, zone, turn + 1) <= at:
        turn += 1
    return turn


def _windows(windows: Iterable[Window], zone: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The union of all weekly windows within [start, end)."""
    first = start.astimezone(_zone(zone)).date()
    monday = first - timedelta(days=first.weekday()) - 2 * _WEEK
    found: list[tuple[datetime, datetime]] = []
    while instant_of(monday, time(0), zone) < end:
        for window in windows:
            opens = instant_of(monday + timedelta(days=window.starts_weekday), window.starts_time, zone)
            closes = instant_of(monday + timedelta(days=_end_day(window)), window.ends_time, zone)
            if max(opens, start) < min(closes, end):
                found.append((max(opens, start), min(closes, end)))
        monday += _WEEK
    found.sort()
    merged: list[tuple[datetime, datetime]] = []
    for opens, closes in found:
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


def _end_day(window: Window) -> int:
    wraps = (window.ends_weekday, window.ends_time) <= (window.starts_weekday, window.starts_time)
    return window.ends_weekday + (7 if wraps else 0)


@lru_cache(maxsize=600)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=200_000)
def instant_of(day: date, at: time, zone: str) -> datetime:
    """The instant of a wall-clock time, by the rules at the top of this file."""
    local = datetime.combine(day, at, tzinfo=_zone(zone))
    earlier, later = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if earlier <= later:
        return earlier  # exists once, or twice: the first
    return _transition(later, earlier, _zone(zone))


def _transition(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second in (low, high] whose offset is not the one at `low`."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
