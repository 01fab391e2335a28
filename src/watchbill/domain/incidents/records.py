"""Entries of the audit trail about an incident; its timeline is made of them."""

from typing import Any

from watchbill.domain.audit.contract import Record
from watchbill.domain.incidents.models import SUBJECT_KIND, Incident


def entry(incident: Incident, action: str, **details: Any) -> Record:
    """Details that say nothing are left out."""
    return Record(
        action=action,
        subject_kind=SUBJECT_KIND,
        subject_id=incident.id,
        subject_label=incident.title,
        details={name: value for name, value in details.items() if value not in (None, "", [], {})},
    )
