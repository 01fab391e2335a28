import asyncio
import socket
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.letters import client, run
from tests.harness.carriers import Answer, FakeHttpCarrier
from watchbill.ground.http_client import FailureKind, HttpClient, OutboundFailed, OutboundRefused
from watchbill.ground.http_connection import HttpAnswer
from watchbill.ground.network_guard import Address, NetworksError, may_connect, parse_networks

INSIDE = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.1.2.3",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1",
)  # fmt: skip
OUTSIDE = ("1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8",
           "64:ff9b::808:808", "2002:808:808::1")  # fmt: skip


@pytest.mark.parametrize("text", INSIDE)
def test_an_address_inside_is_refused(text: str) -> None:
    assert not may_connect(ip_address(text), allowed=())


@pytest.mark.parametrize("text", OUTSIDE)
def test_an_address_outside_is_allowed(text: str) -> None:
    assert may_connect(ip_address(text), allowed=())


@given(st.ip_addresses())
def test_what_the_standard_library_calls_private_or_multicast_is_never_allowed(address: Address) -> None:
    if address.is_private or address.is_multicast or address.is_loopback or address.is_link_local:
        assert not may_connect(address, allowed=())


def test_the_administrator_can_allow_a_network_and_only_that() -> None:
    allowed = parse_networks("127.0.0.0/8, fd00::/8")
    assert may_connect(ip_address("127.0.0.1"), allowed=allowed)
    assert may_connect(ip_address("::ffff:127.0.0.1"), allowed=allowed)
    assert may_connect(ip_address("fd12::1"), allowed=allowed)
    assert not may_connect(ip_address("10.0.0.1"), allowed=allowed)
    assert not may_connect(ip_address("::1"), allowed=allowed)


def test_a_wrong_network_is_named_with_the_remedy() -> None:
    with pytest.raises(NetworksError, match=r"WATCHBILL_OUTBOUND_ALLOW: .*10\.0\.0\.1/8.*Give networks like"):
        parse_networks("10.0.0.1/8")


def ask(url: str, http: HttpClient) -> HttpAnswer:
    async def asked() -> HttpAnswer:
        async with http:
            return await http.request("POST", url)

    return run(asked())


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0", "localhost",
     "localhost.", "LOCALHOST", "127.0.0.1.", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
     "①②⑦.0.0.1", "127。0。0。1"],
)  # fmt: skip
def test_no_spelling_of_this_host_gets_a_connection(host: str) -> None:
    with FakeHttpCarrier() as carrier:
        with pytest.raises((OutboundRefused, OutboundFailed)):
            ask(f"http://{host}:{carrier.port}/", HttpClient())
        assert carrier.requests == []


def test_a_name_that_changes_its_answer_is_judged_by_the_number_connected_to() -> None:
    """The classic trick: public when checked, private when connected to. Here there is one look-up for both."""
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[Address]:
        asked.append(host)
        return [ip_address("203.0.114.1" if len(asked) % 2 == 0 else "127.0.0.1")]

    with FakeHttpCarrier() as carrier:
        with pytest.raises(OutboundRefused, match="private or reserved"):
            ask(f"http://rebind.example.org:{carrier.port}/", HttpClient(resolver=rebinding))
        assert carrier.requests == []
    assert asked == ["rebind.example.org"]


def test_every_new_connection_is_judged_anew() -> None:
    answers = iter([ip_address("127.0.0.1"), ip_address("10.0.0.1")])

    async def changing(host: str, port: int) -> Sequence[Address]:
        return [next(answers)]

    async def story(url: str) -> None:
        async with client(resolver=changing) as http:
            assert (await http.request("POST", url, headers={"Connection": "close"})).status == 200
            with pytest.raises(OutboundRefused):
                await http.request("POST", url)

    with FakeHttpCarrier() as carrier:
        carrier.always(Answer(headers={"Connection": "close"}))
        run(story(f"http://hook.example.org:{carrier.port}/"))


def test_only_the_allowed_ones_of_several_addresses_are_tried() -> None:
    async def mixed(host: str, port: int) -> Sequence[Address]:
        return [ip_address("::1"), ip_address("10.0.0.1"), ip_address("127.0.0.1")]

    with FakeHttpCarrier() as carrier:
        answer = ask(f"http://hook.example.org:{carrier.port}/x", client(resolver=mixed))
        assert answer.status == 200
        assert carrier.requests[0].headers["host"] == f"hook.example.org:{carrier.port}"


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("ftp://example.org/", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("gopher://127.0.0.1:70/_x", "only http and https"),
        ("javascript:alert(1)", "only http and https"),
        ("//example.org/x", "only http and https"),
        ("example.org/x", "only http and https"),
        ("http:///x", "valid host"),
        ("http://user:canary-secret@example.org/", "use the secret field"),
        ("http://canary-secret@example.org/", "use the secret field"),
        ("http://example.org:99999/", "between 1 and 65535"),
        ("http://example.org:0/", "between 1 and 65535"),
        ("http://example.org:6379/", "not HTTP"),
        ("http://exa mple.org/", "valid host"),
        ("http://example.org/\r\nX: y", "valid URL"),
        ("http://[::1", "valid URL"),
        ("", "only http and https"),
    ],
)
def test_a_url_that_cannot_be_right_is_refused_with_a_remedy(url: str, remedy: str) -> None:
    with pytest.raises(OutboundRefused, match=remedy) as caught:
        ask(url, client())
    assert "canary-secret" not in str(caught.value)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with FakeHttpCarrier() as inner, FakeHttpCarrier() as outer:
        outer.answer_with(Answer(302, headers={"Location": f"{inner.url}/latest/meta-data"}))
        assert ask(outer.url, client()).status == 302
        assert inner.requests == []


def test_no_error_text_holds_the_path_the_query_or_a_header() -> None:
    with FakeHttpCarrier() as carrier:
        carrier.always(Answer(raw=b"canary-answer\r\n\r\n"))
        url = f"{carrier.url}/canary-path?token=canary-query"
        for headers in ({}, {"Authorization": "Bearer canary-header\r\nX: y"}, {"Authorization": "canary-header\x00"}):
            with pytest.raises((OutboundRefused, OutboundFailed)) as caught:
                run(_request(url, headers))
            assert "canary" not in str(caught.value)
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def _request(url: str, headers: dict[str, str]) -> HttpAnswer:
    async with client() as http:
        return await http.request("POST", url, headers=headers)


def test_a_closed_port_and_an_unknown_name_are_failures_that_may_pass() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(OutboundFailed) as closed:
        ask(f"http://127.0.0.1:{port}/", client())
    assert closed.value.kind is FailureKind.CONNECT

    async def unknown(host: str, port: int) -> Sequence[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(OutboundFailed, match="Name or service not known") as nameless:
        ask("http://nowhere.example.org/", client(resolver=unknown))
    assert nameless.value.kind is FailureKind.CONNECT


def test_a_name_server_that_never_answers_costs_the_connect_time_only() -> None:
    async def silent(host: str, port: int) -> Sequence[Address]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(OutboundFailed) as caught:
        ask("http://slow.example.org/", client(resolver=silent, connect_timeout=timedelta(seconds=0.1)))
    assert caught.value.kind is FailureKind.TIMEOUT
