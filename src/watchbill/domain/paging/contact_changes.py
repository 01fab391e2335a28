"""A contact added, changed or removed: the person's mail contacts are told, and a new address is asked for a code.

Whoever changes contacts comes this way; the verbs of the people room below tell nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.paging.contact_messages import TooManyMessages, queue_notices, send_code
from watchbill.domain.paging.contract import ContactKind, Family
from watchbill.domain.people import contact_actions
from watchbill.domain.people.models import USABLE, ContactMethod
from watchbill.domain.people.rules import ContactDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`kinds`: of contact that people may have; `secret_key` seals their secrets.

    `families`: the kinds that this instance can send by, None where no code is ever asked for.
    """

    kinds: Mapping[str, ContactKind]
    secret_key: str
    families: Mapping[str, Family] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAsked:
    """A code is on its way to the address, unless `refused` says why not; `wait`: then one can be asked for."""

    refused: str = ""
    wait: timedelta | None = None

    @property
    def words(self) -> str:
        if self.refused:
            return f"It is not used before a code was entered, and none was sent: {self.refused}."
        return "A code is on its way to it: enter the code, then the contact is used."


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """`secret` is shown once. `code`: the contact is used only after a code was entered; None: it needs none."""

    id: UUID
    secret: str | None
    code: CodeAsked | None


@transaction.atomic
def add_contact(
    user_id: UUID, draft: ContactDraft, *, vouched: bool, setting: Setting, actor: Actor, now: datetime
) -> Added:
    """`vouched`: somebody who may change other people's contacts says that the address is right.

    Of a person's own contacts only the address that the account is known by needs no code.
    """
    told = _mail_contacts(user_id, setting, now)
    made = contact_actions.add_contact(
        user_id,
        draft,
        verified=vouched,
        kinds=setting.kinds,
        secret_key=setting.secret_key,
        actor=actor,
        now=now,
    )
    contact = ContactMethod.objects.select_related("user").get(id=made.id)
    if not vouched and _is_sign_in_address(contact, setting):
        contact_actions.verify_contact(contact.id, actor=actor, now=now)
        contact.refresh_from_db(fields=["verified_at"])
    queue_notices(told, f"The contact {contact.name!r} ({contact.kind}) was added. {_ASK}", now=now)
    code = _ask_for_code(contact, setting=setting, actor=actor, now=now)
    return Added(id=made.id, secret=made.secret, code=code)


@transaction.atomic
def change_contact(
    contact_id: UUID, draft: ContactDraft, *, vouched: bool, setting: Setting, actor: Actor, now: datetime
) -> CodeAsked | None:
    """None: the address is the same, or is used without a code."""
    before = ContactMethod.objects.filter(id=contact_id, removed_at=None).first()
    told = _mail_contacts(before.user_id, setting, now) if before else []
    contact_actions.change_contact(
        contact_id,
        draft,
        verified=vouched,
        kinds=setting.kinds,
        secret_key=setting.secret_key,
        actor=actor,
        now=now,
    )
    contact = ContactMethod.objects.select_related("user").get(id=contact_id)
    if before is None or (before.kind, before.address) == (contact.kind, contact.address):
        return None
    if not vouched and _is_sign_in_address(contact, setting):
        contact_actions.verify_contact(contact.id, actor=actor, now=now)
        contact.refresh_from_db(fields=["verified_at"])
    queue_notices(told, f"The address of the contact {contact.name!r} ({contact.kind}) was changed. {_ASK}", now=now)
    return _ask_for_code(contact, setting=setting, actor=actor, now=now)


@transaction.atomic
def remove_contact(contact_id: UUID, *, setting: Setting, actor: Actor, now: datetime) -> None:
    """The removed address itself is told too: it is the one that its owner still reads."""
    contact = ContactMethod.objects.filter(id=contact_id, removed_at=None).first()
    told = _mail_contacts(contact.user_id, setting, now) if contact else []
    contact_actions.remove_contact(contact_id, actor=actor, now=now)
    if contact is not None:
        queue_notices(told, f"The contact {contact.name!r} ({contact.kind}) was removed. {_ASK}", now=now)


_ASK = "If that was not you, tell an administrator of your Watchbill at once."


def _mail_contacts(user_id: UUID, setting: Setting, now: datetime) -> list[ContactMethod]:
    """Where the person read mail before this moment: of several changes at once none is told to its own addresses."""
    mail_kinds = [kind for kind, one in setting.kinds.items() if one.is_set_up and one.family == Family.EMAIL]
    return list(ContactMethod.objects.filter(USABLE, user_id=user_id, kind__in=mail_kinds, verified_at__lt=now))


def _is_sign_in_address(contact: ContactMethod, setting: Setting) -> bool:
    is_mail = setting.kinds[contact.kind].family == Family.EMAIL
    return is_mail and contact.address.lower() == contact.user.email


def _ask_for_code(contact: ContactMethod, *, setting: Setting, actor: Actor, now: datetime) -> CodeAsked | None:
    """Too many already: the contact is there all the same, and its person is told when to ask."""
    if contact.verified_at is not None:
        return None
    if setting.families is not None and contact.kind not in setting.families:
        return CodeAsked(refused=f"this instance cannot send by {contact.kind}; its operator has to set that up")
    try:
        send_code(contact.id, actor=actor, now=now)
    except TooManyMessages as refused:
        return CodeAsked(refused=refused.reason, wait=refused.wait)
    return CodeAsked()
