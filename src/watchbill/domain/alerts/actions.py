"""What people, sources and time do to an alert. Every verb is one transaction and one audit entry an alert."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from watchbill.domain.alerts.models import SUBJECT_KIND, Alert, AlertState
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.escalation import actions as escalation
from watchbill.domain.escalation.rules import ACKNOWLEDGEMENT_TIMEOUT_SECONDS, Target, plan_from_json
from watchbill.domain.paging.actions import close_pages
from watchbill.domain.paging.models import PageState
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.store import clear_unlocked
from watchbill.ground.failpoints import failpoint

ACKNOWLEDGEMENT_EXPIRES = "alert.acknowledgement_expires"
SNOOZE_ENDS = "alert.snooze_ends"
MAINTENANCE_ENDS = "alert.maintenance_ends"
_WAITING = (ACKNOWLEDGEMENT_EXPIRES, SNOOZE_ENDS, MAINTENANCE_ENDS)

SNOOZE_MAX = timedelta(days=7)


class AlertUnknown(Exception):
    """There is no alert with that id, or the caller may not see it."""


class AlertResolvedAlready(Exception):
    """Somebody or the source resolved it; the message says who and when."""


class SnoozeRefused(Exception):
    """A snooze must end, in the future, within a week."""


class ReassignmentRefused(Exception):
    """Nobody was named, or a name is not known."""


def acknowledge(*, alert_id: UUID, actor: Actor, now: datetime) -> Alert:
    """Stops paging. When it is acknowledged already nothing changes: the alert returned says by whom."""
    with transaction.atomic():
        alert = _open(alert_id)
        if alert.state == AlertState.ACKNOWLEDGED:
            return alert
        _mark_acknowledged([alert], actor=actor, now=now)
        record([_record(alert, "alert.acknowledged")], actor=actor, now=now)
        failpoint("acknowledge.before_commit")
    failpoint("acknowledge.after_commit")
    return alert


def resolve(*, alert_id: UUID, actor: Actor, now: datetime) -> Alert:
    """Resolving what is resolved changes nothing."""
    with transaction.atomic():
        alert = _locked(alert_id)
        if alert.state == AlertState.RESOLVED:
            return alert
        mark_resolved([alert], actor=actor, now=now)
        record([_record(alert, "alert.resolved")], actor=actor, now=now)
    return alert


def snooze(*, alert_id: UUID, until: datetime, actor: Actor, now: datetime) -> Alert:
    """The alert counts as acknowledged until then; afterwards it pages again from the top."""
    if not now < until <= now + SNOOZE_MAX:
        raise SnoozeRefused("until: give a time in the future and at most 7 days away; every snooze ends.")
    with transaction.atomic():
        alert = _open(alert_id)
        if alert.state == AlertState.TRIGGERED:
            _mark_acknowledged([alert], actor=actor, now=now)
        alert.snoozed_until = until
        alert.save(update_fields=["snoozed_until"])
        clear_unlocked(kinds=[ACKNOWLEDGEMENT_EXPIRES], subject_ids=[alert.id])
        set_timers([NewTimer(kind=SNOOZE_ENDS, subject_id=alert.id, due_at=until)])
        record([_record(alert, "alert.snoozed", until=until.isoformat())], actor=actor, now=now)
    return alert


def escalate(*, alert_id: UUID, actor: Actor, now: datetime) -> Alert:
    """Page the next level now. Raises RunCannotEscalate when there is none left."""
    with transaction.atomic():
        alert = _open(alert_id)
        _begin_if_never_begun(alert, now=now)
        escalation.escalate_now(
            subject_kind=SUBJECT_KIND, subject_id=alert.id, because=f"{actor.label} escalated it", now=now
        )
        _mark_triggered(alert)
        record([_record(alert, "alert.escalated")], actor=actor, now=now)
    return alert


def reassign(*, alert_id: UUID, targets: Sequence[Target], actor: Actor, now: datetime) -> Alert:
    """Those named are paged now; if they do not answer, the policy starts from its top."""
    if not targets:
        raise ReassignmentRefused("targets: name at least one person or schedule.")
    with transaction.atomic():
        alert = _open(alert_id)
        _begin_if_never_begun(alert, now=now)
        words = ", ".join(target.words for target in targets)
        close_pages(
            subject_kind=SUBJECT_KIND,
            subject_ids=[alert.id],
            state=PageState.CANCELLED,
            reason=f"reassigned to {words}",
            now=now,
        )
        because = f"{actor.label} reassigned it to {words}"
        escalation.start_over(subject_kind=SUBJECT_KIND, subject_id=alert.id, because=because, now=now, targets=targets)
        _mark_triggered(alert)
        record([_record(alert, "alert.reassigned", to=words)], actor=actor, now=now)
    return alert


def mark_resolved(alerts: Sequence[Alert], *, actor: Actor, now: datetime) -> None:
    """The caller holds the rows' locks, is in a transaction and writes the audit entries."""
    ids = [alert.id for alert in alerts]
    changes: dict[str, Any] = {"state": AlertState.RESOLVED, "resolved_at": now, "resolved_by": actor.label[:254]}
    Alert.objects.filter(id__in=ids).update(**changes, snoozed_until=None)
    reason = f"resolved by {actor.label}"
    escalation.stop(subject_kind=SUBJECT_KIND, subject_ids=ids, reason=reason, now=now)
    close_pages(
        subject_kind=SUBJECT_KIND, subject_ids=ids, state=PageState.ANSWERED, reason=reason, now=now, by=actor.id
    )
    clear_unlocked(kinds=_WAITING, subject_ids=ids)
    _reflect(alerts, **changes, snoozed_until=None)


