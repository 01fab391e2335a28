"""An event that somebody's program sends in its person's name, instead of by an integration's key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from watchbill.domain.alerts.contract import Action, Signal
from watchbill.domain.alerts.models import Alert, AlertState, Disposition, Event
from watchbill.domain.alerts.raising_actions import raise_alert
from watchbill.domain.alerts.source_actions import Received, SourceEvent, apply_source_events, create_alert
from watchbill.domain.audit.contract import Actor
from watchbill.domain.services.models import Integration, IntegrationKind
from watchbill.domain.services.routing import urgency_of
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused

_LABEL_MAX = 250
_TRIES = 3


class NoIntegration(ChangeRefused):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A later event with `dedup_key` means the same trouble. `alert_id` None: there was no open alert to end."""

    event_id: UUID
    dedup_key: str
    disposition: Disposition
    alert_id: UUID | None


def take_event(
    service_id: UUID, signal: Signal, *, body: bytes, headers: Mapping[str, str], sender: Actor, now: datetime
) -> Taken:
    """As an event with the key of the service's generic integration, of several the oldest. Raises NoIntegration."""
    integration = (
        Integration.objects.filter(service_id=service_id, kind=IntegrationKind.GENERIC, removed_at=None)
        .select_related("service")
        .order_by("created_at", "id")
        .first()
    )
    if integration is None:
        raise NoIntegration("", "this service has no integration of kind generic; add one, then send again")
    label = f"{integration.kind} of {integration.service.name}, by {sender.label}"[:_LABEL_MAX]
    event_id = new_id()
    dedup_key = signal.dedup_key or event_id.hex
    if signal.action is Action.TRIGGER:
        actor = Actor(
            kind="source", id=integration.id, label=label, via=sender.via, source_address=sender.source_address
        )
        received = Received(event_id=event_id, body=body, headers=headers)
        disposition = _trigger(integration, dedup_key, signal, received=received, actor=actor, now=now)
    else:
        event = SourceEvent(
            event_id=event_id,
            integration_id=integration.id,
            integration_label=label,
            dedup_key=dedup_key,
            action=signal.action,
            summary=signal.summary,
            body=body,
            headers=dict(headers),
            source_address=sender.source_address,
        )
        disposition = apply_source_events([event], now=now)[event_id]
    alert_id = Event.objects.filter(id=event_id, received_at=now).values_list("alert_id", flat=True).get()
    return Taken(event_id=event_id, dedup_key=dedup_key, disposition=disposition, alert_id=alert_id)


def _trigger(
    integration: Integration, dedup_key: str, signal: Signal, *, received: Received, actor: Actor, now: datetime
) -> Disposition:
    """Whoever opens the same key at the same moment is first; then this event belongs to that alert."""
    for _ in range(_TRIES - 1):
        try:
            return _trigger_once(integration, dedup_key, signal, received=received, actor=actor, now=now)
        except IntegrityError:
            continue
    return _trigger_once(integration, dedup_key, signal, received=received, actor=actor, now=now)


@transaction.atomic
def _trigger_once(
    integration: Integration, dedup_key: str, signal: Signal, *, received: Received, actor: Actor, now: datetime
) -> Disposition:
    known = (
        Alert.objects.select_for_update()
        .filter(integration=integration, dedup_key=dedup_key)
        .exclude(state=AlertState.RESOLVED)
        .first()
    )
    urgency = urgency_of(integration.service.urgency_rule, signal.severity)
    if known is None:
        alert = create_alert(integration, dedup_key, signal, urgency=urgency, received=received, actor=actor, now=now)
        return Disposition.SUPPRESSED if alert.suppressed_by_id else Disposition.NEW
    Alert.objects.filter(id=known.id).update(
        events_count=F("events_count") + 1, last_event_at=Greatest(F("last_event_at"), now)
    )
    raise_alert(known, signal, urgency=urgency, actor=actor, now=now)
    Event.objects.create(
        id=received.event_id,
        received_at=now,
        integration_id=integration.id,
        alert_id=known.id,
        disposition=Disposition.DEDUPED,
        dedup_key=dedup_key,
        action=Action.TRIGGER,
        summary=signal.summary,
        body=received.body,
        headers=dict(received.headers),
    )
    return Disposition.DEDUPED
