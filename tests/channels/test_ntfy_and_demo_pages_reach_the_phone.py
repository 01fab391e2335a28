import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.letters import ALERT, NOW, TEST_NOTE, bundle, client, message, run
from tests.harness.carriers import Answer, FakeHttpCarrier
from watchbill.channels.demo import DemoChannel
from watchbill.channels.email import SmtpSettings
from watchbill.channels.ntfy import NtfyChannel, compose
from watchbill.channels.register import Given, build_channels
from watchbill.domain.paging.contract import (
    AddressError,
    Channel,
    Delivered,
    Family,
    Message,
    Outcome,
    Refused,
    RetryLater,
)

TAKEN = Answer(body=b'{"id":"hwQ2YpKdmg","time":1,"event":"message"}')


def ntfy(*letters: Message) -> list[Outcome]:
    async def sent() -> list[Outcome]:
        async with client() as http:
            channel = NtfyChannel(http=http, default_server="https://ntfy.example.org")
            return [await channel.send(letter, now=NOW) for letter in letters]

    return run(sent())


def test_a_push_is_published_to_the_servers_root() -> None:
    with FakeHttpCarrier() as carrier:
        carrier.always(TAKEN)
        assert ntfy(message(address=f"{carrier.url}/on-call", secret="tk_token")) == [Delivered("hwQ2YpKdmg")]
        [request] = carrier.requests
    assert (request.method, request.path) == ("POST", "/")
    assert request.headers["authorization"] == "Bearer tk_token"
    assert json.loads(request.body) == {
        "topic": "on-call",
        "title": "#17 Checkout answers slowly (checkout)",
        "message": "critical since 2026-03-29 03:29:58 Europe/Berlin\n"
        "on call in payments-primary, level 1 of policy payments",
        "priority": 5,
        "tags": ["rotating_light"],
        "click": "https://watchbill.example.org/alerts/17",
        "actions": [
            {"action": "view", "label": "Acknowledge", "url": "https://watchbill.example.org/a/abc", "clear": False}
        ],
    }


def test_a_test_page_rings_like_a_page_and_says_what_it_is() -> None:
    letter = message(alerts=(), note=TEST_NOTE)
    published = compose(letter, "topic", alerts_max=10)
    assert (published["priority"], published["tags"]) == (5, ["test_tube"])


def test_low_urgency_rings_low_and_a_bundle_counts() -> None:
    low = message(alerts=(replace(ALERT, urgency="low"),))
    assert compose(low, "t", alerts_max=10)["priority"] == 3
    many = compose(bundle(25), "t", alerts_max=10)
    assert many["title"].startswith("25 alerts in checkout")
    assert "and 15 more; open the link for all 25" in many["message"]


@pytest.mark.parametrize("status", [400, 413])
def test_a_text_the_server_dislikes_is_sent_once_more_without_it(status: int) -> None:
    with FakeHttpCarrier() as carrier:
        carrier.answer_with(Answer(status), TAKEN)
        assert ntfy(message(address=f"{carrier.url}/t")) == [Delivered("hwQ2YpKdmg")]
        second = json.loads(carrier.requests[1].body)
    assert (second["title"], second["priority"]) == ("Alert #17", 5)
    assert "Checkout" not in second["message"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(401), Refused),
        (Answer(403), Refused),
        (Answer(404), Refused),
        (Answer(429), RetryLater),
        (Answer(500), RetryLater),
        (Answer(507), RetryLater),
        (Answer(302, headers={"Location": "/"}), Refused),
        (Answer(200, body=b"<html>Welcome</html>"), Refused),
        (Answer(200, body=b"{}"), Refused),
        (Answer(200, body=b'{"id":7}'), Refused),
        (Answer(200, body=b"[" * 30_000), Refused),
        (Answer(raw=b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id":"x'), RetryLater),
        (Answer.drop(), RetryLater),
    ],
)
def test_only_an_ntfy_answer_counts_as_delivered(answer: Answer, expected: type[Outcome]) -> None:
    with FakeHttpCarrier() as carrier:
        carrier.always(answer)
        [outcome] = ntfy(message(address=f"{carrier.url}/t", secret="canary-token"))
    assert type(outcome) is expected
    assert "canary" not in str(outcome)


def test_a_token_with_a_line_end_is_refused_and_not_told() -> None:
    with FakeHttpCarrier() as carrier:
        [outcome] = ntfy(message(address=f"{carrier.url}/t", secret="canary\r\nX-Evil: 1"))
        assert isinstance(outcome, Refused)
        assert "canary" not in outcome.reason
        assert carrier.requests == []


