"""What every handler needs of a request, and what it makes of a payload's signals."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from watchbill.domain.alerts.contract import Action, Signal
from watchbill.domain.alerts.source_actions import SourceEvent
from watchbill.domain.alerts.store import Trigger
from watchbill.domain.services.store import Route
from watchbill.doors.forwarded import client_address
from watchbill.doors.ingest.answers import Answer, refused, try_again
from watchbill.doors.ingest.batcher import QueueFull, ShareUsedUp
from watchbill.doors.ingest.bounds import Refused
from watchbill.doors.ingest.state import State
from watchbill.doors.ingest.throttled import FULL, SHARE
from watchbill.doors.ingest.work import Idempotency, Verdict
from watchbill.ground.ids import new_id
from watchbill.ground.network_guard import Network

_SECRET = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"x-api-key", b"x-routing-key"})
_KEY_HIDDEN = b"[integration key]"
_VALUE_MAX = 1000
_HEADERS_MAX = 40
_IDEMPOTENCY_KEY_MAX = 255


class Request:
    """`body` as received; without the sender's key it is kept as evidence."""

    __slots__ = ("body", "headers", "raw_headers", "received_at", "source_address")

    def __init__(self, scope: Any, *, received_at: datetime, trusted: tuple[Network, ...]) -> None:
        self.raw_headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.headers = dict(self.raw_headers)
        client = scope.get("client")
        self.source_address = source_address(client[0] if client else "", self.raw_headers, trusted=trusted)
        self.received_at = received_at
        self.body = b""


def source_address(peer: str, headers: Sequence[tuple[bytes, bytes]], *, trusted: tuple[Network, ...]) -> str:
    if not trusted:
        return peer
    # A proxy may add a line of its own: the last one is the nearest hop's.
    forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    return client_address(peer, forwarded.decode("latin-1"), trusted=trusted)


def without_key(body: bytes, key: str) -> bytes:
    """Evidence is read by many more people than may send in the sender's name. Compressed bodies stay as they are."""
    return body.replace(key.encode(), _KEY_HIDDEN)


def events_of(request: Request, route: Route, signals: Sequence[Signal]) -> list[Trigger | SourceEvent]:
    """One event per signal. The raw body is kept once, with the first; the others name that one."""
    headers = headers_json(tuple(request.raw_headers))
    body = request.body
    events: list[Trigger | SourceEvent] = []
    for signal in signals:
        event = _event(request, route, signal, body, headers)
        if not events and len(signals) > 1:
            body = b""
            headers = orjson.dumps({"body-is-in-event": str(event.event_id)}).decode()
        events.append(event)
    return events


def _event(request: Request, route: Route, signal: Signal, body: bytes, headers: str) -> Trigger | SourceEvent:
    event_id = new_id()
    if signal.action is Action.TRIGGER:
        # Without a key nothing may ever meet this alert by accident; its own id is the key that the sender is told.
        dedup_key = signal.dedup_key or event_id.hex
        return Trigger(event_id, request.received_at, route, signal, dedup_key, body, headers, request.source_address)
    return SourceEvent(
        event_id=event_id,
        integration_id=route.integration_id,
        integration_label=route.label,
        dedup_key=signal.dedup_key,
        action=signal.action,
        summary=signal.summary,
        body=body,
        headers=orjson.loads(headers),
        source_address=request.source_address,
    )


async def store(
    state: State, request: Request, route: Route, events: Sequence[Trigger | SourceEvent], *, answer: Answer,
    one_lane: bool, throttled_status: int,
) -> Answer:  # fmt: skip
    """`answer` once it is true; otherwise what went wrong and what to do."""
    idempotency = _idempotency(request, answer)
    try:
        verdict = await state.batcher.store(
            route.integration_id, events, size_bytes=len(request.body), one_lane=one_lane, idempotency=idempotency
        )
    except QueueFull:
        state.throttled.note(route.integration_id, FULL)
        return try_again(503, "Too many events are waiting to be stored.")
    except ShareUsedUp:
        state.throttled.note(route.integration_id, SHARE)
        return try_again(throttled_status, "Too many events of this integration are waiting to be stored.")
    if verdict is Verdict.STORED:
        return answer
    if verdict is Verdict.REPEATED and idempotency is not None:
        return Answer(idempotency.status, idempotency.body)
    return not_stored(verdict)


def not_stored(verdict: Verdict) -> Answer:
    match verdict:
        case Verdict.CONFLICT:
            error = "This Idempotency-Key was used with another body. Use a new key for a new event."
            return refused(409, "conflict", "The event was not accepted.", [error])
        case Verdict.QUARANTINED:
            error = "The event was kept for inspection but did not become an alert. Tell whoever runs Watchbill."
            return refused(500, "quarantined", "The event cannot be processed.", [error])
        case _:
            return try_again(503, "The database did not confirm that the event is stored.")


def _idempotency(request: Request, answer: Answer) -> Idempotency | None:
    raw = request.headers.get(b"idempotency-key")
    if raw is None:
        return None
    key = raw.decode("latin-1").strip()
    if not key or len(key) > _IDEMPOTENCY_KEY_MAX or not key.isprintable():
        error = f"`Idempotency-Key` must be 1 to {_IDEMPOTENCY_KEY_MAX} printable characters."
        raise Refused(refused(400, "invalid event", "The event was not accepted.", [error]))
    return Idempotency(key, hashlib.sha256(request.body).hexdigest(), answer.status, answer.body)


@lru_cache(maxsize=512)
def headers_json(headers: tuple[tuple[bytes, bytes], ...]) -> str:
    """One sender's headers are mostly the same each time. What could be used to get in is left out."""
    kept = {
        name.decode("latin-1")[:100]: _readable(value) for name, value in headers[:_HEADERS_MAX] if name not in _SECRET
    }
    return orjson.dumps(kept).decode()


def _readable(value: bytes) -> str:
    return value[:_VALUE_MAX].decode("latin-1").replace("\x00", "\ufffd")
