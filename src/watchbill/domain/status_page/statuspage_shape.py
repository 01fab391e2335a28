"""The documents of Statuspage's public API, which thousands of programs read: names and order are part of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from watchbill.domain.status_page.document import (
    ComponentPart,
    GroupPart,
    IncidentPart,
    MaintenancePart,
    PageDocument,
    UpdatePart,
)
from watchbill.domain.status_page.maintenance_rules import MaintenanceStatus
from watchbill.domain.status_page.rules import worst

INCIDENTS_LISTED = 50
Shape = dict[str, Any]


def documents(page: PageDocument) -> dict[str, Shape]:
    """By the path under /api/v2, without its ending."""
    head = {"page": _page(page)}
    status = {"status": {"indicator": page.indicator, "description": page.description}}
    components = {"components": _components(page)}
    upcoming = [one for one in page.maintenances if one.status == MaintenanceStatus.SCHEDULED]
    active = [one for one in page.maintenances if one.status == MaintenanceStatus.IN_PROGRESS]
    return {
        "summary": {
            **head,
            **status,
            **components,
            **_incidents(page, page.unresolved),
            **_all(page, upcoming, active),
        },
        "status": {**head, **status},
        "components": {**head, **components},
        "incidents": {**head, **_incidents(page, page.incidents[:INCIDENTS_LISTED])},
        "incidents/unresolved": {**head, **_incidents(page, page.unresolved)},
        "scheduled-maintenances": {**head, **_all(page, page.maintenances[:INCIDENTS_LISTED])},
        "scheduled-maintenances/upcoming": {**head, **_all(page, upcoming)},
        "scheduled-maintenances/active": {**head, **_all(page, active)},
    }


def hook_payload(page: PageDocument, part: IncidentPart | MaintenancePart, *, leave_url: str) -> Shape:
    """What a webhook subscriber is sent."""
    shape = incident_shape(page, part) if isinstance(part, IncidentPart) else maintenance_shape(page, part)
    return {
        "meta": {"unsubscribe": leave_url, "documentation": f"{page.address}/"},
        "page": {"id": page.id.hex, "status_indicator": page.indicator, "status_description": page.description},
        "incident": shape,
    }


def instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def link_of(page: PageDocument, part: IncidentPart | MaintenancePart) -> str:
    return f"{page.address}/incidents/{part.id.hex}.html"


def incident_shape(page: PageDocument, part: IncidentPart) -> Shape:
    standing = part.standing
    return {
        "id": part.id.hex,
        "name": part.title,
        "status": standing.status,
        "impact": standing.impact,
        "created_at": instant(part.created_at),
        "updated_at": instant(part.updated_at),
        "monitoring_at": instant(standing.monitoring_at),
        "resolved_at": instant(standing.resolved_at),
        "started_at": instant(part.started_at),
        "shortlink": link_of(page, part),
        "page_id": page.id.hex,
        "incident_updates": [_update(one, part.id) for one in part.updates],
        "components": [_component(page, one) for one in part.components],
    }


def maintenance_shape(page: PageDocument, part: MaintenancePart) -> Shape:
    is_over = part.status == MaintenanceStatus.COMPLETED
    return {
        "id": part.id.hex,
        "name": part.title,
        "status": part.status.value,
        "impact": "maintenance",
        "created_at": instant(part.created_at),
        "updated_at": instant(part.updated_at),
        "monitoring_at": None,
        "resolved_at": instant(part.ends_at) if is_over else None,
        "started_at": instant(part.starts_at),
        "shortlink": link_of(page, part),
        "page_id": page.id.hex,
        "incident_updates": [_update(one, part.id) for one in part.updates],
        "components": [_component(page, one) for one in part.components],
        "scheduled_for": instant(part.starts_at),
        "scheduled_until": instant(part.ends_at),
    }


def _page(page: PageDocument) -> Shape:
    return {
        "id": page.id.hex,
        "name": page.name,
        "url": page.address,
        "time_zone": page.time_zone.key,
        "updated_at": instant(page.updated_at),
    }


def _components(page: PageDocument) -> list[Shape]:
    """Groups stand among them, each before its own."""
    found = [_component(page, one) for one in page.components if one.group_id is None]
    for group in page.groups:
        found += [_group(page, group), *(_component(page, one) for one in group.components)]
    return found


def _component(page: PageDocument, part: ComponentPart) -> Shape:
    return {
        "id": part.id.hex,
        "name": part.name,
        "status": part.state.value,
        "created_at": instant(part.created_at),
        "updated_at": instant(part.updated_at),
        "position": part.position,
        "description": part.description or None,
        "showcase": True,
        "start_date": part.created_at.astimezone(UTC).date().isoformat(),
        "group_id": part.group_id.hex if part.group_id else None,
        "page_id": page.id.hex,
        "group": False,
        "only_show_if_degraded": False,
    }


def _group(page: PageDocument, part: GroupPart) -> Shape:
    return {
        "id": part.id.hex,
        "name": part.name,
        "status": worst(one.state for one in part.components).value,
        "created_at": instant(part.created_at),
        "updated_at": instant(part.updated_at),
        "position": part.position,
        "description": None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": page.id.hex,
        "group": True,
        "only_show_if_degraded": False,
        "components": [one.id.hex for one in part.components],
    }


def _update(part: UpdatePart, incident_id: UUID) -> Shape:
    return {
        "id": part.id.hex,
        "status": part.status,
        "body": part.body,
        "incident_id": incident_id.hex,
        "created_at": instant(part.at),
        "updated_at": instant(part.corrected_at or part.at),
        "display_at": instant(part.at),
        "affected_components": [
            {"code": one.component_id.hex, "name": one.name, "old_status": one.old, "new_status": one.new}
            for one in part.touched
        ],
        "deliver_notifications": True,
    }


def _incidents(page: PageDocument, parts: Sequence[IncidentPart]) -> Shape:
    return {"incidents": [incident_shape(page, one) for one in parts]}


def _all(page: PageDocument, *parts: Sequence[MaintenancePart]) -> Shape:
    return {"scheduled_maintenances": [maintenance_shape(page, one) for some in parts for one in some]}
