"""A job calls in, or falls silent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from watchbill.domain.alerts.contract import Action
from watchbill.domain.alerts.source_actions import SourceEvent, apply_source_events, open_alert
from watchbill.domain.audit.contract import ENGINE
from watchbill.domain.heartbeats.absences import absences_since, last_open_at
from watchbill.domain.heartbeats.models import Heartbeat, HeartbeatState
from watchbill.domain.heartbeats.rules import silent_at, silent_at_in_spite_of
from watchbill.domain.heartbeats.settings_actions import SILENT, HeartbeatUnknown
from watchbill.domain.services.routing import urgency_of
from watchbill.domain.timers.actions import BLINK, NewTimer, put_back, set_timers
from watchbill.domain.timers.store import DueTimer
from watchbill.ground.durations import format_duration
from watchbill.ground.ids import new_id

_SEVERITY = "critical"
# How often it is asked whether the door is open again, while it is not.
_ASKS_AGAIN = timedelta(seconds=2)


@transaction.atomic
def ping(*, integration_id: UUID, source_address: str, now: datetime) -> None:
    """Alive until the period and its grace have passed; an alert about its silence is resolved.

    The heartbeat's row before its timer, as in every verb: an engine that holds the timer does not wait for the row.
    """
    heartbeat = _with_service().filter(integration_id=integration_id, integration__removed_at=None).first()
    if heartbeat is None:
        raise HeartbeatUnknown("id", f"no heartbeat has the id {integration_id}; it may have been removed")
    held = Heartbeat.objects.select_for_update().get(id=heartbeat.id)
    before, due_at = held.state, _silent_at(held, now)
    set_timers([NewTimer(kind=SILENT, subject_id=heartbeat.id, due_at=due_at)])
    Heartbeat.objects.filter(id=heartbeat.id).update(state=HeartbeatState.UP, last_ping_at=now)
    if before == HeartbeatState.DOWN:
        _resolve(heartbeat, source_address=source_address, now=now)


def fall_silent(timers: Sequence[DueTimer], *, now: datetime) -> None:
    """Opens an alert for each that did not call. Called by the engine, in its transaction.

    Silence counts once the door was seen open after it was due: until then nobody knows whether the ping could come
    in. What we missed while we were away is added to the time that the job has.
    """
    silent = [
        heartbeat
        for heartbeat in _unless_held(timers, now=now)
        if heartbeat.state == HeartbeatState.UP
        and heartbeat.integration.removed_at is None
        and heartbeat.last_ping_at is not None
    ]
    pings = [heartbeat.last_ping_at for heartbeat in silent if heartbeat.last_ping_at is not None]
    if not pings:
        return
    open_at = last_open_at()  # before the absences: the door notes an absence and that it is open in one transaction
    absences = absences_since(min(pings))
    waiting: list[NewTimer] = []
    for heartbeat, last_ping_at in zip(silent, pings, strict=True):
        if _silent_at(heartbeat, last_ping_at) > now:
            continue  # it called in meanwhile, and that ping has set its own timer
        due_at = silent_at_in_spite_of(
            absences,
            last_ping_at,
            period_seconds=heartbeat.period_seconds,
            grace_seconds=heartbeat.grace_seconds,
        )
        if due_at <= now and open_at is not None and open_at < due_at:
            due_at = now + _ASKS_AGAIN
        if due_at > now:
            waiting.append(NewTimer(kind=SILENT, subject_id=heartbeat.id, due_at=due_at))
            continue
        Heartbeat.objects.filter(id=heartbeat.id, state=HeartbeatState.UP).update(state=HeartbeatState.DOWN)
        _open(heartbeat, last_ping_at, now=now)
    set_timers(waiting)


def _unless_held(timers: Sequence[DueTimer], *, now: datetime) -> list[Heartbeat]:
    """Locked with their integration and service, which the alert will name. The timers of what somebody changes at this
    moment are put back for a blink: whoever holds it may want the timer that the engine has claimed."""
    claimed = {timer.subject_id: timer for timer in timers}
    asked = _with_service().filter(id__in=list(claimed))
    locked = asked.select_for_update(
        of=("self", "integration", "integration__service"), no_key=True, skip_locked=True
    ).order_by("id")
    found = list(locked)
    held = claimed.keys() - {heartbeat.id for heartbeat in found}
    there = Heartbeat.objects.filter(id__in=held).values_list("id", flat=True)
    put_back([claimed[identity] for identity in there], due_at=now + BLINK)
    return found


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
