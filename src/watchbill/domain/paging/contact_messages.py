"""Codes, test pages and notices: asked for here, sent by the sender. Nothing here sends by itself."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from watchbill.domain.access.models import User
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.paging import store
from watchbill.domain.paging.actions import WAKE_CHANNEL
from watchbill.domain.paging.contact_message_rules import (
    CODE_LASTS,
    CODE_TRIES_MAX,
    LOOKS_BACK,
    NOTICE_LASTS,
    NOTICES_PER_DAY_MAX,
    PER_ADDRESS,
    PER_CONTACT,
    PER_PERSON,
    TEST_LASTS,
    Asked,
    code_digest,
    refused_until,
    typed_code,
)
from watchbill.domain.paging.models import ContactMessage, ContactMessageKind
from watchbill.domain.people.contact_actions import ContactUnknown, verify_contact
from watchbill.domain.people.models import ContactMethod
from watchbill.ground import secrets
from watchbill.ground.refusals import ChangeRefused


class TooManyMessages(ChangeRefused):
    def __init__(self, reason: str, *, wait: timedelta) -> None:
        super().__init__("", reason)
        self.wait = wait


class CodeRefused(ChangeRefused):
    pass


@transaction.atomic
def send_code(contact_id: UUID, *, actor: Actor, now: datetime) -> UUID:
    """The code goes to the contact; who can read it there enters it. The codes before it are worth nothing."""
    contact = _locked(contact_id)
    if contact.verified_at is not None and contact.disabled_at is None:
        raise ChangeRefused("", "this contact is confirmed already; nothing has to be done")
    return _ask(contact, ContactMessageKind.CODE, lasts=CODE_LASTS, action="contact.code_asked", actor=actor, now=now)


@transaction.atomic
def send_test(contact_id: UUID, *, actor: Actor, now: datetime) -> UUID:
    """A page that says it is a test, by the way of real ones."""
    contact = _locked(contact_id)
    if contact.verified_at is None:
        raise ChangeRefused("", "this contact is not confirmed yet; confirm it by a code first")
    if contact.disabled_at is not None:
        raise ChangeRefused("", "this contact rests because its address failed; confirm it again by a code")
    return _ask(contact, ContactMessageKind.TEST, lasts=TEST_LASTS, action="contact.test_asked", actor=actor, now=now)


def confirm(contact_id: UUID, code: str, *, secret_key: str, actor: Actor, now: datetime) -> None:
    """Raises CodeRefused. A wrong try stays counted, therefore it is committed before the refusal."""
    with transaction.atomic():
        refusal = _try_code(contact_id, typed_code(code), secret_key=secret_key, actor=actor, now=now)
    if refusal:
        raise CodeRefused("code", refusal)


def _try_code(contact_id: UUID, code: str, *, secret_key: str, actor: Actor, now: datetime) -> str:
    contact = _locked(contact_id)
    sent = (
        ContactMessage.objects.select_for_update()
        .filter(contact=contact, kind=ContactMessageKind.CODE)
        .order_by("-asked_at", "-id")
        .first()
    )
    if sent is None or sent.address != contact.address:
        return "no code was sent to this address; send one first"
    if sent.used_at is not None:
        return "that code was used; send a new one if the contact is not confirmed"
    if now >= sent.expires_at:
        return "that code is older than ten minutes; send a new one"
    if sent.wrong_tries >= CODE_TRIES_MAX:
        return "there were too many wrong tries; send a new code"
    if not sent.code_digest:
        return "the code is not sent yet; wait a moment"
    if not secrets.same(code_digest(code, message_id=sent.id, secret_key=secret_key), sent.code_digest):
        ContactMessage.objects.filter(id=sent.id).update(wrong_tries=sent.wrong_tries + 1)
        _tell("contact.code_refused", contact, {"tries": sent.wrong_tries + 1}, actor=actor, now=now)
        left = CODE_TRIES_MAX - sent.wrong_tries - 1
        return f"that is not the code; {left} more tries" if left else "that is not the code; send a new one"
    ContactMessage.objects.filter(id=sent.id, used_at=None).update(used_at=now)
    verify_contact(contact.id, actor=actor, now=now)
    return ""


def queue_notices(contacts: Iterable[ContactMethod], text: str, *, now: datetime) -> None:
    """Within the caller's transaction. More than a day's worth are left out: the record has them all."""
    for contact in contacts:
        today = ContactMessage.objects.filter(
            contact=contact, kind=ContactMessageKind.NOTICE, asked_at__gt=now - timedelta(days=1)
        ).count()
        if today < NOTICES_PER_DAY_MAX:
            _queue(contact, ContactMessageKind.NOTICE, text=text, lasts=NOTICE_LASTS, now=now)


def _ask(
    contact: ContactMethod, kind: ContactMessageKind, *, lasts: timedelta, action: str, actor: Actor, now: datetime
) -> UUID:
    store.lock_address(contact.address)
    since = ContactMessage.objects.filter(asked_at__gt=now - LOOKS_BACK).exclude(kind=ContactMessageKind.NOTICE)
    groups = (
        ("this contact", since.filter(contact=contact), PER_CONTACT),
        ("this person", since.filter(user=contact.user), PER_PERSON),
        ("this address", since.filter(address=contact.address), PER_ADDRESS),
    )
    asked = [
        Asked(whose=whose, at=list(rows.values_list("asked_at", flat=True)), limits=limits)
        for whose, rows, limits in groups
    ]
    refused = refused_until(asked, now=now)
    if refused is not None:
        until, whose = refused
        raise TooManyMessages(
            f"there were too many codes and test pages for {whose}; try again in {_words(until - now)}. "
            "Pages about alerts are not counted and not held back",
            wait=until - now,
        )
    message = _queue(contact, kind, text="", lasts=lasts, now=now)
    _tell(action, contact, {"message_id": str(message.id), "address": contact.address}, actor=actor, now=now)
    return message.id


def _queue(
    contact: ContactMethod, kind: ContactMessageKind, *, text: str, lasts: timedelta, now: datetime
) -> ContactMessage:
    message = ContactMessage.objects.create(
        kind=kind,
        contact=contact,
        user_id=contact.user_id,
        address=contact.address,
        text=text[:500],
        asked_at=now,
        expires_at=now + lasts,
        due_at=now,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [WAKE_CHANNEL])
    return message


def _locked(contact_id: UUID) -> ContactMethod:
    """The person first, as everywhere."""
    found = ContactMethod.objects.filter(id=contact_id, removed_at=None).first()
    if found is None:
        raise ContactUnknown("id", f"no contact has the id {contact_id}; it may have been removed")
    User.objects.select_for_update().get(id=found.user_id)
    contact = (
        ContactMethod.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(id=contact_id, removed_at=None)
        .first()
    )
    if contact is None:
        raise ContactUnknown("id", f"no contact has the id {contact_id}; it was just removed")
    return contact


def _words(wait: timedelta) -> str:
    seconds = int(wait.total_seconds()) + 1
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{seconds // 60 + 1} minutes" if seconds < 7200 else f"{seconds // 3600 + 1} hours"


def _tell(action: str, contact: ContactMethod, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    label = f"{contact.user.email} {contact.name}"
    told = Record(action=action, subject_kind="contact", subject_id=contact.id, subject_label=label, details=details)
    record([told], actor=actor, now=now)
