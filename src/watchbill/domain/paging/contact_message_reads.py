"""What became of the codes and test pages that were asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.paging.contact_message_rules import CODE_TRIES_MAX
from watchbill.domain.paging.models import ContactMessage, ContactMessageKind, ContactMessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMessage:
    """What became of the newest code or test page of a contact, in words for its person."""

    id: UUID
    contact_id: UUID
    kind: str
    state: str
    error: str
    asked_at: datetime
    finished_at: datetime | None
    awaits_code: bool


def last_messages(contact_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, LastMessage]:
    rows = (
        ContactMessage.objects.filter(contact_id__in=contact_ids)
        .exclude(kind=ContactMessageKind.NOTICE)
        .order_by("contact_id", "-asked_at", "-id")
        .distinct("contact_id")
    )
    return {
        row.contact_id: LastMessage(
            id=row.id,
            contact_id=row.contact_id,
            kind=row.kind,
            state=row.state,
            error=row.error,
            asked_at=row.asked_at,
            finished_at=row.finished_at,
            awaits_code=row.kind == ContactMessageKind.CODE
            and row.used_at is None
            and row.state != ContactMessageState.FAILED
            and row.wrong_tries < CODE_TRIES_MAX
            and now < row.expires_at,
        )
        for row in rows
    }
