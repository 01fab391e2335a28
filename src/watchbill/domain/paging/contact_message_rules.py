"""How often a contact may be written to by request, and what a code is worth. Pages know nothing of these limits."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

CODE_LASTS = timedelta(minutes=10)
CODE_TRIES_MAX = 5
TEST_LASTS = timedelta(minutes=5)
NOTICE_LASTS = timedelta(hours=6)
SENDING_TRIES_MAX = 3
NOTICES_PER_DAY_MAX = 20
_CODE_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    at_most: int
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """When codes and test pages were asked for; `whose` names them in a refusal."""

    whose: str
    at: Sequence[datetime]
    limits: tuple[Limit, ...]


PER_CONTACT = (
    Limit(at_most=1, within=timedelta(seconds=30)),
    Limit(at_most=5, within=timedelta(hours=1)),
    Limit(at_most=15, within=timedelta(days=1)),
)
PER_PERSON = (Limit(at_most=15, within=timedelta(hours=1)), Limit(at_most=40, within=timedelta(days=1)))
# Several people may name one address: whoever is behind it must not be flooded through all of them.
PER_ADDRESS = (Limit(at_most=6, within=timedelta(hours=1)), Limit(at_most=20, within=timedelta(days=1)))
LOOKS_BACK = timedelta(days=1)


def refused_until(asked: Sequence[Asked], *, now: datetime) -> tuple[datetime, str] | None:
    """None while another one is allowed; otherwise when it is, and of whom there were too many."""
    worst: tuple[datetime, str] | None = None
    for one in asked:
        for limit in one.limits:
            recent = sorted(at for at in one.at if at > now - limit.within)
            if len(recent) < limit.at_most:
                continue
            until = recent[-limit.at_most] + limit.within
            if worst is None or until > worst[0]:
                worst = (until, one.whose)
    return worst


def new_code() -> str:
    return f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"


def code_digest(code: str, *, message_id: UUID, secret_key: str) -> str:
    """Keyed, because a million codes are tried in a second; bound to its message, so it fits no other contact."""
    key = hashlib.sha256(b"watchbill contact code v1\0" + secret_key.encode()).digest()
    return hmac.new(key, message_id.bytes + code.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def typed_code(text: str) -> str:
    """As people type it: with blanks or a dash in the middle."""
    return "".join(sign for sign in text if not sign.isspace() and sign != "-")
