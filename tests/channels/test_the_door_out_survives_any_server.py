import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address

import pytest

from tests.channels.letters import client, run
from tests.harness.carriers import Answer, FakeHttpCarrier
from tests.harness.certificates import client_context, server_context
from watchbill.ground.http_client import FailureKind, HttpClient, OutboundFailed
from watchbill.ground.http_connection import ANSWER_BYTES_MAX, HttpAnswer
from watchbill.ground.network_guard import Address

SHORT = timedelta(seconds=0.3)


def ask(url: str, http: HttpClient, *, times: int = 1, content: bytes = b"x") -> list[HttpAnswer]:
    async def asked() -> list[HttpAnswer]:
        async with http:
            return [await http.request("POST", url, content=content) for _ in range(times)]

    return run(asked())


def test_every_final_status_is_handed_up_as_it_is() -> None:
    statuses = [*range(200, 600), 999]
    with FakeHttpCarrier() as carrier:
        carrier.answer_with(*(Answer(status, body=b"said") for status in statuses))
        answers = ask(carrier.url, client(), times=len(statuses))
        assert [answer.status for answer in answers] == statuses
        assert all(answer.complete for answer in answers)


@pytest.fixture(scope="module")
def shared_carrier() -> FakeHttpCarrier:  # type: ignore[misc]  # a generator fixture
    with FakeHttpCarrier() as carrier:
        yield carrier


def test_a_connection_is_used_again_and_not_after_the_server_closed_it() -> None:
    with FakeHttpCarrier() as carrier:
        carrier.answer_with(Answer(), Answer(), Answer(headers={"Connection": "close"}), Answer())
        ask(carrier.url, client(), times=4)
        assert [request.connection for request in carrier.requests] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"garbage",
        b"HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"\x00" * 1000,
    ],
)
def test_whatever_is_not_http_is_a_typed_failure(raw: bytes, shared_carrier: FakeHttpCarrier) -> None:
    shared_carrier.answer_with(Answer(raw=raw))
    with pytest.raises(OutboundFailed) as caught:
        ask(shared_carrier.url, client())
    assert caught.value.kind is FailureKind.PROTOCOL


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ],
)
def test_a_body_that_breaks_off_leaves_the_status(raw: bytes, shared_carrier: FakeHttpCarrier) -> None:
    shared_carrier.answer_with(Answer(raw=raw))
    [answer] = ask(shared_carrier.url, client())
    assert answer.status == 200
    assert not answer.complete


def test_a_huge_body_is_cut_at_the_limit() -> None:
    with FakeHttpCarrier() as carrier:
        carrier.answer_with(Answer(body=b"x" * 3_000_000))
        first, second = ask(carrier.url, client(), times=2)
        assert len(first.body) == ANSWER_BYTES_MAX
        assert not first.complete
        assert second.complete
        assert [request.connection for request in carrier.requests] == [1, 2]


def test_silence_ends_with_the_total_time() -> None:
    with FakeHttpCarrier() as carrier:
        carrier.always(Answer.hang())
        begun = time.monotonic()
        with pytest.raises(OutboundFailed) as caught:
            ask(carrier.url, client(total_timeout=SHORT))
        assert caught.value.kind is FailureKind.TIMEOUT
        assert time.monotonic() - begun < 2


def test_a_slow_drip_ends_with_the_total_time_and_keeps_the_status() -> None:
    with FakeHttpCarrier() as carrier:
        carrier.always(Answer.drip(503))
        begun = time.monotonic()
        [answer] = ask(carrier.url, client(total_timeout=SHORT))
        assert answer.status == 503
        assert not answer.complete
        assert time.monotonic() - begun < 2


def test_a_receiver_that_hangs_makes_nobody_else_wait() -> None:
    async def story(slow: FakeHttpCarrier, quick: FakeHttpCarrier) -> float:
        async with client(connections_max=40, connections_per_host_max=8) as http:
            stuck = [asyncio.create_task(http.request("POST", slow.url)) for _ in range(100)]
            await asyncio.to_thread(slow.wait_for, 8)
            begun = time.monotonic()
            await asyncio.gather(*(http.request("POST", quick.url) for _ in range(20)))
            took = time.monotonic() - begun
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)
            return took

    with FakeHttpCarrier() as slow, FakeHttpCarrier() as quick:
        slow.always(Answer.hang())
        assert run(story(slow, quick)) < 2
        assert len(slow.requests) == 8
        assert len(quick.requests) == 20


