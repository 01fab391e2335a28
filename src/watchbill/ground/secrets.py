"""Keys and tokens: made, hashed for look-up, sealed where they must be read again."""

import base64
import hashlib
import hmac
import secrets
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# Without what looks alike.
_SPOKEN = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class SealBroken(Exception):
    """The sealed text was not made with this instance's secret key, or was altered."""


def new_token(prefix: str) -> str:
    """`prefix_` + 32 base-62 characters (190 bits) + a checksum, so that scanners can tell it from noise."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(32))
    return f"{prefix}_{body}{_checksum(body)}"


def new_spoken_code() -> str:
    """Twelve characters (60 bits) that are read off one screen and typed into another."""
    body = "".join(secrets.choice(_SPOKEN) for _ in range(12))
    return "-".join((body[:4], body[4:8], body[8:]))


def digest(token: str) -> str:
    """SHA-256 in hex. Tokens have 160 random bits or more, so no salt or stretching is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def hint(token: str) -> str:
    """What may be shown of a key: enough to tell two apart, not enough to use."""
    return f"{token[:4]}…{token[-4:]}" if len(token) > 12 else "…"


def seal(text: str, *, secret_key: str, purpose: str) -> str:
    """AES-256-GCM with a key derived from the instance's secret; `purpose` is bound to the text."""
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(_key(secret_key)).encrypt(nonce, text.encode(), purpose.encode())
    return "v1:" + base64.b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, secret_key: str, purpose: str) -> str:
    if not sealed.startswith("v1:"):
        raise SealBroken("unknown seal version")
    raw = base64.b64decode(sealed[3:])
    try:
        return AESGCM(_key(secret_key)).decrypt(raw[:12], raw[12:], purpose.encode()).decode()
    except InvalidTag as error:
        raise SealBroken("this value was sealed with another secret key: restore the instance's secret.key") from error


def _key(secret_key: str) -> bytes:
    return hashlib.sha256(b"watchbill seal v1\0" + secret_key.encode()).digest()


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    letters = ""
    for _ in range(6):
        value, remainder = divmod(value, 62)
        letters = _ALPHABET[remainder] + letters
    return letters
