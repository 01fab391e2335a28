"""What senders are told. The shape is PagerDuty's everywhere, because its clients print `errors`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

_JSON = (b"content-type", b"application/json")
_RETRY_AFTER_SECONDS = b"1"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)


def accepted(dedup_key: str) -> Answer:
    return Answer(202, b'{"status":"success","message":"Event processed","dedup_key":' + orjson.dumps(dedup_key) + b"}")


def accepted_with(**fields: Any) -> Answer:
    return Answer(202, orjson.dumps({"status": "success", "message": "Event processed", **fields}))


def refused(status: int, title: str, message: str, errors: Sequence[str], *, close: bool = False) -> Answer:
    """The sender must change something before it tries again. `close`: the rest of its body is not read."""
    body = orjson.dumps({"status": title, "message": message, "errors": list(errors)})
    return Answer(status, body, (_JSON, (b"connection", b"close")) if close else (_JSON,))


def invalid(errors: Sequence[str], *, message: str = "Event object is invalid") -> Answer:
    return refused(400, "invalid event", message, errors)


def unrecognized(error: str) -> Answer:
    return refused(400, "Unrecognized object", "Event object format is unrecognized", [error])


def try_again(status: int, reason: str) -> Answer:
    """Nothing is wrong with the event; it is not stored, or nobody knows whether it is. Sending it again is safe."""
    body = orjson.dumps({"status": "not accepted", "message": reason, "errors": [f"{reason} Send the event again."]})
    return Answer(status, body, (_JSON, (b"retry-after", _RETRY_AFTER_SECONDS)))


def plain(status: int, text: str, *, content_type: bytes = b"text/plain; charset=utf-8") -> Answer:
    return Answer(status, text.encode(), ((b"content-type", content_type),))
