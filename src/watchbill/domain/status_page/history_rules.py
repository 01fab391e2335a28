"""How a component did: by day and in percent, from what was published. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchbill.domain.status_page.models import ComponentState
from watchbill.domain.status_page.rules import Said, worst
from watchbill.ground.local_time import instant_of

DAYS = 90
# What an hour in this state counts as lost; slower is not down.
_WEIGHTS = {ComponentState.MAJOR_OUTAGE: 1.0, ComponentState.PARTIAL_OUTAGE: 0.3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    start: datetime
    end: datetime
    state: ComponentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`worst` None: before there was the component. `lost_seconds` are weighted."""

    day: date
    worst: ComponentState | None
    lost_seconds: float


def spans_of(component: str, incidents: Iterable[Sequence[Said]], *, until: datetime) -> list[Span]:
    """When it was not operational: the worst that the incidents said of it, each from its updates."""
    moments = sorted(
        (update.at, number, update.changes[component]["new"])
        for number, updates in enumerate(incidents)
        for update in updates
        if component in update.changes
    )
    held: dict[int, str] = {}
    found: list[Span] = []
    for index, (at, number, state) in enumerate(moments):
        held[number] = state
        end = moments[index + 1][0] if index + 1 < len(moments) else until
        now_it_is = worst(held.values())
        if now_it_is != ComponentState.OPERATIONAL and end > at:
            found.append(Span(start=at, end=end, state=now_it_is))
    return found


def days_of(spans: Sequence[Span], *, since: datetime, now: datetime, zone: ZoneInfo, days: int = DAYS) -> list[Day]:
    """The last so many days, the oldest first."""
    today = now.astimezone(zone).date()
    return [_day(today - timedelta(days=back), spans, since=since, now=now, zone=zone) for back in range(days)][::-1]


def uptime(days: Sequence[Day], *, since: datetime, now: datetime, zone: ZoneInfo) -> float:
    """Percent of the time since the first of these days, or since there is the component."""
    begun = max(_midnight(days[0].day, zone), since)
    whole = (now - begun).total_seconds()
    return 100.0 if whole <= 0 else 100.0 * (1 - min(sum(day.lost_seconds for day in days) / whole, 1.0))


def _day(day: date, spans: Sequence[Span], *, since: datetime, now: datetime, zone: ZoneInfo) -> Day:
    begins, ends = _midnight(day, zone), min(_midnight(day + timedelta(days=1), zone), now)
    touched = [one for one in spans if one.start < ends and one.end > begins]
    if ends <= since and not touched:
        return Day(day=day, worst=None, lost_seconds=0)
    return Day(
        day=day,
        worst=worst(one.state for one in touched),
        lost_seconds=sum(
            _WEIGHTS.get(one.state, 0.0) * (min(one.end, ends) - max(one.start, begins)).total_seconds()
            for one in touched
        ),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant_of(datetime.combine(day, time.min), zone)
