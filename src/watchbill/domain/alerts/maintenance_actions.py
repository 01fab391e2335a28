"""The end of a maintenance before its time: the alerts that waited for it go on at once."""

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
    end_maintenance(window_id, actor=actor, now=now)
    waiting = Alert.objects.filter(suppressed_by_id=window_id).exclude(state=AlertState.RESOLVED)
    set_timers(
        NewTimer(kind=MAINTENANCE_ENDS, subject_id=alert_id, due_at=now, at_once=True)
        for alert_id in waiting.values_list("id", flat=True)
    )
