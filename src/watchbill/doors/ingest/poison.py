"""What happens to an event that PostgreSQL will not take as it is."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from watchbill.domain.alerts.contract import DEDUP_KEY_MAX, SUMMARY_MAX, Signal
from watchbill.domain.alerts.models import Disposition
from watchbill.domain.alerts.source_actions import SourceEvent
from watchbill.domain.alerts.store import KeptEvent, Trigger, keep_event
from watchbill.ground.text import storable


def without_details(trigger: Trigger) -> Trigger:
    signal = trigger.signal
    plain = Signal(
        action=signal.action,
        dedup_key=signal.dedup_key,
        summary=storable(signal.summary)[:SUMMARY_MAX],
        severity=signal.severity,
        details={"not_stored": "The details could not be stored. They are in the raw event."},
    )
    return replace(trigger, signal=plain, dedup_key=storable(trigger.dedup_key)[:DEDUP_KEY_MAX], headers="{}")


async def quarantine(connection: Any, integration_id: UUID, event: Trigger | SourceEvent, *, now: datetime) -> None:
    signal = event.signal if isinstance(event, Trigger) else event
    kept = KeptEvent(
        event_id=event.event_id,
        received_at=event.received_at if isinstance(event, Trigger) else now,
        integration_id=integration_id,
        dedup_key=storable(event.dedup_key)[:DEDUP_KEY_MAX],
        action=signal.action,
        summary=storable(signal.summary)[:SUMMARY_MAX],
        body=event.body,
        headers="{}",
    )
    await keep_event(connection, kept, disposition=Disposition.QUARANTINED)
