"""The repairs: an alert that needs somebody and that nothing drives any more is driven again, and so is one that
nothing would bring back from its silence.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from watchbill.domain.alerts.actions import MAINTENANCE_ENDS, SNOOZE_ENDS, begin_escalation
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert, AlertState
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.escalation import actions as escalation
from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.paging.models import Page, PageState
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


def wake_again(alert_ids: Sequence[UUID], *, now: datetime) -> int:
    """Maintenance or a snooze held them back, and is over or has nothing that ends it. How many it woke."""
    with transaction.atomic():
        rows = Alert.objects.select_for_update(of=("self",)).select_related("suppressed_by").filter(id__in=alert_ids)
        timers = [timer for alert in rows.exclude(state=AlertState.RESOLVED) for timer in _ends_of_silence(alert, now)]
        set_timers(timers)
    if timers:
        log.critical("alert.woken_again", count=len(timers), ids=[str(one.subject_id) for one in timers[:100]])
    return len(timers)


def _ends_of_silence(alert: Alert, now: datetime) -> Iterator[NewTimer]:
    window = alert.suppressed_by
    if window is not None:
        due_at = now if window.cancelled_at is not None else max(window.ends_at, now)
        yield NewTimer(kind=MAINTENANCE_ENDS, subject_id=alert.id, due_at=due_at)
    if alert.snoozed_until is not None:
        known = Timer.objects.filter(kind=SNOOZE_ENDS, subject_id=alert.id)
        if not known.exists():
            yield NewTimer(kind=SNOOZE_ENDS, subject_id=alert.id, due_at=max(alert.snoozed_until, now))


def _tell_again(run: Run, *, now: datetime) -> str:
    """It came to its end and told nobody: unless something will try again, it is tried now."""
    kinds = (escalation.TRY_AGAIN, escalation.UNREACHED)
    pending = Timer.objects.filter(kind__in=kinds, subject_id=run.id, quarantined_at=None)
    pages = Page.objects.filter(run_id=run.id, generation=run.generation, state=PageState.ACTIVE)
    told = pages.filter(level=0) if run.state == RunState.EXHAUSTED else pages
    if pending.exists() or told.exists():
        return ""
    set_timers([NewTimer(kind=escalation.TRY_AGAIN, subject_id=run.id, generation=run.generation, due_at=now)])
    return "nobody was told"


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
    if run.state in (RunState.EXHAUSTED, RunState.NOTIFIED):
        return _tell_again(run, now=now)
    if timers.exists():
        return ""
    set_timers([NewTimer(kind=escalation.STEP, subject_id=run.id, generation=run.generation, due_at=now)])
    return "its escalation had no timer"
