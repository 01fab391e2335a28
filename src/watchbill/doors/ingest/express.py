"""The short way in: the commonest request of all, a well-formed PagerDuty trigger that arrived in one piece.

It takes what the long way would store, or leaves the request alone: every doubt, every error and every other address
goes the long way. What it saves is the work per request that only doubts need.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import httptools
import orjson

from watchbill.domain.alerts.contract import Action, PayloadRefused
from watchbill.domain.alerts.store import Trigger
from watchbill.doors.ingest import bounds
from watchbill.doors.ingest.batcher import QueueFull, ShareUsedUp
from watchbill.doors.ingest.request import headers_json, source_address, without_key
from watchbill.doors.ingest.state import State
from watchbill.doors.ingest.work import Verdict, Work
from watchbill.ground.ids import new_id
from watchbill.ground.json_text import JsonRefused, read_json
from watchbill.sources import pagerduty_events_v2

START = b"POST /v2/enqueue HTTP/1.1\r\n"
_END_OF_HEAD = b"\r\n\r\n"
_HEAD_BYTES_MAX = 4096
# These ask for more than the short way can do.
_TOO_SPECIAL = frozenset(
    {b"transfer-encoding", b"content-encoding", b"expect", b"upgrade", b"connection", b"idempotency-key"}
)
_CONTENT_TYPES = frozenset({b"", b"application/json", b"application/json; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Head:
    """`headers_json` is what is kept of them as evidence, `forwarded` what a proxy says about the sender."""

    body_bytes: int
    forwarded: tuple[tuple[bytes, bytes], ...]
    headers_json: str


def take(data: bytes, state: State, *, peer: str, done: Callable[[str, Verdict], None]) -> bool:
    """Whether the request is taken: then `done` is called once with its key, and STORED is said after the commit."""
    end = data.find(_END_OF_HEAD)
    if end < 0 or end > _HEAD_BYTES_MAX:
        return False
    head = read_head(data[:end])
    body = data[end + 4 :]
    if head is None or len(body) != head.body_bytes:
        return False
    trigger = _trigger(body, head, state, peer)
    if trigger is None:
        return False
    key = trigger.dedup_key
    work = Work(trigger.route.integration_id, (trigger,), len(body), lambda verdict: done(key, verdict))
    try:
        state.batcher.put(work, one_lane=False)
    except (QueueFull, ShareUsedUp):
        return False
    return True


def _trigger(body: bytes, head: Head, state: State, peer: str) -> Trigger | None:
    try:
        payload = read_json(body, depth_max=bounds.DEPTH_MAX, keys_max=bounds.KEYS_MAX)
        signals = pagerduty_events_v2.parse(payload)
    except (JsonRefused, PayloadRefused):
        return None
    signal = signals[0]
    key = payload.get("routing_key")
    if signal.action is not Action.TRIGGER or not isinstance(key, str):
        return None
    route = state.keys.fresh(key)
    if route is None or route.kind != pagerduty_events_v2.kind:
        return None
    event_id = new_id()
    dedup_key = signal.dedup_key or event_id.hex
    kept = without_key(body, key)
    source = source_address(peer, head.forwarded, trusted=state.trusted)
    return Trigger(event_id, state.clock.now(), route, signal, dedup_key, kept, head.headers_json, source)


@lru_cache(maxsize=1024)
def read_head(head: bytes) -> Head | None:
    """None for one that the short way does not take. A sender's heads differ in the length of the body alone."""
    seen = _Seen()
    try:
        httptools.HttpRequestParser(seen).feed_data(head + _END_OF_HEAD)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    if not seen.is_complete:
        return None
    names = [name for name, _ in seen.headers]
    found = dict(seen.headers)
    length = found.get(b"content-length", b"")
    if _TOO_SPECIAL.intersection(names) or names.count(b"content-length") != 1 or names.count(b"host") != 1:
        return None
    if not length.isdigit() or len(length) > 18 or not 0 < int(length) <= bounds.PAGERDUTY_BYTES_MAX:
        return None
    if found.get(b"content-type", b"").lower() not in _CONTENT_TYPES:
        return None
    forwarded = tuple(header for header in seen.headers if header[0] == b"x-forwarded-for")
    return Head(int(length), forwarded, headers_json(tuple(seen.headers)))


class _Seen:
    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.is_complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.is_complete = True


def answer(dedup_key: str) -> bytes:
    return b'{"status":"success","message":"Event processed","dedup_key":' + orjson.dumps(dedup_key) + b"}"
