"""How a receiver can tell that a request is ours, whole, and of now: one scheme for every webhook."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

HEADER = "X-Watchbill-Signature"


def signature(body: bytes, *, secrets: Sequence[str], now: datetime) -> str:
    """`t=<unix seconds>,v1=<hex>`, one v1 per secret: HMAC-SHA256 over the seconds, a dot, and the body."""
    seconds = str(int(now.timestamp()))
    signed = seconds.encode("ascii") + b"." + body
    digests = (hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={seconds}", *(f"v1={digest}" for digest in digests)])
