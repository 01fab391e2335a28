"""The audit record: who changed what, when, from where. Only read."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from watchbill.domain.audit.reads import EntryFilter, entries
from watchbill.domain.incidents.reads import hidden_ids
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.pages import LIMIT, Limit, Page
from watchbill.doors.api.values import Input, InstantOut, Output, Text

router = Router(tags=["audit"])


class EntryOut(Output):
    id: int
    at: InstantOut
    actor_kind: str
    actor_id: UUID | None
    actor: str
    via: str
    source_address: str
    action: str
    subject_kind: str
    subject_id: UUID | None
    subject: str
    details: Any


class AuditQuery(Input):
    """`action` may be the beginning, like "schedule."; `actor` a part of the name."""

    action: Annotated[Text, Field(max_length=64)] = ""
    actor: Annotated[Text, Field(max_length=254)] = ""
    subject_kind: Annotated[Text, Field(max_length=32)] = ""
    subject_id: UUID | None = None
    via: Annotated[Text, Field(max_length=16)] = ""
    cursor: Annotated[str, Field(max_length=18, pattern=r"^[0-9]*$")] = ""
    limit: Limit = LIMIT


@router.get("", response=Page[EntryOut], summary="Read the audit record")
@requires("audit.read")
def listing(request: HttpRequest, asked: Query[AuditQuery]) -> Page[EntryOut]:
    """Newest first."""
    wanted = EntryFilter(
        action=asked.action,
        actor=asked.actor,
        subject_kind=asked.subject_kind,
        subject_id=asked.subject_id,
        via=asked.via,
        hidden=hidden_ids(caller(request).person.id),
    )
    found = entries(wanted, before=int(asked.cursor or 0), limit=asked.limit)
    items = [
        EntryOut(
            id=row.id,
            at=row.at,
            actor_kind=row.actor_kind,
            actor_id=row.actor_id,
            actor=row.actor_label,
            via=row.via,
            source_address=row.source_address,
            action=row.action,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            subject=row.subject_label,
            details=row.details,
        )
        for row in found.entries
    ]
    return Page(items=items, next=str(found.next_before) if found.next_before else None)
