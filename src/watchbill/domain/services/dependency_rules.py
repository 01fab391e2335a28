"""What a service needs to work: never, by whatever way round, itself."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

DEPENDENCIES_MAX = 50


def cycle_in(needs: Mapping[T, Sequence[T]], *, start: T) -> tuple[T, ...]:
    """The way from `start` back to it, both ends named; nothing when there is none."""
    came_from: dict[T, T] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for there in needs.get(here, ()):
            if there == start:
                return (*_way(came_from, start, here), start)
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    return ()


def _way(came_from: Mapping[T, T], start: T, end: T) -> tuple[T, ...]:
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))


def reached_from(links: Mapping[T, Sequence[T]], starts: Iterable[T]) -> dict[T, tuple[T, ...]]:
    """Everything that a start leads to, the nearest first, each with the way to it: start, …, itself."""
    ways: dict[T, tuple[T, ...]] = {start: (start,) for start in starts}
    begun = list(ways)
    level = begun
    while level:
        below = []
        for here in level:
            for there in links.get(here, ()):
                if there not in ways:
                    ways[there] = (*ways[here], there)
                    below.append(there)
        level = below
    return {one: way for one, way in ways.items() if one not in begun}


def cycle_words(names: Sequence[str]) -> str:
    return " needs ".join(names)
