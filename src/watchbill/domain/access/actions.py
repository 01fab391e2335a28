"""Tokens, set-up links and the end of access. Without audit entries: `people.account_actions` adds them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction

from watchbill.domain.access.models import ApiToken, Role, Scope, SetupLink, SignInFailure, User
from watchbill.domain.access.token_rules import LIFETIME_MAX, NAME_MAX, PREFIX
from watchbill.ground import secrets
from watchbill.ground.refusals import ChangeRefused, Unknown

SETUP_LINK_PREFIX = "wbs"
SETUP_LINK_LIFETIME = timedelta(hours=24)


class TokenUnknown(Unknown):
    pass


class SetupLinkUnusable(ChangeRefused):
    """Used, expired, replaced or never made: all the same to whoever holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """`secret` is shown once and kept nowhere."""

    id: UUID
    secret: str
    hint: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSetupLink:
    """`secret` is the last part of the link's address."""

    id: UUID
    secret: str
    expires_at: datetime


@transaction.atomic
def add_token(user_id: UUID, *, name: str, scope: str, lifetime: timedelta, now: datetime) -> NewToken:
    if scope not in Scope.values:
        raise ChangeRefused("scope", f'unknown scope "{scope}"; use {", ".join(Scope.values)}')
    if not timedelta() < lifetime <= LIFETIME_MAX:
        raise ChangeRefused("expires", f"must be between a moment and {LIFETIME_MAX.days} days from now")
    name = " ".join(name.split()) or "unnamed"
    if len(name) > NAME_MAX or not name.isprintable():
        raise ChangeRefused("name", f"use one line of at most {NAME_MAX} characters")
    secret = secrets.new_token(PREFIX)
    row = ApiToken.objects.create(
        user_id=user_id,
        name=name,
        hint=secrets.hint(secret),
        digest=secrets.digest(secret),
        scope=scope,
        created_at=now,
        expires_at=now + lifetime,
    )
    return NewToken(id=row.id, secret=secret, hint=row.hint, expires_at=row.expires_at)


@transaction.atomic
def end_token(token_id: UUID, *, now: datetime) -> bool:
    """False when it had ended before."""
    if ApiToken.objects.filter(id=token_id, revoked_at=None).update(revoked_at=now):
        return True
    if not ApiToken.objects.filter(id=token_id).exists():
        raise TokenUnknown("id", f"no token has the id {token_id}; list the tokens again")
    return False


@transaction.atomic
def add_setup_link(user_id: UUID | None, *, now: datetime) -> NewSetupLink:
    """For a person to set a password; without a person, to create the owner. It replaces the links before it."""
    former = SetupLink.objects.filter(used_at=None)
    (former.filter(user=None) if user_id is None else former.filter(user_id=user_id)).delete()
    secret = secrets.new_token(SETUP_LINK_PREFIX)
    row = SetupLink.objects.create(
        user_id=user_id,
        digest=secrets.digest(secret),
        created_at=now,
        expires_at=now + SETUP_LINK_LIFETIME,
    )
    return NewSetupLink(id=row.id, secret=secret, expires_at=row.expires_at)


@transaction.atomic
def use_setup_link(secret: str, *, now: datetime) -> SetupLink:
    """The link's row, used up. Of two who use it at once, one gets it. Raises SetupLinkUnusable."""
    row = SetupLink.objects.select_for_update().filter(digest=secrets.digest(secret)).first()
    is_usable = row is not None and row.used_at is None and now < row.expires_at
    if row is None or not is_usable or not _still_wanted(row):
        raise SetupLinkUnusable("", "this link was used, has expired or was replaced; ask an admin for a new one")
    SetupLink.objects.filter(id=row.id).update(used_at=now)
    return row


@transaction.atomic
def set_password(user_id: UUID, password: str) -> None:
    """Every session ends with it, because whoever had the old password may sit in one."""
    User.objects.filter(id=user_id).update(password=make_password(password))
    end_sessions(user_id)


@transaction.atomic
def end_access(user_id: UUID, *, now: datetime) -> None:
    """Sessions, tokens and set-up links of somebody who was disabled. They do not come back with the person."""
    end_sessions(user_id)
    ApiToken.objects.filter(user_id=user_id, revoked_at=None).update(revoked_at=now)
    SetupLink.objects.filter(user_id=user_id, used_at=None).delete()


@transaction.atomic
def end_sessions(user_id: UUID) -> int:
    held = UserSession.objects.filter(user_id=user_id)
    Session.objects.filter(session_key__in=held.values_list("session_key", flat=True)).delete()
    ended, _ = held.delete()
    return ended


@transaction.atomic
def note_sign_in_failure(*, email: str, source: str, now: datetime) -> None:
    SignInFailure.objects.create(email=email.strip().lower()[:254], source_address=source[:64], at=now)


def _still_wanted(row: SetupLink) -> bool:
    """The owner's link ends with the first owner, a person's with the person."""
    if row.user_id is None:
        return not User.objects.filter(role=Role.OWNER, is_active=True).exists()
    return User.objects.filter(id=row.user_id, is_active=True).exists()
