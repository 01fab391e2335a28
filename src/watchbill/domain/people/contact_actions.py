"""The ways to reach a person, and the rules that say which is used when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from watchbill.domain.access.models import User
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.rules import difference
from watchbill.domain.people.actions import PersonUnknown
from watchbill.domain.people.models import ContactMethod, NotificationRule, Urgency
from watchbill.domain.people.rules import (
    CONTACT_SECRET_PURPOSE,
    CONTACTS_PER_PERSON_MAX,
    RULE_DELAY_SECONDS_MAX,
    RULES_PER_URGENCY_MAX,
    ContactDraft,
    ContactKinds,
    check_address,
    clean_name,
    listed,
)
from watchbill.ground import secrets
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown

SECRET_MAX = 200


class ContactUnknown(Unknown):
    pass


class ContactNameTaken(Taken):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedContact:
    """`secret` is what was generated: show it once; None when nothing was."""

    id: UUID
    secret: str | None


@transaction.atomic
def add_contact(
    user_id: UUID,
    draft: ContactDraft,
    *,
    verified: bool,
    kinds: ContactKinds,
    secret_key: str,
    actor: Actor,
    now: datetime,
) -> AddedContact:
    """`verified`: an admin or the organization file vouches for the address."""
    user = _locked_person(user_id)
    name, address = clean_name(draft.name), check_address(draft.kind, draft.address, kinds=kinds)
    others = list(_contacts_of(user))
    if len(others) >= CONTACTS_PER_PERSON_MAX:
        raise ChangeRefused("", f"{user.email} has {len(others)} contacts; remove one first")
    _refuse_taken(name, others)
    made = secrets.new_token("whs") if draft.secret is None and kinds[draft.kind].is_signed else None
    secret = made or draft.secret or ""
    contact = ContactMethod.objects.create(
        user=user,
        name=name,
        kind=draft.kind,
        address=address,
        sealed_secret=_sealed(secret, secret_key=secret_key),
        position=max((other.position for other in others), default=-1) + 1,
        created_at=now,
        verified_at=now if verified else None,
    )
    facts = {"name": name, "kind": draft.kind, "address": address, "verified": verified}
    _tell("contact.created", user, contact, difference({}, facts), actor=actor, now=now)
    return AddedContact(id=contact.id, secret=made)


@transaction.atomic
def change_contact(
    contact_id: UUID,
    draft: ContactDraft,
    *,
    verified: bool,
    kinds: ContactKinds,
    secret_key: str,
    actor: Actor,
    now: datetime,
) -> None:
    """A new address must be verified anew, unless `verified` vouches for it; it also ends a contact's rest."""
    contact, user = _locked_contact(contact_id)
    name, address = clean_name(draft.name), check_address(draft.kind, draft.address, kinds=kinds)
    _refuse_taken(name, [other for other in _contacts_of(user) if other.id != contact_id])
    details = difference(
        {"name": contact.name, "kind": contact.kind, "address": contact.address},
        {"name": name, "kind": draft.kind, "address": address},
    )
    update: dict[str, object] = dict(details.get("after", {}))
    if "kind" in update or "address" in update:
        update |= {"verified_at": now if verified else None, "disabled_at": None, "disabled_reason": ""}
    if draft.secret is not None and draft.secret != contact_secret(contact, secret_key=secret_key):
        update["sealed_secret"] = _sealed(draft.secret, secret_key=secret_key)
        details["secret"] = "replaced"
    if update:
        ContactMethod.objects.filter(id=contact_id, removed_at=None).update(**update)
        _tell("contact.changed", user, contact, details, actor=actor, now=now)


@transaction.atomic
def renew_contact_secret(contact_id: UUID, *, kinds: ContactKinds, secret_key: str, actor: Actor, now: datetime) -> str:
    """The new signing secret, to be shown once."""
    contact, user = _locked_contact(contact_id)
    signed = tuple(kind for kind, one in kinds.items() if one.is_signed)
    if contact.kind not in signed:
        raise ChangeRefused("kind", f"{contact.kind} messages are not signed; only {listed(signed)} ones")
    secret = secrets.new_token("whs")
    ContactMethod.objects.filter(id=contact_id, removed_at=None).update(
        sealed_secret=_sealed(secret, secret_key=secret_key)
    )
    _tell("contact.changed", user, contact, {"secret": "replaced"}, actor=actor, now=now)
    return secret


@transaction.atomic
def verify_contact(contact_id: UUID, *, actor: Actor, now: datetime) -> None:
    """It also ends the rest of a contact whose address had failed."""
    contact, user = _locked_contact(contact_id)
    unusable = Q(verified_at=None) | Q(disabled_at__isnull=False)
    held = ContactMethod.objects.filter(unusable, id=contact_id, removed_at=None)
    if held.update(verified_at=now, disabled_at=None, disabled_reason=""):
        details = difference({"verified": False}, {"verified": True})
        _tell("contact.verified", user, contact, details, actor=actor, now=now)


