"""Who a token speaks for, what tokens and sessions there are, and whether another try to sign in is allowed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.usersessions.models import UserSession

from watchbill.domain.access.actions import SetupLinkUnusable
from watchbill.domain.access.models import ApiToken, Role, SetupLink, SignInFailure, User
from watchbill.domain.access.sign_in_rules import (
    CODE_FAILURES_MAX,
    CODE_FAILURES_WITHIN,
    FAILURES_WITHIN,
    blocked_until,
)
from watchbill.domain.access.token_rules import TokenFacts, is_good, is_use_to_note, token_in
from watchbill.ground import secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHolder:
    user: User
    token_id: UUID
    name: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    id: UUID
    email: str
    name: str
    hint: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    id: int
    key: str
    address: str
    user_agent: str
    created_at: datetime


def authenticate_token(header: str, *, now: datetime) -> TokenHolder | None:
    """From an `Authorization` header. None, without saying why, for every token that is not good.

    Found by digest, so that no comparison in the database or here depends on the secret's own characters.
    """
    secret = token_in(header)
    if secret is None:
        return None
    digest = secrets.digest(secret)
    row = ApiToken.objects.select_related("user").filter(digest=digest).first()
    if row is None or not secrets.same(row.digest, digest):
        return None
    facts = TokenFacts(
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        person_is_active=row.user.is_active,
    )
    if not is_good(facts, now=now):
        return None
    if is_use_to_note(facts, now=now):
        ApiToken.objects.filter(id=row.id, last_used_at=row.last_used_at).update(last_used_at=now)
    return TokenHolder(user=row.user, token_id=row.id, name=row.name, scope=row.scope)


def tokens(*, user_id: UUID | None = None) -> list[TokenLine]:
    """The newest first, the ended ones too; everybody's when no person is named."""
    rows = ApiToken.objects.select_related("user").order_by("-created_at", "-id")
    if user_id is not None:
        rows = rows.filter(user_id=user_id)
    return [
        TokenLine(
            id=row.id,
            email=row.user.email,
            name=row.name,
            hint=row.hint,
            scope=row.scope,
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
        )
        for row in rows
    ]


def sessions(user_id: UUID) -> list[SessionLine]:
    rows = UserSession.objects.filter(user_id=user_id).order_by("-created_at")
    return [
        SessionLine(
            id=row.pk, key=row.session_key, address=row.ip, user_agent=row.user_agent, created_at=row.created_at
        )
        for row in rows
    ]


def setup_link_person(secret: str, *, now: datetime) -> User | None:
    """Whom the link is for; None for the first owner's link. Changes nothing. Raises SetupLinkUnusable."""
    row = SetupLink.objects.select_related("user").filter(digest=secrets.digest(secret)).first()
    if row is None or row.used_at is not None or now >= row.expires_at or (row.user and not row.user.is_active):
        raise SetupLinkUnusable("", "this link was used, has expired or was replaced; ask an admin for a new one")
    if row.user is None and has_owner():
        raise SetupLinkUnusable("", "this instance has an owner already; sign in, or ask an admin for a link")
    return row.user


def has_owner() -> bool:
    return User.objects.filter(role=Role.OWNER, is_active=True).exists()


def sign_in_blocked_until(*, email: str, source: str, now: datetime) -> datetime | None:
    failures = SignInFailure.objects.filter(
        email=email.strip().lower()[:254], source_address=source[:64], at__gt=now - FAILURES_WITHIN
    )
    return blocked_until(list(failures.values_list("at", flat=True)), now=now)


def code_blocked_until(*, subject: str, source: str, now: datetime) -> datetime | None:
    """The same for codes, where all networks together count as well."""
    here = sign_in_blocked_until(email=subject, source=source, now=now)
    everywhere = SignInFailure.objects.filter(email=subject, at__gt=now - CODE_FAILURES_WITHIN)
    return here or blocked_until(
        list(everywhere.values_list("at", flat=True)),
        now=now,
        at_most=CODE_FAILURES_MAX,
        within=CODE_FAILURES_WITHIN,
    )
