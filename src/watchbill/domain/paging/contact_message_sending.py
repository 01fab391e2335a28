"""The sender's side of codes, test pages and notices: claimed, sent and recorded apart from pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.paging.contact_message_rules import SENDING_TRIES_MAX, code_digest, new_code
from watchbill.domain.paging.contract import Delivered, Outcome, RetryLater
from watchbill.domain.paging.models import ContactMessage, ContactMessageKind, ContactMessageState
from watchbill.domain.paging.rules import LEASE, retry_after
from watchbill.ground.ids import new_id

log = structlog.get_logger()

# So many leave at a time, at most: pages go first, and their providers are the same.
IN_FLIGHT_MAX = 20
_OPEN = (ContactMessageState.QUEUED, ContactMessageState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactMessageIntent:
    """One try. `code` is in clear here and in the message alone. `kind` is the contact's, which names the channel.

    `attempt_id` is this try's and fences its outcome: what is sent again holds another code, so that a receiver who
    leaves out what it has seen must not take it for the same.
    """

    message_id: UUID
    attempt_id: UUID
    kind: str
    message_kind: str
    contact_id: UUID
    contact_name: str
    user_id: UUID
    address: str
    sealed_secret: str
    text: str
    code: str


@transaction.atomic
def claim_contact_messages(*, now: datetime, kinds: Collection[str], secret_key: str) -> list[ContactMessageIntent]:
    """`due_at` of one that is being sent is the end of its lease: then its sender is gone and it is sent again."""
    in_flight = ContactMessage.objects.filter(state=ContactMessageState.SENDING, due_at__gt=now).count()
    due = (
        ContactMessage.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("contact", "user")
        .filter(state__in=_OPEN, due_at__lte=now)
        .order_by("due_at")[: max(0, IN_FLIGHT_MAX - in_flight)]
    )
    intents = []
    for message in due:
        error = _unsendable(message, kinds=kinds, now=now)
        if error:
            _fail(message, error, now=now)
        else:
            intents.append(_claim(message, secret_key=secret_key, now=now))
    return intents


def _unsendable(message: ContactMessage, *, kinds: Collection[str], now: datetime) -> str:
    contact = message.contact
    if now >= message.expires_at or message.tries >= SENDING_TRIES_MAX:
        return message.error or "it could not be sent in time"
    if contact.kind not in kinds:
        return f"this instance cannot send by {contact.kind}"
    if not message.user.is_active:
        return "the person is disabled"
    if message.kind == ContactMessageKind.NOTICE:
        return ""  # it may be about this very contact, which is gone by now
    if contact.removed_at is not None or contact.address != message.address:
        return "the contact was removed or changed meanwhile"
    return ""


def _claim(message: ContactMessage, *, secret_key: str, now: datetime) -> ContactMessageIntent:
    code = new_code() if message.kind == ContactMessageKind.CODE else ""
    attempt_id = new_id()
    digest = code_digest(code, message_id=message.id, secret_key=secret_key) if code else ""
    ContactMessage.objects.filter(id=message.id).update(
        state=ContactMessageState.SENDING,
        due_at=now + LEASE,
        tries=message.tries + 1,
        token=attempt_id,
        code_digest=digest,
        error="the sender ended while it was being sent",
    )
    return ContactMessageIntent(
        message_id=message.id,
        attempt_id=attempt_id,
        kind=message.contact.kind,
        message_kind=message.kind,
        contact_id=message.contact_id,
        contact_name=message.contact.name,
        user_id=message.user_id,
        address=message.address,
        sealed_secret=message.contact.sealed_secret,
        text=message.text,
        code=code,
    )


def next_due_at() -> datetime | None:
    due = ContactMessage.objects.filter(state__in=_OPEN).order_by("due_at")
    return due.values_list("due_at", flat=True).first()


@transaction.atomic
def record_contact_messages(results: Sequence[tuple[ContactMessageIntent, Outcome]], *, now: datetime) -> None:
    for intent, answer in results:
        ours = ContactMessage.objects.select_for_update(of=("self",)).select_related("contact", "user")
        message = ours.filter(id=intent.message_id, token=intent.attempt_id, state=ContactMessageState.SENDING).first()
        if message is None:
            log.warning("contact_message.outcome.fenced", message_id=str(intent.message_id))
        elif isinstance(answer, Delivered):
            ContactMessage.objects.filter(id=message.id).update(
                state=ContactMessageState.SENT, finished_at=now, error=""
            )
            _tell(message, "sent", now=now)
        elif isinstance(answer, RetryLater) and message.tries < SENDING_TRIES_MAX:
            wait = retry_after(tries=message.tries, asked=answer.after)
            ContactMessage.objects.filter(id=message.id).update(
                state=ContactMessageState.QUEUED, due_at=now + wait, error=answer.reason[:500]
            )
        else:
            _fail(message, answer.reason, now=now)


def _fail(message: ContactMessage, error: str, *, now: datetime) -> None:
    ContactMessage.objects.filter(id=message.id).update(
        state=ContactMessageState.FAILED, finished_at=now, error=error[:500]
    )
    _tell(message, "failed", error=error[:500], now=now)


def _tell(message: ContactMessage, what: str, *, now: datetime, error: str = "") -> None:
    details: dict[str, object] = {"message_id": str(message.id), "kind": message.contact.kind}
    told = Record(
        action=f"contact.{message.kind}_{what}",
        subject_kind="contact",
        subject_id=message.contact_id,
        subject_label=f"{message.user.email} {message.contact.name}",
        details=details | ({"error": error} if error else {}),
    )
    record([told], actor=ENGINE, now=now)
