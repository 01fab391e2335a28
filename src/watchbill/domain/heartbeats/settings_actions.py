"""Which jobs must call in, and how often."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.rules import difference
from watchbill.domain.heartbeats.models import Heartbeat, HeartbeatState
from watchbill.domain.services.integration_actions import (
    AddedIntegration,
    insert_integration,
    remove_integration,
)
from watchbill.domain.services.models import IntegrationKind
from watchbill.domain.services.rules import IntegrationDraft
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.store import clear_unlocked
from watchbill.ground.refusals import ChangeRefused, Unknown

SILENT = "heartbeat.silent"
PERIOD_MIN = timedelta(seconds=1)
PERIOD_MAX = timedelta(days=366)
GRACE_MAX = timedelta(days=30)


class HeartbeatUnknown(Unknown):
    pass


@transaction.atomic
def add_heartbeat(
    service_id: UUID,
    *,
    name: str,
    key: str | None,
    period: timedelta,
    grace: timedelta,
    secret_key: str,
    actor: Actor,
    now: datetime,
) -> AddedIntegration:
    """It waits for its first ping before silence counts."""
    check_settings(period=period, grace=grace)
    draft = IntegrationDraft(kind=IntegrationKind.HEARTBEAT, name=name, key=key)
    added = insert_integration(service_id, draft, secret_key=secret_key, actor=actor, now=now)
    heartbeat = Heartbeat.objects.create(
        integration_id=added.id, created_at=now, **_columns(period=period, grace=grace)
    )
    _tell("heartbeat.created", heartbeat, {"after": _columns(period=period, grace=grace)}, actor=actor, now=now)
    return added


@transaction.atomic
def change_heartbeat(integration_id: UUID, *, period: timedelta, grace: timedelta, actor: Actor, now: datetime) -> None:
    """The silence that is being waited for is measured anew from the last ping."""
    check_settings(period=period, grace=grace)
    heartbeat = (
        Heartbeat.objects.select_for_update()
        .filter(integration_id=integration_id, integration__removed_at=None)
        .first()
    )
    if heartbeat is None:
        raise HeartbeatUnknown("id", f"no heartbeat has the id {integration_id}; it may have been removed")
    before = {"period_seconds": heartbeat.period_seconds, "grace_seconds": heartbeat.grace_seconds}
    details = difference(before, _columns(period=period, grace=grace))
    if not details:
        return
    Heartbeat.objects.filter(id=heartbeat.id).update(**details["after"])
    if heartbeat.state == HeartbeatState.UP and heartbeat.last_ping_at is not None:
        due_at = heartbeat.last_ping_at + period + grace
        set_timers([NewTimer(kind=SILENT, subject_id=heartbeat.id, due_at=due_at)])
    _tell("heartbeat.changed", heartbeat, details, actor=actor, now=now)


@transaction.atomic
def remove_heartbeat(integration_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Its silence no longer alarms; its key may be given to another integration."""
    remove_integration(integration_id, actor=actor, now=now)
    heartbeats = Heartbeat.objects.filter(integration_id=integration_id).values_list("id", flat=True)
    clear_unlocked(kinds=[SILENT], subject_ids=list(heartbeats))


def check_settings(*, period: timedelta, grace: timedelta) -> None:
    if not PERIOD_MIN <= period <= PERIOD_MAX:
        raise ChangeRefused("period", f"is not between 1 second and {PERIOD_MAX.days} days; choose one in between")
    if not timedelta(0) <= grace <= GRACE_MAX:
        raise ChangeRefused("grace", f"is not between 0 seconds and {GRACE_MAX.days} days; choose one in between")


def _columns(*, period: timedelta, grace: timedelta) -> dict[str, int]:
    return {"period_seconds": int(period.total_seconds()), "grace_seconds": int(grace.total_seconds())}


def _tell(action: str, heartbeat: Heartbeat, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    label = f"{heartbeat.integration.service.name} {heartbeat.integration.name or heartbeat.integration.hint}"
    record(
        [
            Record(
                action=action, subject_kind="heartbeat", subject_id=heartbeat.id, subject_label=label, details=details
            )
        ],
        actor=actor,
        now=now,
    )
