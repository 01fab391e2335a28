"""What the templates show, in words: times in the page's zone, states with their names, bars as drawings."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
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
    return [_component(one) for one in page.components if one.group_id == group_id]


def incident_view(page: PageDocument, part: IncidentPart) -> dict[str, Any]:
    return {
        "address": f"incidents/{part.id.hex}.html",
        "title": part.title,
        "status": _WORDS[part.standing.status],
        "is_over": part.standing.resolved_at is not None,
        "impact": part.standing.impact,
        "components": [one.name for one in part.components],
        "updates": [_update(page, one) for one in part.updates],
        "span": _span(page, part.started_at, part.standing.resolved_at),
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


def days_with_incidents(page: PageDocument, *, days: int = DAYS) -> list[dict[str, Any]]:
    """Each of the last days, the latest first, with what began on it."""
    today = page.made_at.astimezone(page.time_zone).date()
    begun: dict[date, list[dict[str, Any]]] = {}
    for incident in page.incidents:
        begun.setdefault(incident.started_at.astimezone(page.time_zone).date(), []).append(
            incident_view(page, incident)
        )
    for work in page.maintenances:
        if work.status == "completed":
            day = work.starts_at.astimezone(page.time_zone).date()
            begun.setdefault(day, []).append(maintenance_view(page, work))
    every = [today - timedelta(days=back) for back in range(days)]
    return [{"day": _day(one), "incidents": begun.get(one, [])} for one in every]


def _component(part: ComponentPart) -> dict[str, Any]:
    troubled = [one for one in part.days if one.worst not in (None, ComponentState.OPERATIONAL)]
    return {
        "name": part.name,
        "description": part.description,
        "state": str(part.state.label),
        "level": _LEVELS[part.state],
        "uptime": _percent(part.uptime),
        "days": len(part.days),
        "width": len(part.days) * (_BAR + _GAP) - _GAP,
        "height": _HEIGHT,
        "bars": _bars(part.days),
        "troubled": [
            {"day": _day(one.day), "state": str(one.worst.label), "lost": _minutes(one.lost_seconds)}
            for one in reversed(troubled)
            if one.worst is not None
        ],
    }


def _bars(days: Sequence[Day]) -> list[dict[str, str]]:
    """One path for each level: ninety days in a few hundred bytes."""
    paths: dict[str, list[str]] = {}
    for number, one in enumerate(days):
        level = "none" if one.worst is None else _LEVELS[one.worst]
        paths.setdefault(level, []).append(f"M{number * (_BAR + _GAP)} 0h{_BAR}v{_HEIGHT}h-{_BAR}z")
    return [{"level": level, "path": "".join(parts)} for level, parts in paths.items()]


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


def _span(page: PageDocument, start: datetime, end: datetime | None) -> str:
    return f"{_instant(page, start)} – {_instant(page, end) if end else 'now'}"


def _instant(page: PageDocument, at: datetime) -> str:
    local = at.astimezone(page.time_zone)
    return f"{local.day} {local:%b %Y, %H:%M %Z}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
