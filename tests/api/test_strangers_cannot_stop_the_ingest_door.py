"""Whatever comes over the wire, a real instance answers it, lives on, and pages for the alerts that come meanwhile."""

import gzip
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.harness.instances import wait_for
from tests.harness.product import Product

pytestmark = pytest.mark.lab

OWNER = "owner@example.org"
KEY, GENERIC = "R000000000000000000000strangers1", "generic-strangers-0123456789"
ORGANIZATION = f"""
organization: {{name: Example, time_zone: UTC, fallback: [{OWNER}]}}
users:
  - {{email: {OWNER}, name: The Owner, role: owner, contacts: [{{name: hook, kind: webhook, address: "HOOKS/owner"}}]}}
policies:
  - {{name: strangers, levels: [{{targets: ["user:{OWNER}"], timeout: 1h}}]}}
services:
  - name: strangers
    policy: strangers
    integrations: [{{kind: pagerduty-events-v2, key: {KEY}}}, {{kind: generic, key: {GENERIC}}}]
"""
DOORS = (
    "/v2/enqueue",
    f"/in/generic/{GENERIC}",
    f"/in/alertmanager/{GENERIC}",
    "/in/generic/unheard-of",
    "/v2/change/enqueue",
)
SLOW_CONNECTIONS = 200
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with Product(ORGANIZATION) as started:
        yield started
        errors = [line for line in started.log.read_text().splitlines() if '"level": "error"' in line]
        # Django notes a host name that is none in this way; it is answered with 400.
        complaints = [line for line in errors if "Invalid HTTP_HOST header" not in line]
        assert complaints == []


@pytest.fixture(autouse=True)
def _lives_on_and_pages(product: Product) -> Iterator[None]:
    """After every attack the same processes run, and an alert gets through."""
    before = product.processes()
    yield
    assert_pages(product)
    assert product.processes() == before
    assert product.is_ready()


def assert_pages(product: Product) -> float:
    """Seconds from sending an alert to its page on the phone."""
    began = time.monotonic()
    summary = f"Meanwhile {began}"
    product.trigger(KEY, summary)
    wait_for("the page", lambda: any(summary.encode() in one.body for one in list(product.hooks.requests)), seconds=30)
    return time.monotonic() - began


def assert_answered(answer: httpx.Response, what: object) -> None:
    assert answer.status_code < 500 or (answer.status_code == 503 and "retry-after" in answer.headers), (
        what,
        answer.status_code,
        answer.text[:300],
    )


def raw(product: Product, request: bytes, *, seconds: float = 15) -> bytes:
    """All that is answered until the other side closes or says nothing more."""
    with socket.create_connection(("127.0.0.1", product.port), timeout=seconds) as wire:
        answered = b""
        try:
            wire.sendall(request)
            while chunk := wire.recv(65_536):
                answered += chunk
        except (TimeoutError, ConnectionError):
            pass
        return answered


def statuses(answered: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answered)]


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: watchbill.example.org", *lines, "", "")).encode("latin-1")


def event(key: str, summary: str = "Piped") -> bytes:
    payload = {"summary": summary, "source": "host", "severity": "critical"}
    return json.dumps({"routing_key": KEY, "event_action": "trigger", "dedup_key": key, "payload": payload}).encode()


