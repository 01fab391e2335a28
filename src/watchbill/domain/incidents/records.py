"""Entries of the audit trail about an incident; its timeline is made of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from watchbill.domain.audit import actions as audit
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.errands.actions import ask
from watchbill.domain.incidents.models import SUBJECT_KIND, Incident

# The errand by which rooms, publications and receivers of events learn that an incident's record went on.
CHANGED = "incident.changed"


def entry(incident: Incident, action: str, **details: Any) -> Record:
    """Details that say nothing are left out."""
    return Record(
        action=action,
        subject_kind=SUBJECT_KIND,
        subject_id=incident.id,
        subject_label=incident.title,
        details={name: value for name, value in details.items() if value not in (None, "", [], {})},
    )


def record(records: Sequence[Record], *, actor: Actor, now: datetime) -> None:
    """Write them, and ask for whatever follows a change of these incidents."""
    audit.record(records, actor=actor, now=now)
    ask(CHANGED, [one.subject_id for one in records if one.subject_kind == SUBJECT_KIND and one.subject_id], due_at=now)
