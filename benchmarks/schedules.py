"""Who is on call, calculated: a year of a schedule with 20 layers and 50 members, and one point in time."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

from benchmarks.figures import Figure, at_most
from watchbill.domain.oncall.rules import Override, Rotation, Schedule, Unit, Window, on_call_at, shifts_between

LAYERS, MEMBERS, OVERRIDES = 20, 50, 40
_YEAR_STARTS = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR_ENDS = datetime(2027, 1, 1, tzinfo=UTC)


def measure(*, short: bool = False) -> list[Figure]:
    runs = 5 if short else 50
    schedule = _schedule()
    year = _milliseconds(lambda number: shifts_between(schedule, starts_at=_YEAR_STARTS, ends_at=_YEAR_ENDS), runs)
    point = _milliseconds(lambda number: on_call_at(schedule, at=_YEAR_STARTS + timedelta(hours=7 * number)), runs * 20)
    shifts = len(shifts_between(schedule, starts_at=_YEAR_STARTS, ends_at=_YEAR_ENDS))
    return [
        Figure("schedules: shifts in that year", shifts, ""),
        at_most(
            f"schedules: a year, {LAYERS} layers, {MEMBERS} members, median", statistics.median(year), "ms", 50, year
        ),
        Figure("schedules: the same, the first time", year[0], "ms"),
        at_most("schedules: one point in time, median", statistics.median(point), "ms", 1, []),
        Figure("schedules: one point in time, longest", max(point), "ms"),
    ]


def _milliseconds(work: Callable[[int], object], runs: int) -> list[float]:
    took = []
    for number in range(runs):
        begins = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - begins) * 1000)
    return took


def _schedule() -> Schedule:
    """Every layer has windows, so that each is asked all year and lower layers shine through."""
    rotations = tuple(_rotation(layer) for layer in range(LAYERS))
    overrides = tuple(_override(number) for number in range(OVERRIDES))
    return Schedule(name="bench", time_zone="Europe/Berlin", rotations=rotations, overrides=overrides)


def _rotation(layer: int) -> Rotation:
    members = tuple(f"member-{(layer + seat) % MEMBERS}" for seat in range(MEMBERS))
    windows = () if layer == 0 else tuple(_window(layer, weekday) for weekday in range(5))
    return Rotation(
        name=f"layer-{layer}",
        members=members,
        every=1 + layer % 3,
        unit=(Unit.DAYS, Unit.WEEKS, Unit.DAYS)[layer % 3],
        handoff_time=time_of_day(layer % 24),
        starts_date=date(2025, 1, 6),
        windows=windows,
    )


def _window(layer: int, weekday: int) -> Window:
    return Window(
        starts_weekday=weekday,
        starts_time=time_of_day(layer),
        ends_weekday=weekday,
        ends_time=time_of_day(min(23, layer + 3), 30),
    )


def _override(number: int) -> Override:
    starts_at = _YEAR_STARTS + timedelta(days=9 * number, hours=5)
    return Override(
        user=f"member-{number}",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=8),
        created_at=_YEAR_STARTS,
        id=str(number),
    )
