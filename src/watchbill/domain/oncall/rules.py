"""Who is on call: one calculation for the engine, the screens, the exports and the command line.

- A hand-off happens at its wall-clock time in the schedule's zone. A time that does not exist moves to the first
  instant after the gap, one that exists twice means the first. Edges of windows follow the same rule.
- Turn 0 begins at the first hand-off on or after 00:00 of `starts_date`: on that date at `handoff_time`, with weeks on
  the first `handoff_weekday` from that date on (the date's own weekday where none is given). Each hand-off moves on
  by one turn, also where two hand-offs fall on one instant because a whole local day is missing.
- Turns of days and weeks follow the wall clock. Turns of hours are time that passes, counted from the first hand-off,
  so an eight-hour turn lasts eight hours in every night.
- Turn k takes `per_turn` members from k * per_turn on, around the list; somebody who would be taken twice counts once.
- Turns go on outside the windows and the period of a rotation, but there it decides nothing and lower ones count.
- A turn whose members are all nobody decides: no one is on call, lower rotations do not shine through.
- Later rotations win over earlier ones, overrides over rotations, and among overrides the one created last.

Periods are half-open. Answers are in UTC.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from heapq import heappop, heappush
from itertools import pairwise

from watchbill.domain.oncall.turns import Span, Turns, divided, open_during, seats, weekly_spans
from watchbill.ground.wall_clock import (
    DAY,
    WEEK,
    WallClock,
    instant_from,
    instant_number,
    time_number,
    wall_number,
)

# How far to look for both ends of a shift: a usual turn does not cost the calculation of two years.
_REACHES = (timedelta(days=14), timedelta(days=90), timedelta(days=366))
NOBODY = "nobody"
OVERRIDE = "override"


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Every week, local time, Monday is 0; may run over the week's end. Equal start and end: the whole week."""

    starts_weekday: int
    starts_time: time
    ends_weekday: int
    ends_time: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """One version of a layer: it counts in [effective_at, retired_at), an edit retires it and adds another.

    A member None is an explicit nobody. Without members a rotation decides nothing.
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
    weekly: tuple[Span, ...] = field(init=False, repr=False, compare=False)
    """The windows as `turns.weekly_spans` puts them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "weekly", weekly_spans([_times_of_week(window) for window in self.windows]))
        if self.every < 1:
            raise ValueError(f"rotation {self.name!r}: every is {self.every}. A turn lasts at least 1 {self.unit}")
        if self.per_turn < 1:
            raise ValueError(f"rotation {self.name!r}: per_turn is {self.per_turn}. Put at least 1 member in a turn")


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
    """`source` is "rotation:NAME", "override" or "nobody"; a rotation's turn of an explicit nobody has no users."""

    users: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Never without users: an explicit nobody is a gap, as is a time for which nothing decides."""

    starts_at: datetime
    ends_at: datetime
    users: tuple[str, ...]
    source: str


_Decided = tuple[int, int, tuple[str, ...], str]
"""A period (start, end), who, and what decided."""


def on_call_at(schedule: Schedule, *, at: datetime) -> OnCall:
    instant = instant_number(at)
    for _, _, users, source in _decided(schedule, (instant, instant + 1)):
        return OnCall(users=users, source=source)
    return OnCall(users=(), source=NOBODY)


def shifts_between(schedule: Schedule, *, starts_at: datetime, ends_at: datetime) -> tuple[Shift, ...]:
    """In order, cut at the bounds, neighbours with the same people and source joined. Gaps are absent."""
    return tuple(
        Shift(starts_at=instant_from(start), ends_at=instant_from(end), users=users, source=source)
        for start, end, users, source in _joined(_decided_between(schedule, starts_at, ends_at))
        if users
    )


def shift_around(schedule: Schedule, *, at: datetime) -> Shift | None:
    """The shift in which `at` lies, whole unless it is longer than a year on either side; None: nobody is on call."""
    found: Shift | None = None
    for reach in _REACHES:
        around = shifts_between(schedule, starts_at=at - reach, ends_at=at + reach)
        found = next((shift for shift in around if shift.starts_at <= at < shift.ends_at), None)
        if found is None or (at - reach < found.starts_at and found.ends_at < at + reach):
            break
    return found


def gaps_between(
    schedule: Schedule, *, starts_at: datetime, ends_at: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """When a page would find no one: nothing decides, or an explicit nobody does."""
    span = (instant_number(starts_at), instant_number(ends_at))
    covered = [(start, end) for start, end, users, _ in _decided_between(schedule, starts_at, ends_at) if users]
    _, gaps = divided([span] if span[0] < span[1] else [], covered)
    return tuple((instant_from(start), instant_from(end)) for start, end in gaps)


def _decided_between(schedule: Schedule, starts_at: datetime, ends_at: datetime) -> list[_Decided]:
    span = (instant_number(starts_at), instant_number(ends_at))
    return _decided(schedule, span) if span[0] < span[1] else []


def _decided(schedule: Schedule, span: Span) -> list[_Decided]:
    """The core: from the strongest layer down, each asked only about the time that is still open."""
    decided = _overridden(schedule.overrides, span)
    _, still_open = divided([span], [(start, end) for start, end, _, _ in decided])
    clock = WallClock(schedule.time_zone)
    for rotation in reversed(schedule.rotations):
        if not still_open:
            break
        if not rotation.members:
            continue
        turns = _turns(rotation, clock)
        in_force = _in_force(rotation, turns, clock, (still_open[0][0], still_open[-1][1]))
        asked, still_open = divided(still_open, in_force)
        decided.extend(_taken(rotation, turns, asked))
    decided.sort()
    return decided


def _overridden(overrides: tuple[Override, ...], span: Span) -> list[_Decided]:
    """One sweep over the edges, the override created last on top of a heap."""
    touching = [
        (override, (starts_at, ends_at))
        for override in overrides
        if (starts_at := max(instant_number(override.starts_at), span[0]))
        < (ends_at := min(instant_number(override.ends_at), span[1]))
    ]
    touching.sort(key=lambda each: (each[0].created_at, each[0].id), reverse=True)
    starting = sorted(
        (starts_at, rank, ends_at, each.user) for rank, (each, (starts_at, ends_at)) in enumerate(touching)
    )
    edges = sorted({edge for starts_at, _, ends_at, _ in starting for edge in (starts_at, ends_at)})
    decided: list[_Decided] = []
    running: list[tuple[int, int, str]] = []
    upcoming = 0
    for edge, next_edge in pairwise(edges):
        while upcoming < len(starting) and starting[upcoming][0] == edge:
            heappush(running, starting[upcoming][1:])
            upcoming += 1
        while running and running[0][1] <= edge:
            heappop(running)
        if running:
            decided.append((edge, next_edge, (running[0][2],), OVERRIDE))
    return decided


def _in_force(rotation: Rotation, turns: Turns, clock: WallClock, span: Span) -> list[Span]:
    """When the rotation has something to say within the span."""
    starts_at, ends_at = max(span[0], turns.first_at), span[1]
    if rotation.effective_at is not None:
        starts_at = max(starts_at, instant_number(rotation.effective_at))
    for last in (rotation.ends_at, rotation.retired_at):
        if last is not None:
            ends_at = min(ends_at, instant_number(last))
    if starts_at >= ends_at:
        return []
    return open_during(rotation.weekly, clock, (starts_at, ends_at))


def _taken(rotation: Rotation, turns: Turns, asked: list[Span]) -> Iterator[_Decided]:
    source = f"rotation:{rotation.name}"
    people = _seats(rotation.members, rotation.per_turn)
    if len(people) == 1:
        for starts_at, ends_at in asked:
            yield starts_at, ends_at, people[0], source
        return
    for turn, starts_at, ends_at in turns.during(asked):
        yield starts_at, ends_at, people[turn % len(people)], source


def _turns(rotation: Rotation, clock: WallClock) -> Turns:
    first = rotation.starts_date
    if rotation.unit is Unit.WEEKS and rotation.handoff_weekday is not None:
        first += timedelta(days=(rotation.handoff_weekday - first.weekday()) % 7)
    length = {Unit.HOURS: DAY // 24, Unit.DAYS: DAY, Unit.WEEKS: WEEK}[rotation.unit]
    return Turns(
        clock=clock,
        first_wall=wall_number(first, rotation.handoff_time),
        length=length * rotation.every,
        elapsed=rotation.unit is Unit.HOURS,
    )


def _joined(decided: Iterable[_Decided]) -> Iterator[_Decided]:
    current: _Decided | None = None
    for each in decided:
        if current is not None and current[1] == each[0] and current[2:] == each[2:]:
            current = (current[0], each[1], each[2], each[3])
            continue
        if current is not None:
            yield current
        current = each
    if current is not None:
        yield current


def _times_of_week(window: Window) -> Span:
    return (
        window.starts_weekday * DAY + time_number(window.starts_time),
        window.ends_weekday * DAY + time_number(window.ends_time),
    )


@lru_cache(maxsize=4096)
def _seats(members: tuple[str | None, ...], per_turn: int) -> tuple[tuple[str, ...], ...]:
    return seats(members, per_turn)