def mark_acknowledged_by_source(alerts: Sequence[Alert], *, actor: Actor, now: datetime) -> None:
    """As `mark_resolved`, for triggered alerts that their source acknowledges."""
    _mark_acknowledged(alerts, actor=actor, now=now)


def _mark_acknowledged(alerts: Sequence[Alert], *, actor: Actor, now: datetime) -> None:
    ids = [alert.id for alert in alerts]
    changes: dict[str, Any] = {
        "state": AlertState.ACKNOWLEDGED,
        "acknowledged_at": now,
        "acknowledged_by": actor.label[:254],
        "acknowledged_by_id": actor.id,
    }
    Alert.objects.filter(id__in=ids).update(**changes)
    reason = f"acknowledged by {actor.label}"
    escalation.stop(subject_kind=SUBJECT_KIND, subject_ids=ids, reason=reason, now=now)
    close_pages(
        subject_kind=SUBJECT_KIND, subject_ids=ids, state=PageState.ANSWERED, reason=reason, now=now, by=actor.id
    )
    lasts = _acknowledgements_last(ids)
    set_timers(
        NewTimer(kind=ACKNOWLEDGEMENT_EXPIRES, subject_id=alert_id, due_at=now + timedelta(seconds=seconds))
        for alert_id, seconds in lasts.items()
        if seconds
    )
    _reflect(alerts, **changes)


def _acknowledgements_last(alert_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Seconds by alert; 0 is for ever."""
    lasts = dict.fromkeys(alert_ids, ACKNOWLEDGEMENT_TIMEOUT_SECONDS)
    for run in escalation.runs_of(SUBJECT_KIND, alert_ids).select_related("policy_version"):
        if run.policy_version is not None:
            lasts[run.subject_id] = plan_from_json(run.policy_version.definition).acknowledgement_lasts_seconds
    return lasts


def _mark_triggered(alert: Alert) -> None:
    """It needs somebody again: nobody has it any more."""
    alert.state = AlertState.TRIGGERED
    alert.acknowledged_at = None
    alert.acknowledged_by = ""
    alert.acknowledged_by_id = None
    alert.snoozed_until = None
    alert.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "acknowledged_by_id", "snoozed_until"])
    clear_unlocked(kinds=(ACKNOWLEDGEMENT_EXPIRES, SNOOZE_ENDS), subject_ids=[alert.id])


def _begin_if_never_begun(alert: Alert, *, now: datetime) -> None:
    """Opened under maintenance, so nothing drives it yet; now somebody wants it paged all the same."""
    if alert.suppressed_by_id is not None:
        alert.suppressed_by = None
        alert.save(update_fields=["suppressed_by"])
        clear_unlocked(kinds=[MAINTENANCE_ENDS], subject_ids=[alert.id])
    if alert.id not in escalation.subjects_with_run(SUBJECT_KIND, [alert.id]):
        begin_escalation(alert, now=now)


def begin_escalation(alert: Alert, *, now: datetime, because: str = "") -> None:
    """`because`: why only now, if it is not because the alert just opened."""
    policy = alert.service.policy
    escalation.start(
        [
            escalation.NewRun(
                subject_kind=SUBJECT_KIND,
                subject_id=alert.id,
                group_id=alert.service_id,
                policy_version_id=policy.current_version_id if policy else None,
                urgency=alert.urgency,
                because=because,
            )
        ],
        now=now,
    )


def _locked(alert_id: UUID) -> Alert:
    found = Alert.objects.select_for_update(of=("self",)).select_related("service__policy")
    try:
        return found.get(id=alert_id)
    except Alert.DoesNotExist as error:
        raise AlertUnknown(f"There is no alert {alert_id}.") from error


def _open(alert_id: UUID) -> Alert:
    alert = _locked(alert_id)
    if alert.state == AlertState.RESOLVED and alert.resolved_at is not None:
        raise AlertResolvedAlready(
            f"Alert #{alert.number} was resolved by {alert.resolved_by} at {alert.resolved_at:%Y-%m-%d %H:%M:%S} UTC."
        )
    return alert


def _reflect(alerts: Sequence[Alert], **changes: Any) -> None:
    for alert in alerts:
        for name, value in changes.items():
            setattr(alert, name, value)


def _record(alert: Alert, action: str, **details: Any) -> Record:
    return Record(
        action=action, subject_kind=SUBJECT_KIND, subject_id=alert.id, subject_label=alert.summary, details=details
    )
