"""Incidents that may have to do with this one, each with the reason: the same service, affected services, alerts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from watchbill.domain.incidents.models import (
    NEVER_WAS,
    UNRESOLVED,
    AffectedService,
    Incident,
    IncidentAlert,
)
from watchbill.domain.incidents.reads import Viewer, visible_to
from watchbill.domain.services.dependency_reads import Dependent, dependents_of
from watchbill.domain.services.models import Service

LOOKED_BACK = timedelta(days=90)
SHOWN_MAX = 20
_NAMED_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """`reasons` in words, the strongest first."""

    incident: Incident
    is_open: bool
    reasons: tuple[str, ...]


def related_to(incident: Incident, *, viewer: Viewer, now: datetime) -> list[Related]:
    """The open ones first, then those of the last 90 days, the newest first; none that the viewer may not see."""
    services, keys = _services(incident), _keys([incident.id]).get(incident.id, set())
    candidates = (
        visible_to(viewer)
        .exclude(id=incident.id)
        .exclude(state__in=NEVER_WAS)
        .filter(Q(state__in=UNRESOLVED) | Q(declared_at__gte=now - LOOKED_BACK))
    )
    rows = candidates.filter(
        Q(service__in=services)
        | Q(id__in=AffectedService.objects.filter(service__in=services).values("incident_id"))
        | Q(id__in=_with_keys(keys, candidates))
    )
    open_ones = list(rows.filter(state__in=UNRESOLVED).order_by("-declared_at", "-number")[:SHOWN_MAX])
    over = list(rows.exclude(state__in=UNRESOLVED).order_by("-declared_at", "-number")[: SHOWN_MAX - len(open_ones)])
    return _explained(incident, [*open_ones, *over], services=services, keys=keys)


def may_be_affected(incident: Incident) -> list[Dependent]:
    """Services that need the incident's own or an affected one, and are not named as affected yet."""
    return dependents_of(_services(incident))


def _services(incident: Incident) -> set[UUID]:
    found: set[UUID] = set(AffectedService.objects.filter(incident=incident).values_list("service_id", flat=True))
    return found | ({incident.service_id} if incident.service_id else set())


Key = tuple[UUID, str]


def _keys(incident_ids: Iterable[UUID]) -> dict[UUID, set[Key]]:
    """Integration and dedup key of the alerts of each: a recurrence is another alert with the same."""
    found: dict[UUID, set[Key]] = {}
    rows = IncidentAlert.objects.filter(incident_id__in=list(incident_ids))
    for incident_id, integration_id, key in rows.values_list(
        "incident_id", "alert__integration_id", "alert__dedup_key"
    ):
        found.setdefault(incident_id, set()).add((integration_id, key))
    return found


def _with_keys(keys: set[Key], candidates: QuerySet[Incident]) -> list[UUID]:
    """Those that have an alert with one of them. From the few alerts of incidents: all alerts may be millions."""
    if not keys:
        return []
    links = IncidentAlert.objects.filter(
        incident__in=candidates.values("id"), alert__dedup_key__in={key for _, key in keys}
    ).values_list("incident_id", "alert__integration_id", "alert__dedup_key")
    return [incident_id for incident_id, integration_id, key in links if (integration_id, key) in keys]


def _explained(incident: Incident, rows: list[Incident], *, services: set[UUID], keys: set[Key]) -> list[Related]:
    affected: dict[UUID, set[UUID]] = {}
    links = AffectedService.objects.filter(incident__in=rows, service__in=services)
    for incident_id, service_id in links.values_list("incident_id", "service_id"):
        affected.setdefault(incident_id, set()).add(service_id)
    their_keys = _keys(row.id for row in rows)
    names = dict(Service.objects.filter(id__in=services).values_list("id", "name"))
    found = []
    for row in rows:
        same = row.service_id if row.service_id is not None and row.service_id == incident.service_id else None
        common = affected.get(row.id, set()) | ({row.service_id} & services if row.service_id else set())
        reasons = [
            *_alert_reason({key for _, key in their_keys.get(row.id, set()) & keys}),
            *([f"the same service, {names[same]}"] if same else []),
            *_service_reason(sorted(names[one] for one in common - {same})),
        ]
        found.append(Related(incident=row, is_open=row.state in UNRESOLVED, reasons=tuple(reasons)))
    return found


def _alert_reason(keys: set[str]) -> list[str]:
    return [f"the same alert, {_named(sorted(keys))}"] if keys else []


def _service_reason(names: list[str]) -> list[str]:
    return [f"{_named(names)} affected by both"] if names else []


def _named(names: list[str]) -> str:
    more = len(names) - _NAMED_MAX
    return ", ".join(names[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
