"""What the templates show, in words: times in the page's zone, states with their names, bars as drawings."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from watchbill.domain.status_page.document import ComponentPart, IncidentPart, MaintenancePart, PageDocument, UpdatePart
from watchbill.domain.status_page.history_rules import DAYS, Day
from watchbill.domain.status_page.models import ComponentState, PublicStatus

_BAR, _GAP, _HEIGHT = 3, 1, 28
_LEVELS = {
    ComponentState.OPERATIONAL: "good",
    ComponentState.UNDER_MAINTENANCE: "work",
    ComponentState.DEGRADED: "minor",
    ComponentState.PARTIAL_OUTAGE: "major",
    ComponentState.MAJOR_OUTAGE: "critical",
}
_WORDS = {
    **{state.value: str(state.label) for state in PublicStatus},
    "scheduled": "Scheduled",
    "in_progress": "In progress",
    "completed": "Completed",
}


def component_views(page: PageDocument, group_id: UUID | None) -> list[dict[str, Any]]:
    return [component_view(page, one) for one in page.components if one.group_id == group_id]


def incident_view(page: PageDocument, part: IncidentPart) -> dict[str, Any]:
    return {
        "address": f"incidents/{part.id.hex}.html",
        "title": part.title,
        "status": _WORDS[part.standing.status],
        "is_over": part.standing.resolved_at is not None,
        "impact": part.standing.impact,
        "components": [one.name for one in part.components],
        "updates": [_update(page, one) for one in part.updates],
        "span": _reported(page, part.started_at, part.standing.resolved_at),
    }


def maintenance_view(page: PageDocument, part: MaintenancePart) -> dict[str, Any]:
    return {
        "address": f"incidents/{part.id.hex}.html",
        "title": part.title,
        "status": _WORDS[part.status],
        "is_over": part.status == "completed",
        "impact": "maintenance",
        "components": [one.name for one in part.components],
        "updates": [_update(page, one) for one in part.updates],
        "span": _span(page, part.starts_at, part.ends_at),
        "starts_at": part.starts_at,
    }


def days_with_incidents(page: PageDocument, *, days: int = DAYS, only_over: bool = False) -> list[dict[str, Any]]:
    """The last days, the latest first, with what began on each; quiet days that follow each other are one line.

    `only_over`: what is not over stands above them, and is only named.
    """
    today = page.made_at.astimezone(page.time_zone).date()
    begun: dict[date, list[dict[str, Any]]] = {}
    for incident in page.incidents:
        view = incident_view(page, incident)
        if only_over and not view["is_over"]:
            view["is_above"] = True
        begun.setdefault(incident.started_at.astimezone(page.time_zone).date(), []).append(view)
    for work in page.maintenances:
        if work.status == "completed":
            day = work.starts_at.astimezone(page.time_zone).date()
            begun.setdefault(day, []).append(maintenance_view(page, work))
    every = [today - timedelta(days=back) for back in range(days)]
    runs = ([*run] for _, run in groupby(every, key=lambda day: day if day in begun else None))
    return [{"day": _days(run), "incidents": begun.get(run[0], [])} for run in runs]


def component_view(page: PageDocument, part: ComponentPart) -> dict[str, Any]:
    troubled = [(at, one) for at, one in enumerate(part.days) if one.worst not in (None, ComponentState.OPERATIONAL)]
    return {
        "name": part.name,
        "description": part.description,
        "state": str(part.state.label),
        "level": _LEVELS[part.state],
        "uptime": _percent(part.uptime),
        "since": _since(page, part),
        "days": len(part.days),
        "width": len(part.days) * (_BAR + _GAP) - _GAP,
        "height": _HEIGHT,
        "bars": _bars(part.days),
        "troubled": [
            {
                "day": _day(one.day),
                "state": str(one.worst.label),
                "lost": _minutes(one.lost_seconds),
                "level": _LEVELS[one.worst],
                "path": _bar(at),
            }
            for at, one in reversed(troubled)
            if one.worst is not None
        ],
    }


def _since(page: PageDocument, part: ComponentPart) -> str:
    """For a component that is younger than the days that are shown."""
    begun = part.created_at.astimezone(page.time_zone).date()
    return f"{begun.day} {begun:%B}" if begun > part.days[0].day else ""


def _bars(days: Sequence[Day]) -> list[dict[str, str]]:
    """The days without trouble, one path for each level: ninety days in a few hundred bytes."""
    paths: dict[str, list[str]] = {}
    for at, one in enumerate(days):
        if one.worst in (None, ComponentState.OPERATIONAL):
            paths.setdefault("before" if one.worst is None else "good", []).append(_bar(at))
    return [{"level": level, "path": "".join(parts)} for level, parts in paths.items()]


def _bar(at: int) -> str:
    return f"M{at * (_BAR + _GAP)} 0h{_BAR}v{_HEIGHT}h-{_BAR}z"


def _percent(value: float) -> str:
    """Never rounded up to a whole: 100 means that nothing was lost."""
    return "100" if value >= 100 else f"{min(value, 99.99):.2f}"


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _update(page: PageDocument, part: UpdatePart) -> dict[str, Any]:
    return {
        "status": _WORDS[part.status],
        "body": part.body,
        "at": _instant(page, part.at),
        "iso": part.at.isoformat(),
        "corrected": _instant(page, part.corrected_at) if part.corrected_at else "",
    }


def _reported(page: PageDocument, start: datetime, end: datetime | None) -> str:
    """When the page said so: the impact may have begun before, and be over before; the texts say when."""
    if end is None:
        return f"reported {_instant(page, start)}"
    return f"reported {_instant(page, start)}, resolved {_instant(page, end)}"


def _span(page: PageDocument, start: datetime, end: datetime) -> str:
    begun, over = start.astimezone(page.time_zone), end.astimezone(page.time_zone)
    if (begun.date(), begun.utcoffset()) == (over.date(), over.utcoffset()):
        return f"{begun.day} {begun:%b %Y, %H:%M} – {over:%H:%M %Z}"
    return f"{_instant(page, start)} – {_instant(page, end)}"


def _instant(page: PageDocument, at: datetime) -> str:
    local = at.astimezone(page.time_zone)
    return f"{local.day} {local:%b %Y, %H:%M %Z}"


def _days(run: Sequence[date]) -> str:
    """The latest first."""
    last, first = run[0], run[-1]
    if last == first:
        return _day(last)
    if (last.year, last.month) == (first.year, first.month):
        return f"{first.day} – {_day(last)}"
    return f"{first.day} {first:%B}{'' if first.year == last.year else f' {first.year}'} – {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
