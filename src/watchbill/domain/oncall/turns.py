"""Arithmetic of turns and weekly windows on the number line of `ground.wall_clock`.

Everything is computed from where the question lies, never walked from the start of a rotation.
"""

from collections.abc import Iterator, Sequence
from math import gcd

from watchbill.ground.wall_clock import DAY, WEEK, WallClock

Span = tuple[int, int]
"""A period, half-open, not empty."""

# 1970-01-05 00:00 on the wall clock: weeks begin on Monday.
_A_MONDAY = 4 * DAY
# After every date.
_NEVER = (10_000 * 366 * DAY, 10_000 * 366 * DAY + 1)


class Turns:
    """Turn 0 begins at the hand-off `first_wall`; turn k follows k lengths later.

    On the wall clock, unless `elapsed`: then the lengths are time that passes.
    """

    __slots__ = ("_clock", "_elapsed", "_first_wall", "_length", "first_at")

    def __init__(self, *, clock: WallClock, first_wall: int, length: int, elapsed: bool) -> None:
        self.first_at = clock.instant_of(first_wall)
        self._clock = clock
        self._first_wall = first_wall
        self._length = length
        self._elapsed = elapsed

    def during(self, spans: Sequence[Span]) -> Iterator[tuple[int, int, int]]:
        """Turn, start and end, in order, cut to the ordered spans, empty ones left out."""
        turn, turn_ends_at = 0, self.first_at
        for instant, ends_at in spans:
            if instant >= turn_ends_at:
                turn = self._begun_by(instant)
                turn_ends_at = self._starts_at(turn + 1)
            while turn_ends_at < ends_at:
                if instant < turn_ends_at:
                    yield turn, instant, turn_ends_at
                    instant = turn_ends_at
                turn += 1
                turn_ends_at = self._starts_at(turn + 1)
            yield turn, instant, ends_at

    def _starts_at(self, turn: int) -> int:
        if self._elapsed:
            return self.first_at + turn * self._length
        return self._clock.instant_of(self._first_wall + turn * self._length)

    def _begun_by(self, instant: int) -> int:
        """The running turn, or one before it: where the clock was put back, later hand-offs have already happened."""
        if self._elapsed:
            return (instant - self.first_at) // self._length
        return (self._clock.shown_at(instant) - self._first_wall) // self._length


def seats(members: tuple[str | None, ...], per_turn: int) -> tuple[tuple[str, ...], ...]:
    """Who is on duty in each turn of one full round; nobody is an empty tuple."""
    count = len(members)
    round_length = count // gcd(count, per_turn)
    return tuple(
        _people(members[(turn * per_turn + seat) % count] for seat in range(per_turn)) for turn in range(round_length)
    )


def _people(members: Iterator[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(member for member in members if member is not None))


def weekly_spans(windows: Sequence[Span]) -> tuple[Span, ...]:
    """Windows as times of the week, possibly over its end, put in order without overlaps; none: no limit."""
    pieces: list[Span] = []
    for starts, ends in windows:
        if starts < ends:
            pieces.append((starts, ends))
        else:
            pieces.extend(piece for piece in ((starts, WEEK), (0, ends)) if piece[0] < piece[1])
    joined: list[Span] = []
    for starts, ends in sorted(pieces):
        if joined and starts <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((starts, ends))
    return () if joined == [(0, WEEK)] else tuple(joined)


def open_during(weekly: tuple[Span, ...], clock: WallClock, span: Span) -> list[Span]:
    """When the weekly windows are open within the span; both edges follow the wall clock."""
    if not weekly:
        return [span]
    starts_at, ends_at = span
    opened: list[Span] = []
    week = _A_MONDAY + (clock.shown_at(starts_at) - _A_MONDAY) // WEEK * WEEK
    while clock.instant_of(week) < ends_at:
        for opens, closes in weekly:
            opens_at = clock.instant_of(week + opens)
            closes_at = clock.instant_of(week + closes)
            if opens_at < ends_at and starts_at < closes_at and opens_at < closes_at:
                opened.append((max(opens_at, starts_at), min(closes_at, ends_at)))
        week += WEEK
    return opened


def divided(spans: Sequence[Span], by: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """What lies inside and what lies outside of `by`; all rows are in order, without overlaps."""
    inside: list[Span] = []
    outside: list[Span] = []
    remaining = iter(by)
    opens_at, closes_at = next(remaining, _NEVER)
    for span in spans:
        starts_at, ends_at = span
        while closes_at <= starts_at:
            opens_at, closes_at = next(remaining, _NEVER)
        if ends_at <= opens_at:
            outside.append(span)
            continue
        while opens_at < ends_at:
            if starts_at < opens_at:
                outside.append((starts_at, opens_at))
                starts_at = opens_at
            if ends_at <= closes_at:
                inside.append((starts_at, ends_at))
                break
            inside.append((starts_at, closes_at))
            starts_at = closes_at
            opens_at, closes_at = next(remaining, _NEVER)
        else:
            outside.append((starts_at, ends_at))
    return inside, outside