def test_a_cancelled_request_gives_its_place_back() -> None:
    async def story(carrier: FakeHttpCarrier) -> int:
        async with client(connections_per_host_max=1) as http:
            stuck = asyncio.create_task(http.request("POST", carrier.url))
            await asyncio.to_thread(carrier.wait_for, 1)
            stuck.cancel()
            await asyncio.gather(stuck, return_exceptions=True)
            return (await http.request("POST", carrier.url)).status

    with FakeHttpCarrier() as carrier:
        carrier.answer_with(Answer.hang())
        assert run(story(carrier)) == 200


async def _here(host: str, port: int) -> Sequence[Address]:
    return [ip_address("127.0.0.1")]


def test_tls_checks_the_name_in_the_url_though_the_number_was_dialled() -> None:
    context, pem = server_context("hook.example.org")
    with FakeHttpCarrier(ssl_context=context) as carrier:
        right = f"https://hook.example.org:{carrier.port}/"
        [answer] = ask(right, client(resolver=_here, ssl_context=client_context(pem)))
        assert answer.status == 200
        assert carrier.requests[0].headers["host"] == f"hook.example.org:{carrier.port}"
        for url, trusted in ((right.replace("hook", "other"), client_context(pem)), (right, None)):
            with pytest.raises(OutboundFailed, match="no valid certificate") as caught:
                ask(url, client(resolver=_here, ssl_context=trusted))
            assert caught.value.kind is FailureKind.CONNECT
        assert len(carrier.requests) == 1


def test_an_expired_certificate_is_no_certificate() -> None:
    context, pem = server_context("hook.example.org", expired=True)
    with FakeHttpCarrier(ssl_context=context) as carrier, pytest.raises(OutboundFailed, match="no valid certificate"):
        ask(f"https://hook.example.org:{carrier.port}/", client(resolver=_here, ssl_context=client_context(pem)))


def test_a_silent_first_address_leaves_time_for_the_second() -> None:
    async def two(host: str, port: int) -> Sequence[Address]:
        return [ip_address("127.0.0.2"), ip_address("127.0.0.1")]

    with FakeHttpCarrier() as carrier:
        [answer] = ask(f"http://hook.example.org:{carrier.port}/", client(resolver=two))
        assert answer.status == 200


def test_idle_connections_are_closed_and_their_hosts_forgotten() -> None:
    async def story(carrier: FakeHttpCarrier) -> list[int]:
        async with client(idle_timeout=timedelta(seconds=0.05)) as http:
            await http.request("POST", carrier.url)
            remembered = [http.hosts_remembered]
            await asyncio.to_thread(carrier.wait_for_goodbyes, 1)
            return [*remembered, http.hosts_remembered]

    with FakeHttpCarrier() as carrier:
        assert run(story(carrier)) == [1, 0]


def test_a_name_whose_look_up_hangs_is_asked_for_once() -> None:
    asked: list[str] = []

    async def story(url: str) -> int:
        async def hanging(host: str, port: int) -> Sequence[Address]:
            asked.append(host)
            if host == "slow.example.org":
                await asyncio.Event().wait()
            return [ip_address("127.0.0.1")]

        async with client(resolver=hanging, connect_timeout=SHORT) as http:
            stuck = [http.request("POST", "http://slow.example.org/") for _ in range(20)]
            outcomes = await asyncio.gather(*stuck, http.request("POST", url), return_exceptions=True)
            assert all(isinstance(outcome, OutboundFailed) for outcome in outcomes[:-1])
            assert isinstance(outcomes[-1], HttpAnswer)
            return http.hosts_remembered

    with FakeHttpCarrier() as carrier:
        assert run(story(f"http://quick.example.org:{carrier.port}/")) == 1
    assert sorted(asked) == ["quick.example.org", "slow.example.org"]
