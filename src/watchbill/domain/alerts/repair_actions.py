"""The one repair: an alert that needs somebody and that nothing drives any more is driven again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from watchbill.domain.alerts.actions import begin_escalation
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert, AlertState
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.escalation import actions as escalation
from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.models import Timer

log = structlog.get_logger()


def drive_again(alert_ids: Sequence[UUID], *, now: datetime) -> int:
    """Looks again under the rows' locks, so that what was put right meanwhile stays as it is. How many it drove."""
    with transaction.atomic():
        alerts = list(
            Alert.objects.select_for_update(of=("self",))
            .select_related("service__policy")
            .filter(id__in=list(alert_ids), state=AlertState.TRIGGERED, suppressed_by=None)
            .order_by("id")
        )
        runs = {
            run.subject_id: run
            for run in escalation.runs_of(SUBJECT_KIND, [a.id for a in alerts]).select_for_update().order_by("id")
        }
        records = [
            Record(
                action="alert.driven_again",
                subject_kind=SUBJECT_KIND,
                subject_id=alert.id,
                subject_label=alert.summary,
                details={"why": why},
            )
            for alert in alerts
            if (why := _drive(alert, runs.get(alert.id), now=now))
        ]
        record(records, actor=ENGINE, now=now)
    if records:
        log.critical("alert.driven_again", count=len(records), ids=[str(row.subject_id) for row in records[:100]])
    return len(records)


def _drive(alert: Alert, run: Run | None, *, now: datetime) -> str:
    if run is None:
        begin_escalation(alert, now=now, because="it had no escalation and was driven again")
        return "it had no escalation"
    if run.state == RunState.STOPPED:
        escalation.start_over(
            subject_kind=SUBJECT_KIND,
            subject_id=alert.id,
            because="its escalation was stopped and nobody had it; it was driven again",
            now=now,
        )
        return "its escalation was stopped"
    timers = Timer.objects.filter(
        kind=escalation.STEP, subject_id=run.id, generation=run.generation, quarantined_at=None
    )
    if run.state != RunState.LIVE or timers.exists():
        return ""
    set_timers([NewTimer(kind=escalation.STEP, subject_id=run.id, generation=run.generation, due_at=now)])
    return "its escalation had no timer"
