"""What a token looks like, how long it lives, and when it is good."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

PREFIX = "wb"
LIFETIME = timedelta(days=365)
LIFETIME_MAX = timedelta(days=5 * 365)
NAME_MAX = 100
# `last_used_at` answers "is it still needed?"; a write per request would cost more than that is worth.
LAST_USED_EVERY = timedelta(minutes=1)

_SHAPE = re.compile(rf"{PREFIX}_[0-9A-Za-z]{{38}}")
_AUTHORIZATION = re.compile(r"(?:Bearer|Token|GenieKey)[ \t]+([^\s,]+)[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """The row of a token and its person, as far as the decision needs them."""

    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    person_is_active: bool


def token_in(header: str) -> str | None:
    """The token of an `Authorization` header; None when there is none that could be ours."""
    found = _AUTHORIZATION.fullmatch(header.strip())
    if found is None or not _SHAPE.fullmatch(found[1]):
        return None
    return found[1]


def is_good(token: TokenFacts, *, now: datetime) -> bool:
    if token.revoked_at is not None or not token.person_is_active:
        return False
    return token.expires_at is None or now < token.expires_at


def is_use_to_note(token: TokenFacts, *, now: datetime) -> bool:
    return token.last_used_at is None or now - token.last_used_at >= LAST_USED_EVERY
