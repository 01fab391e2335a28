"""The end of a maintenance before its time: the alerts that waited for it go on at once."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.alerts.actions import MAINTENANCE_ENDS
from watchbill.domain.alerts.models import Alert, AlertState
from watchbill.domain.audit.contract import Actor
from watchbill.domain.services.maintenance_actions import end_maintenance
from watchbill.domain.timers.actions import NewTimer, set_timers


@transaction.atomic
def cancel_maintenance(window_id: UUID, *, actor: Actor, now: datetime) -> None:
    """The timers before the window: an engine that has claimed one may want the window for something else it does."""
    waiting = Alert.objects.filter(suppressed_by_id=window_id).exclude(state=AlertState.RESOLVED)
    known = set(waiting.values_list("id", flat=True))
    _end_now(known, now=now)
    end_maintenance(window_id, actor=actor, now=now)
    _end_now(set(waiting.values_list("id", flat=True)) - known, now=now)  # opened meanwhile


def _end_now(alert_ids: Iterable[UUID], *, now: datetime) -> None:
    set_timers(
        NewTimer(kind=MAINTENANCE_ENDS, subject_id=alert_id, due_at=now, at_once=True) for alert_id in sorted(alert_ids)
    )
