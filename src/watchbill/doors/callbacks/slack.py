"""Slack calling by HTTP, where an instance is reachable and prefers that to Socket Mode.

A request is believed when the signature over its raw bytes is right and it is not older than five minutes. It is
written down and answered at once; the worker does what it asks for. A repetition, however signed, changes nothing.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from watchbill.chat.slack_events import COMMAND, EVENT, INTERACTIVE, parse
from watchbill.domain.warrooms.inbox_actions import take_in
from watchbill.doors.moment import now_of
from watchbill.doors.web.guards import open_to_all
from watchbill.doors.web.wiring import wired

BODY_BYTES_MAX = 512 * 1024
_OLDEST = timedelta(minutes=5)


@open_to_all("Slack signs each request, and one that is not signed rightly is refused")
@csrf_exempt
@require_POST
def callback(request: HttpRequest) -> HttpResponse:
    secret, now = wired().slack_signing_secret, now_of(request)
    if not secret:
        return HttpResponse("Slack does not call this instance: WATCHBILL_SLACK_SIGNING_SECRET is empty\n", status=404)
    length = request.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= BODY_BYTES_MAX):
        return HttpResponse("too long, or its length is not said\n", status=413)
    body = request.body
    if not is_signed(body, request.headers, secret=secret, now=now):
        return HttpResponse("the signature is wrong, or older than five minutes\n", status=401)
    kind, payload = read(body, content_type=request.headers.get("Content-Type", ""))
    if payload.get("type") == "url_verification":
        return HttpResponse(str(payload.get("challenge") or "")[:1000], content_type="text/plain")
    incoming = parse(kind, payload)
    if incoming is not None:
        take_in("slack", incoming, now=now)
    # Empty: a form closes, and a command says nothing before its answer.
    return HttpResponse(status=200)


def is_signed(body: bytes, headers: Mapping[str, str], *, secret: str, now: datetime) -> bool:
    stamp = headers.get("X-Slack-Request-Timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return False
    if abs(now.timestamp() - int(stamp)) > _OLDEST.total_seconds():
        return False
    base = b"v0:" + stamp.encode("ascii") + b":" + body
    right = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    given = headers.get("X-Slack-Signature", "").encode("utf-8", "replace")
    return hmac.compare_digest(right.encode(), given)


def read(body: bytes, *, content_type: str) -> tuple[str, Mapping[str, Any]]:
    """The kind as Socket Mode calls it, and the payload; ("", {}) for what cannot be read."""
    try:
        if content_type.startswith("application/json"):
            return EVENT, _mapping(orjson.loads(body))
        form = {name: values[0] for name, values in parse_qs(body.decode(), max_num_fields=100).items()}
        if "payload" in form:
            return INTERACTIVE, _mapping(orjson.loads(form["payload"]))
    except ValueError:  # orjson's and the text's own errors among them
        return "", {}
    return COMMAND, form


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