def test_slow_bodies_and_heads_block_nobody(product: Product) -> None:
    beginnings = (
        head("/v2/enqueue", "Content-Type: application/json", "Content-Length: 5000") + b'{"routing_key": "',
        b"POST /v2/enqueue HTTP/1.1\r\nHost: watch",
        head("/v2/enqueue", "Transfer-Encoding: chunked") + b"ffff\r\n{",
        head("/sign-in", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 5000") + b"login=",
    )
    with ExitStack() as held:
        wires = []
        for number in range(SLOW_CONNECTIONS):
            wire = held.enter_context(socket.create_connection(("127.0.0.1", product.port), timeout=60))
            wire.sendall(beginnings[number % len(beginnings)])
            wires.append(wire)
        seconds = [assert_pages(product) for _ in range(3)]
        assert httpx.get(f"{product.url}/sign-in", timeout=10).status_code == 200
        print(f"pages beside {SLOW_CONNECTIONS} slow senders after {[round(one, 2) for one in seconds]} s")
        # A body that does not end is answered or the connection closed; it is not held for ever.
        assert statuses(wires[0].recv(65_536)) in ([408], [])


def test_bodies_of_every_unkind_shape(product: Product) -> None:
    deep = b'{"summary":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    bodies = {
        "empty": b"",
        "nul": b"\x00" * 1000,
        "not utf-8": bytes(range(256)),
        "deep": deep,
        "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        "open": b"[" * 500_000,
        "wide": json.dumps({str(number): number for number in range(50_000)}).encode(),
        "1 MiB": json.dumps({"summary": "big", "details": "x" * (MIB - 40)}).encode(),
        "more than 1 MiB": b" " * (MIB + 1),
        "surrogates": b'{"summary":"\\ud800 \\udfff \\u0000","dedup_key":"\\ud800","details":{"\\udc00":"\\ud800"}}',
        "long number": b'{"summary":"n","details":' + b"9" * 100_000 + b"}",
        "huge exponent": b'{"summary":"n","details":1e999999999}',
        "nan": b'{"summary":"n","details":[NaN,Infinity,-Infinity]}',
        "bom": b"\xef\xbb\xbf" + b'{"summary":"bom"}',
        "utf-16": '{"summary":"wide"}'.encode("utf-16"),
        "utf-32": '{"summary":"wider"}'.encode("utf-32"),
        "list": b"[1,2,3]",
        "text": b'"text"',
        "wrong types": b'{"routing_key":{"a":1},"event_action":[],"payload":7,"summary":{"a":[1]},"dedup_key":{}}',
        "surrogate event": event("surrogate").replace(b"Piped", b"\\ud800\\u0000\\udfff"),
        "form": b"payload=%7B%7D&summary=x",
        "multipart": b'--x\r\nContent-Disposition: form-data; name="f"; filename="g"\r\n\r\n1\r\n--x--\r\n',
        "xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    }
    types = (
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json; charset=utf-7",
        "application/json; charset=" + "x" * 500,
        "\x01",
        "",
    )
    with httpx.Client(base_url=product.url, timeout=60) as client:
        for name, body in bodies.items():
            for door in DOORS:
                for kind in types if len(body) < 2000 else types[:2]:
                    answer = client.post(door, content=body, headers={"Content-Type": kind})
                    assert_answered(answer, (name, door, kind))


def test_packed_bombs(product: Product) -> None:
    zeros = gzip.compress(b" " * 200 * MIB, 9)
    bombs = {
        "zeros": zeros,
        "json": gzip.compress(b'{"summary":"' + b"a" * 50 * MIB + b'"}', 9),
        "twice": gzip.compress(zeros, 9),
        "many members": gzip.compress(b" ") * 20_000,
        "cut": zeros[: len(zeros) // 2],
        "trailing": gzip.compress(event("packed")) + b"rest",
        "none": b"",
        "lie": event("lie"),
    }
    with httpx.Client(base_url=product.url, timeout=60) as client:
        for encoding in ("gzip", "GZIP", "x-gzip", "gzip, gzip", "deflate", "br", "zstd", "identity", "\x01"):
            for name, bomb in bombs.items():
                for door in DOORS[:2]:
                    answer = client.post(door, content=bomb, headers={"Content-Encoding": encoding})
                    assert_answered(answer, (name, encoding, door))
    assert product.processes()


@pytest.mark.parametrize(
    "lines",
    [
        ["X-Long: " + "x" * 200_000],
        [f"X-{number}: {number}" for number in range(20_000)],
        ["Content-Length: -1"],
        ["Content-Length: 99999999999999999999999"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: nonsense"],
        ["Transfer-Encoding: chunked, chunked"],
        ["Content-Length: abc"],
        ["Content-Length: +5"],
        ["Expect: 100-continue", "Content-Length: 3"],
        ["Expect: nonsense", "Content-Length: 0"],
        ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="],
        ["Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAA"],
        ["Connection: " + "close, " * 10_000],
        ["X-Forwarded-For: " + "1.2.3.4, " * 5_000],
        ["X-Forwarded-For: \xff\xfe", "X-Forwarded-Proto: \x80"],
        ["Cookie: " + "a=b; " * 5_000],
        [" folded: header"],
        ["No colon"],
        ["X-Null: \x00"],
        ["Idempotency-Key: " + "k" * 5_000, "Content-Length: 0"],
    ],
    ids=lambda lines: lines[0][:30].encode("ascii", "replace").decode().replace("\x00", "?"),
)
def test_heads_of_every_unkind_shape(product: Product, lines: list[str]) -> None:
    for door in (*DOORS[:2], "/", "/api/v1/alerts", "/heartbeat/x"):
        for sent in (head(door, *lines), head(door, *lines, method="GET")):
            answered = raw(product, sent + b"hello", seconds=0.7)
            assert not [one for one in statuses(answered) if one >= 500], (door, answered[:300])


def test_request_lines_of_every_unkind_shape(product: Product) -> None:
    for first in (
        b"",
        b"\r\n\r\n",
        b"\x00" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /v2/enqueue HTTP/0.9\r\n\r\n",
        b"POST /v2/enqueue HTTP/1.0\r\n\r\n",
        b"POST /v2/enqueue HTTP/9.9\r\n\r\n",
        b"POST /v2/enqueue\r\n\r\n",
        b"POST /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /in/generic/%00%ff%c0%ae HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /in/generic/../../v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        b"POST //v2//enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        b"POST http://elsewhere.example.org/v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        b"POST \xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\xff\xff /v2/enqueue HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /alerts?q=%00%ff&cursor=%F0%28%8C HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /?" + b"a=b&" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        answered = raw(product, first, seconds=0.7)
        assert not [one for one in statuses(answered) if one >= 500], (first[:60], answered[:300])


def test_every_method_is_answered(product: Product) -> None:
    with httpx.Client(base_url=product.url, timeout=30) as client:
        for door in (
            *DOORS,
            "/heartbeat/unheard-of",
            "/metrics",
            "/healthz",
            "/readyz",
            "/",
            "/api/v1/alerts",
            "/live",
        ):
            for method in ("HEAD", "OPTIONS", "GET", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X" * 50):
                answer = client.request(method, door)
                assert_answered(answer, (method, door))
        assert client.head("/v2/enqueue").status_code == 405
        assert client.options("/v2/enqueue").status_code == 405


def test_many_requests_on_one_connection_are_answered_in_order(product: Product) -> None:
    def one(body: bytes, path: str = "/v2/enqueue") -> bytes:
        return head(path, "Content-Type: application/json", f"Content-Length: {len(body)}") + body

    last = head("/v2/enqueue", "Connection: close", method="OPTIONS")
    piped = b"".join(one(event(f"piped-{number}")) for number in range(50))
    assert statuses(raw(product, piped + last)) == [202] * 50 + [405]
    mixed = one(event("mixed")) + one(b"{", DOORS[1]) + head("/nowhere", method="GET") + one(event("mixed")) + last
    assert statuses(raw(product, mixed)) == [202, 400, 404, 202, 405]
    with product.api(OWNER) as api:
        assert len(api.get("alerts", params={"q": "piped-", "limit": 200}).json()["items"]) == 50
        [both] = api.get("alerts", params={"q": "mixed"}).json()["items"]
        assert both["events_count"] == 2
    with httpx.Client(base_url=product.url, timeout=30) as kept:
        for number in range(100):
            answer = kept.post("/v2/enqueue", content=event(f"kept-{number % 3}"))
            assert answer.status_code == 202


def test_a_smuggled_second_request_is_not_taken_for_one(product: Product) -> None:
    hidden = head("/v2/enqueue", f"Content-Length: {len(event('smuggled'))}") + event("smuggled")
    chunked = b"0\r\n\r\n" + hidden
    for lines in (
        ["Transfer-Encoding: chunked", f"Content-Length: {len(chunked)}"],
        [f"Content-Length: {len(chunked)}", "Transfer-Encoding:\x0bchunked"],
        [f"Content-Length: {len(chunked)}", "Transfer-Encoding : chunked"],
    ):
        raw(product, head("/v2/enqueue", *lines) + chunked, seconds=2)
    with product.api(OWNER) as api:
        assert api.get("alerts", params={"q": "smuggled"}).json()["items"] == []
