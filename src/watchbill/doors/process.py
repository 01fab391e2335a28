"""Applying a process, for the CLI, the API and the screens alike: the change and its audit entry in one transaction."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from watchbill.domain.audit import actions as audit
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.process import actions
from watchbill.domain.process.actions import Applied


@transaction.atomic
def apply_process(text: str, *, file: str, note: str, actor: Actor, now: datetime) -> Applied:
    applied = actions.apply(text, file=file, applied_by_label=actor.label, note=note, now=now)
    if applied.created:
        entry = Record(
            action="process.applied",
            subject_kind="process",
            subject_id=applied.version.id,
            subject_label=f"Process version {applied.version.number}",
            details={"note": note, "changes": [asdict(change) for change in applied.changes]},
        )
        audit.record([entry], actor=actor, now=now)
    return applied