ANY_TEXT = st.text(st.characters(), max_size=300)


@settings(deadline=None)
@given(ANY_TEXT, ANY_TEXT, st.integers(1, 40))
def test_any_text_is_a_valid_publication_within_the_limits(title: str, reason: str, count: int) -> None:
    check(title, reason, count)


@pytest.mark.parametrize("text", ['"' * 5000, "😀" * 5000, "\\" * 5000, "ä" * 5000, "", "\x00", "\u202e" * 900])
@pytest.mark.parametrize("count", [1, 12])
def test_extreme_texts_too(text: str, count: int) -> None:
    check(text, text, count)


def check(title: str, reason: str, count: int) -> None:
    alerts = tuple(replace(ALERT, alert_id=UUID(int=n), title=title, service=title) for n in range(count))
    published = compose(message(reason=reason, alerts=alerts, recipient_name=title), "t", alerts_max=10)
    body = orjson.dumps(published)
    assert len(body) <= 8192
    assert 0 < len(published["title"].encode("utf-8")) <= 250
    assert 0 < len(published["message"].encode("utf-8")) <= 4096
    if count > 1:
        assert published["title"].removeprefix("Test: ").startswith(f"{count} alerts")


async def _check(address: str) -> str:
    async with client() as http:
        return NtfyChannel(http=http, default_server="https://ntfy.example.org/").check_address(address)


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("my-topic", "https://ntfy.example.org/my-topic"),
        (" https://push.example.org/a_b ", "https://push.example.org/a_b"),
        ("http://10.0.0.1:8080/t", "http://10.0.0.1:8080/t"),
    ],
)
def test_ntfy_addresses_have_one_normal_form(address: str, normal: str) -> None:
    assert run(_check(address)) == normal


@pytest.mark.parametrize(
    "address",
    ["", "/", "a b", "https://push.example.org", "https://push.example.org/", "https://push.example.org/a/b",
     "https://push.example.org/t?x=1", "https://u:p@push.example.org/t", "ftp://push.example.org/t", "x" * 65,
     "https://push.example.org//t", "https:///t"],
)  # fmt: skip
def test_other_ntfy_addresses_are_refused(address: str) -> None:
    with pytest.raises(AddressError, match=r"^address: "):
        run(_check(address))


def test_a_demo_phone_gets_the_page_at_its_own_path() -> None:
    async def sent(url: str) -> Outcome:
        async with client() as http:
            channel = DemoChannel(http=http, phones_url=f"{url}/")
            address = channel.check_address("responder@example.org")
            with pytest.raises(AddressError):
                channel.check_address("../admin")
            return await channel.send(message(address=address), now=NOW)

    with FakeHttpCarrier() as carrier:
        assert run(sent(carrier.url)) == Delivered("HTTP 200")
        [request] = carrier.requests
    assert request.path == "/phones/responder%40example.org"
    assert json.loads(request.body)["acknowledge_url"] == "https://watchbill.example.org/a/abc"


def test_the_register_holds_every_kind_once() -> None:
    async def built(smtp_host: str, demo: str) -> tuple[Channel, ...]:
        async with client() as http:
            smtp = SmtpSettings(host=smtp_host, port=25, sender="pager@example.org")
            return build_channels(Given(http=http, smtp=smtp, ntfy_url="https://ntfy.sh", demo_phones_url=demo))

    everything = run(built("127.0.0.1", "http://127.0.0.1:1"))
    assert sorted(channel.kind for channel in everything if channel.is_set_up) == ["demo", "email", "ntfy", "webhook"]
    bare = run(built("", ""))
    assert sorted(channel.kind for channel in bare) == ["demo", "email", "ntfy", "webhook"]
    assert sorted(channel.kind for channel in bare if channel.is_set_up) == ["ntfy", "webhook"]
    assert {channel.kind for channel in everything if channel.setting} == {"demo", "email"}
    budgets = {
        channel.kind: (channel.budget.messages, channel.budget.per, channel.budget.burst) for channel in everything
    }
    minute = timedelta(minutes=1)
    assert budgets == {
        "email": (1, minute, 2),
        "ntfy": (12, minute, 5),
        "demo": (120, minute, 20),
        "webhook": (10, timedelta(seconds=1), 20),
    }
    assert {channel.family for channel in everything} == {Family.EMAIL, Family.PUSH, Family.WEBHOOK}
