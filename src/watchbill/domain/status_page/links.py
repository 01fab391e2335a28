"""Links in messages to subscribers: signed, for one subscriber and one purpose. Opening one changes nothing."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

CONFIRM, LEAVE = "confirm", "leave"
CONFIRM_LASTS = timedelta(days=3)
_MAC_BYTES = 16


class LinkRefused(Exception):
    """The link was altered, is for something else, or is too old."""


def make_token(subscriber_id: UUID, *, purpose: str, secret_key: str, now: datetime) -> str:
    """A link to leave holds for ever: mails are read late."""
    expires = int((now + CONFIRM_LASTS).timestamp()) if purpose == CONFIRM else 0
    body = subscriber_id.bytes + expires.to_bytes(6, "big")
    return base64.urlsafe_b64encode(body + _mac(body, purpose, secret_key)).decode().rstrip("=")


def read_token(token: str, *, purpose: str, secret_key: str, now: datetime) -> UUID:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise LinkRefused("This link is damaged. Open it from the message again.") from error
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(body) != 22 or not hmac.compare_digest(mac, _mac(body, purpose, secret_key)):
        raise LinkRefused("This link is damaged. Open it from the message again.")
    expires = int.from_bytes(body[16:], "big")
    if expires and datetime.fromtimestamp(expires, UTC) < now:
        raise LinkRefused("This link is older than three days. Subscribe again to get a new one.")
    return UUID(bytes=body[:16])


def _mac(body: bytes, purpose: str, secret_key: str) -> bytes:
    key = hashlib.sha256(b"watchbill status page " + purpose.encode() + b" v1\0" + secret_key.encode()).digest()
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]
