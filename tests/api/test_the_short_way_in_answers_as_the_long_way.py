"""A trigger that arrives in one piece takes a short way past parser and ASGI; nobody can tell from the outcome."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.api.test_pagerduty_clients_need_only_another_address import event
from tests.harness.cast import Cast
from tests.harness.sender import Door
from tests.harness.wire import Wire, request
from watchbill.domain.alerts.models import Alert, Event
from watchbill.domain.audit.models import Entry
from watchbill.doors.ingest import express
from watchbill.doors.ingest.protocol import HEAD_BYTES_MAX


@pytest.fixture
def wire(door: Door) -> Iterator[Wire]:
    with Wire(door) as made:
        assert made.ask(_trigger("warm")).status == 202  # the first request starts the door and reads the key
        yield made


def _trigger(key: str, **changes: Any) -> bytes:
    return request("/v2/enqueue", orjson.dumps({**event(), "dedup_key": key, **changes}))


def test_both_ways_store_and_answer_the_same(wire: Wire) -> None:
    whole, cut = _trigger("short"), _trigger("long-")
    short, long = wire.ask(whole), wire.ask(cut[:60], cut[60:])
    assert short.status == long.status == 202
    assert short.json == {**long.json, "dedup_key": "short"}
    assert short.headers.keys() == long.headers.keys()
    stored = {row.dedup_key: row for row in Event.objects.filter(dedup_key__in=["short", "long-"])}
    assert stored["short"].headers == stored["long-"].headers
    key = event()["routing_key"].encode()
    kept = {name: bytes(row.body) for name, row in stored.items()}
    assert kept["short"] == whole.partition(b"\r\n\r\n")[2].replace(key, b"[integration key]")
    assert kept["long-"] == cut.partition(b"\r\n\r\n")[2].replace(key, b"[integration key]")
    ours, theirs = (Alert.objects.get(dedup_key=key) for key in ("short", "long-"))
    assert (ours.summary, ours.severity, ours.details) == (theirs.summary, theirs.severity, theirs.details)


@pytest.mark.parametrize(
    ("proxies", "source"), [("127.0.0.0/8", "203.0.113.5"), ("10.0.0.0/8", "127.0.0.1"), ("", "127.0.0.1")]
)
def test_both_ways_believe_a_trusted_proxy_and_nobody_else(cast: Cast, proxies: str, source: str) -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.9, 203.0.113.5"}
    short, long = (
        request("/v2/enqueue", orjson.dumps({**event(), "dedup_key": key}), headers=forwarded)
        for key in ("short", "long")
    )
    with Door(proxies=proxies) as door, Wire(door) as wire:
        assert wire.ask(_trigger("warm")).status == 202
        assert wire.ask(short).status == wire.ask(long[:60], long[60:]).status == 202
    for alert in Alert.objects.filter(dedup_key__in=["short", "long"]):
        assert set(Entry.objects.filter(subject_id=alert.id).values_list("source_address", flat=True)) == {source}
    assert Alert.objects.count() == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        orjson.dumps({**event(), "routing_key": "R" + "9" * 31}),
        orjson.dumps({**event(), "routing_key": 7}),
        orjson.dumps({**event(), "event_action": "shout"}),
        orjson.dumps({**event(), "payload": {}}),
        orjson.dumps({**event(), "event_action": "resolve", "dedup_key": "nobody"}),
        b'{"a":' * 40 + b"1" + b"}" * 40,
        orjson.dumps(event()).replace(b'"routing_key"', b'"n":"\\u0000\\ud800","routing_key"'),
    ],
)
def test_what_is_wrong_is_said_in_the_same_words(wire: Wire, door: Door, body: bytes) -> None:
    reply, expected = wire.ask(request("/v2/enqueue", body)), door.send("/v2/enqueue", body)
    assert reply.status == expected.status
    keyless = {"dedup_key": ""}
    assert {**reply.json, **keyless} == {**expected.json, **keyless}


def test_any_cut_gives_one_answer_and_one_event(wire: Wire) -> None:
    data = _trigger("cut")
    places = [1, 20, 27, 28, data.find(b"\r\n\r\n"), data.find(b"\r\n\r\n") + 4, len(data) - 1]
    for count, place in enumerate(places, start=1):
        assert wire.ask(data[:place], data[place:]).json["dedup_key"] == "cut"
        assert Event.objects.filter(dedup_key="cut").count() == count


def test_requests_sent_ahead_are_answered_in_their_order(wire: Wire) -> None:
    pieces = [_trigger("one"), _trigger("two") + _trigger("three"), _trigger("four"), b"GET /v2/enqueue HTTP/1.1\r\n"]
    pieces += [b"Host: x\r\n\r\n", _trigger("five")]
    replies = wire.talk(pieces, answers=6)
    assert [reply.json.get("dedup_key") for reply in replies] == ["one", "two", "three", "four", None, "five"]
    assert replies[4].status == 405
    together = wire.talk([b"".join(pieces)], answers=6)
    assert [reply.status for reply in together] == [202, 202, 202, 202, 405, 202]


def test_a_request_with_special_wishes_takes_the_long_way(wire: Wire) -> None:
    body = orjson.dumps({**event(), "dedup_key": "special"})
    once = {"Idempotency-Key": "only-once"}
    first, second = (wire.ask(request("/v2/enqueue", body, headers=once)) for _ in range(2))
    assert first.json == second.json
    assert Event.objects.filter(dedup_key="special").count() == 1
    closed = wire.ask(request("/v2/enqueue", body, headers={"Connection": "close"}))
    assert (closed.status, closed.headers["connection"]) == (202, "close")


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6",
        b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: +5",
        b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Length : 5",
        b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\n Content-Length: 5",
        b"POST /v2/enqueue HTTP/1.1\r\nHost: x\nContent-Length: 5\n\nGET / HTTP/1.1",
        b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999",
        b"POST /v2/enqueue HTTP/1.1\r\nContent-Length: 5",
        b"POST /v2/enqueue HTTP/1.1",
    ],
)
def test_a_head_that_could_be_read_in_two_ways_is_not_for_the_short_way(head: bytes) -> None:
    assert express.read_head(head) is None


def test_secrets_in_headers_are_not_kept() -> None:
    head = express.read_head(b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: 5")
    assert head is not None
    assert head.body_bytes == 5
    assert "Bearer" not in head.headers_json


def test_an_endless_head_is_refused(wire: Wire) -> None:
    start = b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\n"
    lines = [b"X-%d: %b\r\n" % (number, b"y" * 8000) for number in range(HEAD_BYTES_MAX // 8000 + 2)]
    assert wire.ask(start, b"".join(lines)).status == 400


def test_the_sender_that_leaves_before_the_answer_has_sent_its_event(wire: Wire, door: Door) -> None:
    wire.talk([_trigger("left")], answers=0)
    assert wire.ask(_trigger("left")).status == 202
    assert Event.objects.filter(dedup_key="left").count() == 2
