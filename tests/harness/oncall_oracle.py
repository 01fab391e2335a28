"""Who is on call, found by walking every minute: slow, literal, and sharing no code with the product.

The walk keeps the latest time that the wall clock has shown so far. A hand-off, or an edge of a window, has happened
once the wall clock has shown its time or something later: that is the first of two equal times, and the first
instant after a gap for a time that does not exist. All times in the schedules are whole minutes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
# More than any clock is ever put back.
LEAD_IN = timedelta(days=2)


def walk(schedule, starts_at, ends_at) -> Iterator[tuple[datetime, tuple[str, ...], str]]:
    """Each minute of [starts_at, ends_at): the instant, who, and the source."""
    zone = ZoneInfo(schedule.time_zone)
    layers = [(rotation, _Turn(rotation, zone)) for rotation in reversed(schedule.rotations)]
    for instant, shown in _wall_clock(zone, starts_at - LEAD_IN, ends_at):
        for _, turn in layers:
            turn.move_on(instant, shown)
        if instant >= starts_at:
            yield instant, *_decide(schedule, layers, instant, shown)


def _wall_clock(zone, starts_at, ends_at):
    instant = starts_at
    latest = datetime.min  # noqa: DTZ901 - wall times carry no zone
    while instant < ends_at:
        latest = max(latest, instant.astimezone(zone).replace(tzinfo=None))
        yield instant, latest
        instant += MINUTE


def _decide(schedule, layers, instant, shown):
    overriding = [each for each in schedule.overrides if each.starts_at <= instant < each.ends_at]
    if overriding:
        return (max(overriding, key=lambda each: (each.created_at, each.id)).user,), "override"
    for rotation, turn in layers:
        if not rotation.members or turn.number is None or not _counts(rotation, instant):
            continue
        if rotation.windows and not any(_open(window, shown) for window in rotation.windows):
            continue
        people = []
        for seat in range(rotation.per_turn):
            member = rotation.members[(turn.number * rotation.per_turn + seat) % len(rotation.members)]
            if member is not None and member not in people:
                people.append(member)
        return tuple(people), f"rotation:{rotation.name}"
    return (), "nobody"


def _counts(rotation, instant):
    if rotation.ends_at is not None and instant >= rotation.ends_at:
        return False
    if rotation.effective_at is not None and instant < rotation.effective_at:
        return False
    return rotation.retired_at is None or instant < rotation.retired_at


def _open(window, shown):
    now = (shown.weekday(), shown.time())
    opens = (window.starts_weekday, window.starts_time)
    closes = (window.ends_weekday, window.ends_time)
    if opens < closes:
        return opens <= now < closes
    return now >= opens or now < closes


class _Turn:
    """Counts hand-offs one by one; `number` is None before the first."""

    def __init__(self, rotation, zone):
        self.number = None
        self._unit = str(rotation.unit)
        day = rotation.starts_date
        if self._unit == "weeks" and rotation.handoff_weekday is not None:
            while day.weekday() != rotation.handoff_weekday:
                day += timedelta(days=1)
        self._next = datetime.combine(day, rotation.handoff_time)
        if self._unit == "hours":
            self._length = timedelta(hours=rotation.every)
            around = self._next.replace(tzinfo=UTC)
            self._next = next(
                instant
                for instant, shown in _wall_clock(zone, around - LEAD_IN, around + LEAD_IN)
                if shown >= self._next
            )
        else:
            self._length = timedelta(days=rotation.every * (7 if self._unit == "weeks" else 1))

    def move_on(self, instant, shown):
        while self._next <= (instant if self._unit == "hours" else shown):
            self.number = 0 if self.number is None else self.number + 1
            self._next += self._length