@transaction.atomic
def remove_contact(contact_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Its rules go with it; the row stays, because attempts refer to it."""
    contact, user = _locked_contact(contact_id)
    NotificationRule.objects.filter(contact=contact).delete()
    ContactMethod.objects.filter(id=contact_id, removed_at=None).update(removed_at=now)
    facts = {"name": contact.name, "kind": contact.kind, "address": contact.address}
    _tell("contact.removed", user, contact, {"before": facts}, actor=actor, now=now)


@transaction.atomic
def set_rules(
    user_id: UUID, *, urgency: str, rules: Sequence[tuple[UUID, timedelta]], actor: Actor, now: datetime
) -> None:
    """(contact, wait after the page) each. None at all: the process document's rules hold."""
    if urgency not in Urgency.values:
        raise ChangeRefused("urgency", f'unknown urgency "{urgency}"; use {listed(tuple(Urgency.values))}')
    user = _locked_person(user_id)
    if len(rules) > RULES_PER_URGENCY_MAX:
        raise ChangeRefused(urgency, f"has {len(rules)} rules; use at most {RULES_PER_URGENCY_MAX}")
    contacts = {contact.id: contact for contact in _contacts_of(user)}
    wanted = []
    for contact_id, after in rules:
        if contact_id not in contacts:
            raise ContactUnknown(urgency, f"{user.email} has no contact {contact_id}; add it first")
        seconds = int(after.total_seconds())
        if not 0 <= seconds <= RULE_DELAY_SECONDS_MAX:
            raise ChangeRefused(urgency, "a wait is 0 seconds to 1 day; choose one in between")
        wanted.append((contacts[contact_id], seconds))
    held = NotificationRule.objects.filter(user=user, urgency=urgency).select_related("contact").order_by("position")
    before = [{"contact": rule.contact.name, "after_seconds": rule.after_seconds} for rule in held]
    after_rows = [{"contact": contact.name, "after_seconds": seconds} for contact, seconds in wanted]
    held_keys = [(rule.contact_id, rule.after_seconds) for rule in held]
    if held_keys == [(contact.id, seconds) for contact, seconds in wanted]:
        return
    NotificationRule.objects.filter(user=user, urgency=urgency).delete()
    NotificationRule.objects.bulk_create(
        NotificationRule(user=user, urgency=urgency, position=position, contact=contact, after_seconds=seconds)
        for position, (contact, seconds) in enumerate(wanted)
    )
    details = {"before": {urgency: before}, "after": {urgency: after_rows}}
    record(
        [
            Record(
                action="rules.changed",
                subject_kind="person",
                subject_id=user.id,
                subject_label=user.email,
                details=details,
            )
        ],
        actor=actor,
        now=now,
    )


def contact_secret(contact: ContactMethod, *, secret_key: str) -> str:
    if not contact.sealed_secret:
        return ""
    return secrets.unseal(contact.sealed_secret, secret_key=secret_key, purpose=CONTACT_SECRET_PURPOSE)


def _sealed(secret: str, *, secret_key: str) -> str:
    if len(secret) > SECRET_MAX:
        raise ChangeRefused("secret", f"has {len(secret)} characters; use at most {SECRET_MAX}")
    return secrets.seal(secret, secret_key=secret_key, purpose=CONTACT_SECRET_PURPOSE) if secret else ""


def _locked_person(user_id: UUID) -> User:
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise PersonUnknown("user", f"no person has the id {user_id}; look the person up again")
    return user


def _locked_contact(contact_id: UUID) -> tuple[ContactMethod, User]:
    """The person is locked first, in the same order everywhere."""
    owner_id = ContactMethod.objects.filter(id=contact_id, removed_at=None).values_list("user_id", flat=True).first()
    if owner_id is None:
        raise ContactUnknown("id", f"no contact has the id {contact_id}; it may have been removed")
    user = _locked_person(owner_id)
    contact = ContactMethod.objects.select_for_update().filter(id=contact_id, removed_at=None).first()
    if contact is None:
        raise ContactUnknown("id", f"no contact has the id {contact_id}; it was just removed")
    return contact, user


def _contacts_of(user: User) -> Sequence[ContactMethod]:
    return list(ContactMethod.objects.filter(user=user, removed_at=None))


def _refuse_taken(name: str, others: Sequence[ContactMethod]) -> None:
    if any(other.name == name for other in others):
        raise ContactNameTaken("name", f"another contact of this person is called {name!r}; choose another name")


def _tell(
    action: str, user: User, contact: ContactMethod, details: dict[str, object], *, actor: Actor, now: datetime
) -> None:
    record(
        [
            Record(
                action=action,
                subject_kind="contact",
                subject_id=contact.id,
                subject_label=f"{user.email} {contact.name}",
                details=details,
            )
        ],
        actor=actor,
        now=now,
    )
