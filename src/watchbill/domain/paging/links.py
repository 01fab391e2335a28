"""Acknowledge links: signed, for one person and one message, for a day. Opening one changes nothing."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

LASTS = timedelta(hours=24)
_MAC_BYTES = 16


class LinkRefused(Exception):
    """The link was altered or is too old. The remedy: sign in, or use a newer message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeLink:
    attempt_id: UUID
    user_id: UUID


def make_token(link: AcknowledgeLink, *, secret_key: str, now: datetime) -> str:
    expires = int((now + LASTS).timestamp())
    body = link.attempt_id.bytes + link.user_id.bytes + expires.to_bytes(6, "big")
    return base64.urlsafe_b64encode(body + _mac(body, secret_key)).decode().rstrip("=")


def read_token(token: str, *, secret_key: str, now: datetime) -> AcknowledgeLink:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise LinkRefused("This link is damaged. Open it from the message again, or sign in.") from error
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(body) != 38 or not hmac.compare_digest(mac, _mac(body, secret_key)):
        raise LinkRefused("This link is damaged. Open it from the message again, or sign in.")
    if datetime.fromtimestamp(int.from_bytes(body[32:], "big"), UTC) < now:
        raise LinkRefused("This link is older than a day. Sign in to see the alert.")
    return AcknowledgeLink(attempt_id=UUID(bytes=body[:16]), user_id=UUID(bytes=body[16:32]))


def _mac(body: bytes, secret_key: str) -> bytes:
    key = hashlib.sha256(b"watchbill acknowledge link v1\0" + secret_key.encode()).digest()
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]
