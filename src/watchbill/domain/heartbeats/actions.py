"""A job calls in, or falls silent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from watchbill.domain.alerts.contract import Action
from watchbill.domain.alerts.source_actions import SourceEvent, apply_source_events, open_alert
from watchbill.domain.audit.contract import ENGINE
from watchbill.domain.heartbeats.models import Heartbeat, HeartbeatState
from watchbill.domain.heartbeats.rules import heard_nothing_because_we_were_away, silent_at
from watchbill.domain.heartbeats.settings_actions import SILENT, HeartbeatUnknown
from watchbill.domain.services.routing import urgency_of
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.store import DueTimer
from watchbill.ground.durations import format_duration
from watchbill.ground.ids import new_id

_SEVERITY = "critical"


@transaction.atomic
def ping(*, integration_id: UUID, source_address: str, now: datetime) -> None:
    """Alive until the period and its grace have passed; an alert about its silence is resolved.

    The timer is set before the heartbeat's row is locked, as the engine does it: it holds the timer it has claimed and
    then wants the row.
    """
    heartbeat = _with_service().filter(integration_id=integration_id, integration__removed_at=None).first()
    if heartbeat is None:
        raise HeartbeatUnknown("id", f"no heartbeat has the id {integration_id}; it may have been removed")
    set_timers([NewTimer(kind=SILENT, subject_id=heartbeat.id, due_at=_silent_at(heartbeat, now))])
    before = Heartbeat.objects.select_for_update().values_list("state", flat=True).get(id=heartbeat.id)
    Heartbeat.objects.filter(id=heartbeat.id).update(state=HeartbeatState.UP, last_ping_at=now)
    if before == HeartbeatState.DOWN:
        _resolve(heartbeat, source_address=source_address, now=now)


def fall_silent(timers: Sequence[DueTimer], *, now: datetime) -> None:
    """Opens an alert for each that did not call. Called by the engine, in its transaction.

    A timer that comes much too late was due while the engine was not running, and then probably nobody took pings
    either: it is set anew for one more period, so that our own outage does not end in a flood of false alarms.
    """
    due_at = {timer.subject_id: timer.due_at for timer in timers}
    silent = (
        _with_service()
        .select_for_update(of=("self",))
        .filter(id__in=due_at, state=HeartbeatState.UP, integration__removed_at=None)
        .order_by("id")
    )
    for heartbeat in silent:
        if heartbeat.last_ping_at is None or _silent_at(heartbeat, heartbeat.last_ping_at) > now:
            continue  # it called in meanwhile, and that ping has set its own timer
        if heard_nothing_because_we_were_away(due_at[heartbeat.id], now=now):
            set_timers([NewTimer(kind=SILENT, subject_id=heartbeat.id, due_at=_silent_at(heartbeat, now))])
            continue
        Heartbeat.objects.filter(id=heartbeat.id, state=HeartbeatState.UP).update(state=HeartbeatState.DOWN)
        _open(heartbeat, heartbeat.last_ping_at, now=now)


def _open(heartbeat: Heartbeat, last_ping_at: datetime, *, now: datetime) -> None:
    integration = heartbeat.integration
    every = format_duration(timedelta(seconds=heartbeat.period_seconds))
    open_alert(
        integration=integration,
        dedup_key=str(heartbeat.id),
        summary=f"{_name(heartbeat)} is silent: it should call in every {every}",
        severity=_SEVERITY,
        urgency=urgency_of(integration.service.urgency_rule, _SEVERITY),
        actor=ENGINE,
        now=now,
        details={"heartbeat": _name(heartbeat), "last_ping_at": last_ping_at.isoformat(), "period": every},
    )


def _resolve(heartbeat: Heartbeat, *, source_address: str, now: datetime) -> None:
    event = SourceEvent(
        event_id=new_id(),
        integration_id=heartbeat.integration_id,
        integration_label=f"heartbeat of {heartbeat.integration.service.name}",
        dedup_key=str(heartbeat.id),
        action=Action.RESOLVE,
        summary=f"{_name(heartbeat)} calls in again",
        body=b"",
        headers={},
        source_address=source_address,
    )
    apply_source_events([event], now=now)


def _silent_at(heartbeat: Heartbeat, last_ping_at: datetime) -> datetime:
    return silent_at(last_ping_at, period_seconds=heartbeat.period_seconds, grace_seconds=heartbeat.grace_seconds)


def _name(heartbeat: Heartbeat) -> str:
    return heartbeat.integration.name or f"Heartbeat of {heartbeat.integration.service.name}"


def _with_service() -> QuerySet[Heartbeat]:
    return Heartbeat.objects.select_related("integration__service")
