"""What sources do to alerts beyond opening them, and alerts that the product itself opens."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from watchbill.domain.alerts.actions import (
    MAINTENANCE_ENDS,
    begin_escalation,
    mark_acknowledged_by_source,
    mark_resolved,
)
from watchbill.domain.alerts.contract import Action, Signal
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert, AlertState, Disposition, Event
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.services.models import Integration, MaintenanceWindow
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.ground.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEvent:
    """An acknowledge or resolve as received; `body` is the raw request."""

    event_id: UUID
    integration_id: UUID
    integration_label: str
    dedup_key: str
    action: Action
    summary: str
    body: bytes
    headers: dict[str, str]
    source_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The request as it came, kept as evidence."""

    event_id: UUID
    body: bytes
    headers: Mapping[str, str]


def apply_source_events(events: Sequence[SourceEvent], *, now: datetime) -> dict[UUID, Disposition]:
    """In the order given. Each event is stored with what became of it; without an open alert it is dropped.

    A number of statements that does not grow with the events, so that a recovery of everything at once is quick.
    """
    with transaction.atomic():
        alerts = _open_alerts(events)
        dispositions = _what_becomes_of(events, alerts)
        # Whatever order they came in: an alert that is resolved takes no acknowledgement afterwards.
        _mark(events, alerts, dispositions, Disposition.ACKNOWLEDGED, now=now)
        _mark(events, alerts, dispositions, Disposition.RESOLVED, now=now)
        Event.objects.bulk_create(
            Event(
                id=event.event_id,
                received_at=now,
                integration_id=event.integration_id,
                alert_id=None if dispositions[event.event_id] is Disposition.DROPPED else alerts[_key(event)].id,
                disposition=dispositions[event.event_id],
                dedup_key=event.dedup_key,
                action=event.action,
                summary=event.summary,
                body=event.body,
                headers=event.headers,
            )
            for event in events
        )
    return dispositions


def _key(event: SourceEvent) -> tuple[UUID, str]:
    return event.integration_id, event.dedup_key


def _open_alerts(events: Sequence[SourceEvent]) -> dict[tuple[UUID, str], Alert]:
    """Locked in one order everywhere."""
    keys = {_key(event) for event in events}
    found = (
        Alert.objects.select_for_update()
        .filter(integration_id__in={key[0] for key in keys}, dedup_key__in={key[1] for key in keys})
        .exclude(state=AlertState.RESOLVED)
        .order_by("id")
    )
    return {key: alert for alert in found if (key := (alert.integration_id, alert.dedup_key)) in keys}


def _what_becomes_of(
    events: Sequence[SourceEvent], alerts: Mapping[tuple[UUID, str], Alert]
) -> dict[UUID, Disposition]:
    states = {key: AlertState(alert.state) for key, alert in alerts.items()}
    dispositions: dict[UUID, Disposition] = {}
    for event in events:
        state = states.get(_key(event), AlertState.RESOLVED)
        if state is AlertState.RESOLVED:
            disposition = Disposition.DROPPED
        elif event.action == Action.RESOLVE:
            disposition, states[_key(event)] = Disposition.RESOLVED, AlertState.RESOLVED
        elif state is AlertState.ACKNOWLEDGED:
            disposition = Disposition.DEDUPED
        else:
            disposition, states[_key(event)] = Disposition.ACKNOWLEDGED, AlertState.ACKNOWLEDGED
        dispositions[event.event_id] = disposition
    return dispositions


_MARKS = {
    Disposition.ACKNOWLEDGED: (mark_acknowledged_by_source, "alert.acknowledged"),
    Disposition.RESOLVED: (mark_resolved, "alert.resolved"),
}


def _mark(
    events: Sequence[SourceEvent],
    alerts: Mapping[tuple[UUID, str], Alert],
    dispositions: Mapping[UUID, Disposition],
    disposition: Disposition,
    *,
    now: datetime,
) -> None:
    mark, action = _MARKS[disposition]
    by_sender: dict[tuple[str, str], list[Alert]] = defaultdict(list)
    for event in events:
        if dispositions[event.event_id] is disposition:
            by_sender[event.integration_label, event.source_address].append(alerts[_key(event)])
    for (label, address), marked in by_sender.items():
        actor = Actor(kind="source", label=label, via="ingest", source_address=address)
        mark(marked, actor=actor, now=now)
        record([_entry(alert, action) for alert in marked], actor=actor, now=now)


def open_alert(
    *,
    integration: Integration,
    dedup_key: str,
    summary: str,
    severity: str,
    urgency: str,
    actor: Actor,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> Alert:
    """For what the product itself notices, such as a silent heartbeat. An open one with that key is returned."""
    with transaction.atomic():
        known = (
            Alert.objects.filter(integration=integration, dedup_key=dedup_key)
            .exclude(state=AlertState.RESOLVED)
            .first()
        )
        if known is not None:
            return known
        signal = Signal(
            action=Action.TRIGGER, dedup_key=dedup_key, summary=summary, severity=severity, details=details or {}
        )
        received = Received(event_id=new_id(), body=b"", headers={})
        return create_alert(integration, dedup_key, signal, urgency=urgency, received=received, actor=actor, now=now)


@transaction.atomic
def create_alert(
    integration: Integration,
    dedup_key: str,
    signal: Signal,
    *,
    urgency: str,
    received: Received,
    actor: Actor,
    now: datetime,
) -> Alert:
    """With its event and, unless there is maintenance, its escalation. IntegrityError: one is open with that key."""
    # Locked: whoever ends it at this moment sees the alert that waits for it, or this sees that it is over.
    window = (
        MaintenanceWindow.objects.select_for_update()
        .filter(service_id=integration.service_id, cancelled_at=None, starts_at__lte=now, ends_at__gt=now)
        .order_by("-ends_at")
        .first()
    )
    alert = Alert.objects.create(
        id=new_id(),
        number=_next_number(),
        integration=integration,
        service_id=integration.service_id,
        dedup_key=dedup_key,
        summary=signal.summary,
        severity=signal.severity,
        urgency=urgency,
        source=signal.source,
        details=orjson.loads(orjson.dumps(signal.all_details, default=str)),
        links=list(signal.links),
        opened_at=now,
        last_event_at=now,
        first_event_id=received.event_id,
        suppressed_by=window,
    )
    Event.objects.create(
        id=received.event_id,
        received_at=now,
        integration_id=integration.id,
        alert_id=alert.id,
        disposition=Disposition.SUPPRESSED if window else Disposition.NEW,
        dedup_key=dedup_key,
        action=Action.TRIGGER,
        summary=signal.summary,
        body=received.body,
        headers=dict(received.headers),
    )
    if window is not None:
        set_timers([NewTimer(kind=MAINTENANCE_ENDS, subject_id=alert.id, due_at=window.ends_at)])
    else:
        begin_escalation(alert, now=now)
    record([_entry(alert, "alert.suppressed" if window else "alert.triggered")], actor=actor, now=now)
    return alert


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('alerts_alert_number')")
        row = cursor.fetchone()
    if row is None:
        raise RuntimeError("the sequence alerts_alert_number gave no number")
    return int(row[0])


def _entry(alert: Alert, action: str) -> Record:
    return Record(action=action, subject_kind=SUBJECT_KIND, subject_id=alert.id, subject_label=alert.summary)
