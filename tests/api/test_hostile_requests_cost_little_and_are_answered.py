"""Bombs, broken text and slow bodies: an answer that says what to do, never a 5xx, never an alert lost beside them."""

import asyncio
import gzip
from typing import Any

import orjson
import pytest

from tests.api.test_pagerduty_clients_need_only_another_address import event
from tests.harness.cast import Cast
from tests.harness.sender import Door
from watchbill.domain.alerts.models import Alert
from watchbill.doors.ingest import bounds

GENERIC = "/in/generic/gen-0123456789abcdef"


@pytest.fixture(autouse=True)
def _generic(cast: Cast) -> None:
    cast.add_integration(cast.service, GENERIC.rsplit("/", 1)[1], kind="generic")


@pytest.mark.parametrize(
    ("path", "size"), [("/v2/enqueue", bounds.PAGERDUTY_BYTES_MAX), (GENERIC, bounds.BODY_BYTES_MAX)]
)
def test_a_body_over_the_limit_is_refused_announced_or_not(door: Door, path: str, size: int) -> None:
    body = b" " * (size + 1)
    for reply in (door.send(path, body), door.send(path, chunks=[body[: size // 2], body[size // 2 :]])):
        assert reply.status == 413
        assert reply.json["errors"]


def test_a_body_at_the_limit_is_taken(door: Door) -> None:
    body = orjson.dumps({"summary": "big", "details": {"log": ""}})
    body = body.replace(b'"log":""', b'"log":"' + b"x" * (bounds.BODY_BYTES_MAX - len(body)) + b'"')
    assert len(body) == bounds.BODY_BYTES_MAX
    assert door.send(GENERIC, body).status == 202


def test_gzip_is_unpacked_and_a_bomb_is_not(door: Door) -> None:
    packed = {"content-encoding": "gzip"}
    assert door.send("/v2/enqueue", gzip.compress(orjson.dumps(event())), headers=packed).status == 202
    assert door.send(GENERIC, gzip.compress(b" " * 300_000_000, 9)[:1_000_000], headers=packed).status == 413
    assert door.send(GENERIC, b"no gzip", headers=packed).status == 400
    assert door.send(GENERIC, gzip.compress(b"{}" * 1000)[:20], headers=packed).status == 400
    assert door.send(GENERIC, b"x", headers={"content-encoding": "br"}).status == 415


@pytest.mark.parametrize(
    "body",
    [
        b'{"summary": "nul \\u0000 \\ud83d", "dedup_key": "k\\u0000\\udfff", "details": {"\\u0000": ["\\ud800"]}}',
        b'{"summary": "caf\xe9 in another charset"}',
        b'{"summary": "numbers", "details": {"a": NaN, "b": 1e999, "c": ' + b"7" * 900 + b"}}",
        b'{"summary": "twice", "summary": "the last one counts"}',
        '{"summary": "\u202e reversed \u200b \x7f \U0010ffff"}'.encode(),
    ],
)
def test_broken_text_is_stored_and_shown(door: Door, body: bytes) -> None:
    assert door.send(GENERIC, body).status == 202
    alert = Alert.objects.get()
    assert "\x00" not in alert.summary
    orjson.dumps(alert.details)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"summary": "deep", "details": ' + b"[" * 40 + b"]" * 40 + b"}",
        orjson.dumps({"summary": "wide", "details": {str(number): 1 for number in range(1200)}}),
        b"",
        b"null",
        b"\x00",
        b'"text"',
    ],
)
def test_structure_bombs_and_noise_are_refused_with_a_reason(door: Door, body: bytes) -> None:
    for path in (GENERIC, "/v2/enqueue"):
        reply = door.send(path, body)
        assert reply.status == 400
        assert reply.json["errors"]


def test_other_charsets_are_read(door: Door) -> None:
    text = '{"summary": "Überlauf"}'
    assert door.send(
        GENERIC, text.encode("latin-1"), headers={"content-type": "application/json; charset=iso-8859-1"}
    ).status == 202  # fmt: skip
    assert door.send(GENERIC, text.encode("utf-16")).status == 202
    assert set(Alert.objects.values_list("summary", flat=True)) == {"Überlauf"}
    for charset in ("rot13", "nonsense", "base64", "\x01"):
        headers = {"content-type": f"application/json; charset={charset}"}
        assert door.send(GENERIC, text.encode(), headers=headers).status == 202


def test_a_slow_body_is_given_up(door: Door) -> None:
    """The event loop's clock is moved on instead of waiting."""

    async def trickle() -> list[Any]:
        sent: list[Any] = []
        loop = asyncio.get_running_loop()
        started, ahead = loop.time, [0.0]
        loop.time = lambda: started() + ahead[0]  # type: ignore[method-assign]  # time is passed in, here too

        async def receive() -> dict[str, Any]:
            ahead[0] += 3
            await asyncio.sleep(0)
            return {"type": "http.request", "body": b" ", "more_body": True}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/v2/enqueue", "headers": [], "client": None}
        try:
            await door.app(scope, receive, send)
        finally:
            loop.time = started  # type: ignore[method-assign]  # as above
        return sent

    start, end = door.run(trickle())
    assert start["status"] == 408
    assert (b"connection", b"close") in start["headers"]
    assert orjson.loads(end["body"])["errors"]


def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(door: Door) -> None:
    assert door.send("/v2/enqueue", chunks=[]).status == 0
    assert not Alert.objects.exists()


def test_what_lets_somebody_in_is_not_kept(door: Door) -> None:
    headers = {"authorization": "Bearer canary-secret", "cookie": "canary-secret", "user-agent": "monitor/1"}
    door.send(GENERIC, {"summary": "s"}, headers=headers)
    stored = Alert.objects.get().first_event_id
    from watchbill.domain.alerts.models import Event

    kept = Event.objects.get(id=stored).headers
    assert kept["user-agent"] == "monitor/1"
    assert "canary-secret" not in str(kept)
