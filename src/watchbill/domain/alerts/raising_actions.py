"""An open alert whose sender now says that it is worse, event by event; `store` does the same for whole batches."""

from datetime import datetime

from watchbill.domain.alerts.contract import Signal
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert, AlertState
from watchbill.domain.alerts.store import SEVERITY_RANKS
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.escalation.actions import raise_urgency
from watchbill.domain.people.models import Urgency

_WHY = "its sender says that it is worse now"


def raise_alert(alert: Alert, signal: Signal, *, urgency: str, actor: Actor, now: datetime) -> None:
    """Whoever has it keeps it; if nobody has it and it woke nobody so far, its escalation begins anew as an urgent one.

    The caller holds the row's lock. What got better, or stays as bad, changes nothing.
    """
    worse = SEVERITY_RANKS.index(signal.severity) < SEVERITY_RANKS.index(alert.severity)
    wakes = urgency == Urgency.HIGH and alert.urgency == Urgency.LOW
    if not (worse or wakes):
        return
    before = {"severity": alert.severity, "urgency": alert.urgency}
    alert.summary = signal.summary
    alert.severity = signal.severity if worse else alert.severity
    alert.urgency = Urgency.HIGH.value if wakes else alert.urgency
    alert.save(update_fields=["summary", "severity", "urgency"])
    if wakes:
        raise_urgency(
            subject_kind=SUBJECT_KIND,
            subject_id=alert.id,
            begins_anew=alert.state == AlertState.TRIGGERED,
            because=_WHY,
            now=now,
        )
    entry = Record(
        action="alert.raised",
        subject_kind=SUBJECT_KIND,
        subject_id=alert.id,
        subject_label=alert.summary,
        details={"before": before, "after": {"severity": alert.severity, "urgency": alert.urgency}},
    )
    record([entry], actor=actor, now=now)
