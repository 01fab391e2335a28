"""What people sign in with: every change to it, with its entry in the audit record."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from watchbill.domain.access import actions as access
from watchbill.domain.access.actions import NewSetupLink, NewToken
from watchbill.domain.access.models import ApiToken, Role, User
from watchbill.domain.access.token_rules import LIFETIME
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.people.actions import PersonUnknown, create_person
from watchbill.domain.people.models import Organization
from watchbill.domain.people.password_rules import PRODUCT, leans_on
from watchbill.domain.people.rules import PersonDraft, clean_email
from watchbill.ground.refusals import ChangeRefused

PASSWORD_MAX = 200


@transaction.atomic
def create_token(
    user_id: UUID, *, name: str, scope: str, lifetime: timedelta = LIFETIME, actor: Actor, now: datetime
) -> NewToken:
    user = _active(user_id)
    made = access.add_token(user_id, name=name, scope=scope, lifetime=lifetime, now=now)
    details = {"person": user.email, "scope": scope, "hint": made.hint, "expires_at": made.expires_at}
    _tell("token.created", "token", made.id, name, details, actor=actor, now=now)
    return made


@transaction.atomic
def revoke_token(token_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Revoking twice changes nothing. Raises TokenUnknown."""
    if access.end_token(token_id, now=now):
        row = ApiToken.objects.select_related("user").get(id=token_id)
        details = {"person": row.user.email, "scope": row.scope, "hint": row.hint}
        _tell("token.revoked", "token", token_id, row.name, details, actor=actor, now=now)


@transaction.atomic
def create_setup_link(user_id: UUID | None, *, actor: Actor, now: datetime) -> NewSetupLink:
    """For a person who shall set a (new) password; without a person, for the first owner."""
    user = _active(user_id) if user_id is not None else None
    made = access.add_setup_link(user_id, now=now)
    label = user.email if user else "the first owner"
    _tell("setup_link.created", "person", user_id, label, {"expires_at": made.expires_at}, actor=actor, now=now)
    return made


@transaction.atomic
def create_first_setup_link(*, actor: Actor, now: datetime) -> NewSetupLink | None:
    """For the start of an instance into which no owner can sign in yet; None when one can.

    An owner of the organization file gets it; otherwise it makes the first owner.
    """
    owners = list(User.objects.filter(role=Role.OWNER, is_active=True).order_by("created_at", "id"))
    if any(owner.has_usable_password() or owner.last_login is not None for owner in owners):
        return None
    return create_setup_link(owners[0].id if owners else None, actor=actor, now=now)


@transaction.atomic
def redeem_setup_link(
    secret: str, *, password: str, owner: PersonDraft | None = None, source_address: str = "", now: datetime
) -> User:
    """Sets the person's password; with the first owner's link, makes the owner out of `owner`.

    Raises SetupLinkUnusable, and ChangeRefused for a password that is too easy; then the link stays usable.
    """
    link = access.use_setup_link(secret, now=now)
    if link.user is not None:
        user = link.user
    elif owner is None:
        raise ChangeRefused("email", "is missing; give your address and name")
    else:
        user = _owner(owner, source_address=source_address, now=now)
    check_password(password, user=user)
    access.set_password(user.id, password)
    actor = Actor(kind="person", id=user.id, label=user.email, via="web", source_address=source_address)
    _tell("password.set", "person", user.id, user.email, {"by": "set-up link"}, actor=actor, now=now)
    return User.objects.get(id=user.id)


@transaction.atomic
def change_password(user_id: UUID, password: str, *, actor: Actor, now: datetime) -> None:
    """Ends every session of the person; the door starts the present one anew."""
    user = _active(user_id)
    check_password(password, user=user)
    access.set_password(user_id, password)
    _tell("password.set", "person", user_id, user.email, {"by": "the person"}, actor=actor, now=now)


def check_password(password: str, *, user: User) -> None:
    """Raises ChangeRefused that says what to use instead."""
    if len(password) > PASSWORD_MAX:
        raise ChangeRefused("password", f"use at most {PASSWORD_MAX} characters")
    try:
        validate_password(password, user=user)
    except ValidationError as error:
        raise ChangeRefused("password", " ".join(error.messages)) from error
    organization = Organization.objects.values_list("name", flat=True).first() or ""
    word = leans_on(password, PRODUCT, organization, user.name, user.email)
    if word:
        raise ChangeRefused(
            "password",
            f"do not build it on “{word}”, which is guessed first here; use a few words that are not related",
        )


@transaction.atomic
def note_sign_in(user: User, *, how: str, actor: Actor, now: datetime) -> None:
    _tell("session.started", "person", user.id, user.email, {"by": how}, actor=actor, now=now)


@transaction.atomic
def note_sign_in_failure(*, email: str, source: str, actor: Actor, now: datetime) -> None:
    """Counted for the throttle; in the record under the address that was tried, whether it exists or not."""
    access.note_sign_in_failure(email=email, source=source, now=now)
    _tell("session.refused", "person", None, email, {}, actor=actor, now=now)


@transaction.atomic
def note_security_change(user: User, *, action: str, details: dict[str, object], actor: Actor, now: datetime) -> None:
    """A second factor or a session was added or ended: `totp.activated`, `passkey.removed`, `session.ended`, …"""
    _tell(action, "person", user.id, user.email, details, actor=actor, now=now)


def _owner(draft: PersonDraft, *, source_address: str, now: datetime) -> User:
    actor = Actor(kind="system", label="Set-up link of the first start", via="web", source_address=source_address)
    known = User.objects.select_for_update().filter(email=clean_email(draft.email)).first()
    if known is None:
        return create_person(
            PersonDraft(email=draft.email, name=draft.name, role=Role.OWNER, time_zone=draft.time_zone),
            actor=actor,
            now=now,
        )
    raise ChangeRefused(
        "email",
        f"the address {known.email} belongs to a person already; run `watchbill person setup-link` for that person",
    )


def _active(user_id: UUID) -> User:
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise PersonUnknown("id", f"no person has the id {user_id}; look the person up again")
    if not user.is_active:
        raise ChangeRefused("", f"{user.email} is disabled; enable that person first")
    return user


def _tell(
    action: str,
    kind: str,
    identity: UUID | None,
    label: str,
    details: Mapping[str, object],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    entry = Record(action=action, subject_kind=kind, subject_id=identity, subject_label=label, details=dict(details))
    record([entry], actor=actor, now=now)
