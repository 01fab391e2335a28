"""What a service and an integration key must look like."""

import re
import secrets as random
import string
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from watchbill.domain.people.rules import listed
from watchbill.domain.services.models import IntegrationKind
from watchbill.ground import secrets
from watchbill.ground.refusals import ChangeRefused
from watchbill.ground.web_address import parts_of

# Bound to every sealed key; whoever unseals it names the same purpose.
INTEGRATION_KEY_PURPOSE = "integration.key"
# PagerDuty's own keys have 32 characters, and some senders insist on it.
PAGERDUTY_KEY_LENGTH = 32
KEY_MIN = 16
KEY_MAX = 200
DESCRIPTION_MAX = 5000
URL_MAX = 500
INTEGRATIONS_PER_SERVICE_MAX = 50
MAINTENANCE_MAX = timedelta(days=90)

_KEY = re.compile(r"[A-Za-z0-9_.~-]+")
_PREFIXES = {
    IntegrationKind.ALERTMANAGER: "am",
    IntegrationKind.GENERIC: "gen",
    IntegrationKind.HEARTBEAT: "hb",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDraft:
    name: str
    description: str = ""
    team_id: UUID | None = None
    policy_id: UUID | None = None
    urgency_rule: str = "high"
    runbook_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationDraft:
    """`key` None: one is made."""

    kind: str
    name: str = ""
    key: str | None = None


def check_key(kind: str, key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ChangeRefused("key", "holds other characters than letters, digits and - _ . ~; it stands in addresses")
    if kind == IntegrationKind.PAGERDUTY_EVENTS_V2 and len(key) != PAGERDUTY_KEY_LENGTH:
        raise ChangeRefused("key", f"has {len(key)} characters; a {kind} key has exactly {PAGERDUTY_KEY_LENGTH}")
    if not KEY_MIN <= len(key) <= KEY_MAX:
        raise ChangeRefused("key", f"has {len(key)} characters; use {KEY_MIN} to {KEY_MAX}, or leave it out to get one")
    return key


def new_key(kind: str) -> str:
    if kind == IntegrationKind.PAGERDUTY_EVENTS_V2:
        letters = string.ascii_lowercase + string.digits
        return "R" + "".join(random.choice(letters) for _ in range(PAGERDUTY_KEY_LENGTH - 1))
    return secrets.new_token(_PREFIXES[IntegrationKind(kind)])


def check_kind(kind: str) -> str:
    if kind not in IntegrationKind.values:
        raise ChangeRefused("kind", f'unknown kind "{kind}"; use {listed(tuple(IntegrationKind.values))}')
    return kind


def check_url(text: str, *, field: str) -> str:
    url = text.strip()
    if not url:
        return ""
    try:
        parts = parts_of(url)
    except ValueError:
        parts = parts_of("")
    if parts.scheme not in ("http", "https") or not parts.netloc or re.search(r"[\s\x00-\x1f<>\"]", url):
        raise ChangeRefused(field, "is no web address; write it like https://example.org/runbook")
    if len(url) > URL_MAX:
        raise ChangeRefused(field, f"has {len(url)} characters; use at most {URL_MAX}")
    return url
