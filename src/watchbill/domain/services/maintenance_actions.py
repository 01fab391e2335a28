"""Maintenance windows. Each one ends; alerts that open meanwhile wait for its end."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.people.rules import clean_name
from watchbill.domain.services.actions import locked_service
from watchbill.domain.services.models import MaintenanceWindow, Service
from watchbill.domain.services.rules import MAINTENANCE_MAX
from watchbill.domain.timers.store import not_ahead
from watchbill.ground.refusals import ChangeRefused, Unknown

REASON_MAX = 300


class MaintenanceUnknown(Unknown):
    pass


class MaintenanceOver(ChangeRefused):
    pass


@transaction.atomic
def plan_maintenance(
    service_id: UUID, *, starts_at: datetime, ends_at: datetime, reason: str, actor: Actor, now: datetime
) -> MaintenanceWindow:
    """One that would have begun earlier begins now."""
    service = locked_service(service_id)
    reason = clean_name(reason, field="reason", longest=REASON_MAX)
    starts_at = max(starts_at, now)
    if ends_at <= starts_at:
        raise ChangeRefused("end", "is not after the start and the present; choose a later end")
    if ends_at - starts_at > MAINTENANCE_MAX:
        raise ChangeRefused("end", f"lies more than {MAINTENANCE_MAX.days} days after the start; choose an earlier end")
    window = MaintenanceWindow.objects.create(
        service=service,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        created_by=actor.label[:254],
        created_at=now,
    )
    _tell("maintenance.planned", service, {"after": _facts(window)}, actor=actor, now=now)
    return window


@transaction.atomic
def end_maintenance(window_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Cancel one that has not begun, end one under way. Use `alerts.maintenance_actions.cancel_maintenance`,
    which also lets the alerts that wait for its end go on."""
    window = MaintenanceWindow.objects.select_related("service").filter(id=window_id).first()
    if window is None:
        raise MaintenanceUnknown("id", f"no maintenance window has the id {window_id}; look at the service again")
    locked_service(window.service_id)
    if window.cancelled_at is not None or window.ends_at <= now:
        raise MaintenanceOver("id", "this maintenance is over already")
    held = MaintenanceWindow.objects.filter(id=window_id, cancelled_at=None, ends_at__gt=now)
    begun = window.starts_at < now
    ended_at = not_ahead(now)
    changed = held.update(ends_at=ended_at) if begun else held.update(cancelled_at=ended_at)
    if not changed:
        raise MaintenanceOver("id", "this maintenance was just ended by somebody else")
    after = {**_facts(window), "end": now.isoformat()} if begun else None
    _tell("maintenance.ended", window.service, {"before": _facts(window), "after": after}, actor=actor, now=now)


def _facts(window: MaintenanceWindow) -> dict[str, str]:
    return {"start": window.starts_at.isoformat(), "end": window.ends_at.isoformat(), "reason": window.reason}


def _tell(action: str, service: Service, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    record(
        [
            Record(
                action=action,
                subject_kind="service",
                subject_id=service.id,
                subject_label=service.name,
                details=details,
            )
        ],
        actor=actor,
        now=now,
    )
