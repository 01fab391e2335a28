"""What time does to alerts: acknowledgements expire, snoozes and maintenance end. Called by the engine.

An alert that somebody changes at this moment is left for a blink: whoever holds it may want the timer that the engine
has claimed, and waiting for each other would be a deadlock.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from watchbill.domain.alerts.actions import MAINTENANCE_ENDS, begin_escalation
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert, AlertState
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.escalation import actions as escalation
from watchbill.domain.escalation.rules import WHY_AFTER_MAINTENANCE
from watchbill.domain.services.models import MaintenanceWindow
from watchbill.domain.timers.actions import BLINK, NewTimer, put_back, set_timers
from watchbill.domain.timers.store import DueTimer


def expire_acknowledgements(timers: Sequence[DueTimer], *, now: datetime) -> None:
    """Acknowledged and then nothing: page again from the top."""
    _trigger_again(timers, action="alert.acknowledgement_expired", now=now)


def end_snoozes(timers: Sequence[DueTimer], *, now: datetime) -> None:
    _trigger_again(timers, action="alert.snooze_ended", now=now)


def _trigger_again(timers: Sequence[DueTimer], *, action: str, now: datetime) -> None:
    alerts = _unless_held(timers, Alert.objects.filter(state=AlertState.ACKNOWLEDGED), now=now)
    if action == "alert.acknowledgement_expired":
        alerts = [alert for alert in alerts if alert.snoozed_until is None]  # a snooze has its own end
    records = [
        Record(
            action=action,
            subject_kind=SUBJECT_KIND,
            subject_id=alert.id,
            subject_label=alert.summary,
            details={"acknowledged_by": alert.acknowledged_by},
        )
        for alert in alerts
    ]
    Alert.objects.filter(id__in=[alert.id for alert in alerts]).update(
        state=AlertState.TRIGGERED,
        acknowledged_at=None,
        acknowledged_by="",
        acknowledged_by_id=None,
        snoozed_until=None,
    )
    because = {alert.id: _because(alert, action) for alert in alerts}
    driven = escalation.subjects_with_run(SUBJECT_KIND, [alert.id for alert in alerts])
    for alert in alerts:
        if alert.id in driven:
            escalation.start_over(subject_kind=SUBJECT_KIND, subject_id=alert.id, because=because[alert.id], now=now)
        elif alert.suppressed_by_id is None:  # otherwise the end of the maintenance begins it
            begin_escalation(alert, now=now, because=because[alert.id])
    record(records, actor=ENGINE, now=now)


def _because(alert: Alert, action: str) -> str:
    if action == "alert.snooze_ended":
        return "its snooze ended and it was still open"
    return f"{alert.acknowledged_by} acknowledged it and did not resolve it in time"


def end_maintenance(timers: Sequence[DueTimer], *, now: datetime) -> None:
    """Still open when the window is over: page. Another window that runs now prolongs the silence."""
    silenced = Alert.objects.filter(suppressed_by__isnull=False).exclude(state=AlertState.RESOLVED)
    records = []
    for alert in _unless_held(timers, silenced, now=now):
        # Locked: whoever ends it at this moment sees the alert that waits for it, or this sees that it is over.
        window = (
            MaintenanceWindow.objects.select_for_update()
            .filter(service_id=alert.service_id, cancelled_at=None, starts_at__lte=now, ends_at__gt=now)
            .order_by("-ends_at")
            .first()
        )
        alert.suppressed_by = window
        alert.save(update_fields=["suppressed_by"])
        if window is not None:
            set_timers([NewTimer(kind=MAINTENANCE_ENDS, subject_id=alert.id, due_at=window.ends_at)])
            continue
        if alert.state == AlertState.TRIGGERED:
            begin_escalation(alert, now=now, because=WHY_AFTER_MAINTENANCE)
        records.append(
            Record(
                action="alert.maintenance_ended",
                subject_kind=SUBJECT_KIND,
                subject_id=alert.id,
                subject_label=alert.summary,
            )
        )
    record(records, actor=ENGINE, now=now)


def _unless_held(timers: Sequence[DueTimer], wanted: QuerySet[Alert], *, now: datetime) -> list[Alert]:
    """Those of `wanted` that the timers are about, locked; the timers of what somebody else holds are put back."""
    claimed = {timer.subject_id: timer for timer in timers}
    asked = wanted.filter(id__in=list(claimed))
    rows = asked.select_for_update(of=("self",), skip_locked=True).select_related("service__policy")
    found = list(rows.order_by("id"))
    held = wanted.filter(id__in=claimed.keys() - {alert.id for alert in found}).values_list("id", flat=True)
    put_back([claimed[identity] for identity in held], due_at=now + BLINK)
    return found
