import hashlib
import hmac
import json
import re
from dataclasses import replace
from datetime import UTC, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.letters import NOW, TEST_NOTE, bundle, client, message, run
from tests.harness.carriers import Answer, FakeHttpCarrier
from watchbill.channels.webhook import WebhookChannel, payload
from watchbill.domain.paging.contract import (
    AddressError,
    Delivered,
    Message,
    Outcome,
    Refused,
    RetryLater,
)


def send(*letters: Message, **settings: object) -> list[Outcome]:
    async def sent() -> list[Outcome]:
        async with client(**settings) as http:
            channel = WebhookChannel(http=http)
            return [await channel.send(letter, now=NOW) for letter in letters]

    return run(sent())


def test_the_body_says_everything_and_the_headers_prove_it() -> None:
    with FakeHttpCarrier() as carrier:
        letter = message(address=f"{carrier.url}/responder?team=payments", secret="whsec_new whsec_old")
        assert send(letter) == [Delivered("HTTP 200")]
        [request] = carrier.requests
    assert (request.method, request.path) == ("POST", "/responder?team=payments")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-watchbill-delivery"] == str(letter.attempt_id)
    assert json.loads(request.body) == {
        "type": "page",
        "id": "018f2a00-0000-7000-8000-0000000000aa",
        "sent_at": "2026-03-29T01:30:00.000Z",
        "recipient": {"name": "First Responder", "time_zone": "Europe/Berlin"},
        "reason": "on call in payments-primary, level 1 of policy payments",
        "acknowledge_url": "https://watchbill.example.org/a/abc",
        "url": "https://watchbill.example.org/alerts/17",
        "thread": "alert:018f2a00",
        "alerts": [
            {
                "kind": "alert",
                "id": "018f2a00-0000-7000-8000-000000000001",
                "number": 17,
                "title": "Checkout answers slowly",
                "service": "checkout",
                "severity": "critical",
                "urgency": "high",
                "dedup_key": "checkout/latency",
                "opened_at": "2026-03-29T01:29:58.000Z",
                "url": "https://watchbill.example.org/alerts/17",
            }
        ],
        "count": 1,
    }
    seconds = str(int(NOW.timestamp()))
    digests = [
        hmac.new(secret, seconds.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        for secret in (b"whsec_new", b"whsec_old")
    ]
    assert request.headers["x-watchbill-signature"] == f"t={seconds},v1={digests[0]},v1={digests[1]}"


def test_without_a_secret_there_is_no_signature() -> None:
    with FakeHttpCarrier() as carrier:
        send(message(address=carrier.url))
        assert "x-watchbill-signature" not in carrier.requests[0].headers


def test_a_bundle_lists_every_alert_up_to_a_thousand_and_counts_them_all() -> None:
    with FakeHttpCarrier() as carrier:
        send(bundle(1000, address=carrier.url), bundle(1203, address=carrier.url))
        full, cut = (json.loads(request.body) for request in carrier.requests)
    assert [alert["number"] for alert in full["alerts"]] == list(range(1, 1001))
    assert full["count"] == 1000
    assert (len(cut["alerts"]), cut["count"]) == (1000, 1203)


def test_a_test_page_says_so() -> None:
    with FakeHttpCarrier() as carrier:
        send(message(address=carrier.url, alerts=(), note=TEST_NOTE))
        assert json.loads(carrier.requests[0].body)["type"] == "test"


def expected(status: int) -> str:
    if status < 300:
        return "delivered"
    if status in (408, 425, 429) or status >= 500:
        return "retry"
    return "dead" if status == 410 else "refused"


def named(outcome: Outcome) -> str:
    match outcome:
        case Delivered():
            return "delivered"
        case RetryLater():
            return "retry"
        case Refused():
            return "dead" if outcome.address_is_dead else "refused"


def test_every_status_has_its_outcome() -> None:
    statuses = range(200, 600)
    with FakeHttpCarrier() as carrier:
        carrier.answer_with(*(Answer(status, body=b'{"ok":true,"error":"canary"}') for status in statuses))
        outcomes = send(*(message(address=carrier.url) for _ in statuses))
    assert {s: named(o) for s, o in zip(statuses, outcomes, strict=True)} == {s: expected(s) for s in statuses}
    assert not any("canary" in str(outcome) for outcome in outcomes)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_not_followed(status: int) -> None:
    with FakeHttpCarrier() as carrier:
        carrier.answer_with(Answer(status, headers={"Location": f"{carrier.url}/elsewhere"}))
        [outcome] = send(message(address=carrier.url))
        assert isinstance(outcome, Refused)
        assert "final URL" in outcome.reason
        assert len(carrier.requests) == 1


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("30", timedelta(seconds=30)),
        ("0", timedelta()),
        ("899", timedelta(seconds=899)),
        ("901", timedelta(minutes=15)),
        ("9" * 400, timedelta(minutes=15)),
        (format_datetime(NOW.astimezone(UTC) + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), timedelta()),
        (format_datetime(NOW + timedelta(days=1), usegmt=True), timedelta(minutes=15)),
        ("Sun, 29 Mar 2026 01:31:00 -0000", timedelta(minutes=1)),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_honoured_within_reason(value: str, after: timedelta | None) -> None:
    with FakeHttpCarrier() as carrier:
        carrier.answer_with(Answer(429, headers={"Retry-After": value}))
        [outcome] = send(message(address=carrier.url))
    assert outcome == RetryLater("answered 429", after=after)


@pytest.mark.parametrize("answer", [Answer.drop(), Answer.hang(), Answer(raw=b"garbage"), Answer.drip(500)])
def test_a_broken_receiver_is_tried_again_later(answer: Answer) -> None:
    channel = WebhookChannel
    with FakeHttpCarrier() as carrier:
        carrier.always(answer)

        async def sent() -> Outcome:
            async with client() as http:
                impatient = channel(http=http)
                impatient.timeout = timedelta(seconds=0.3)
                return await impatient.send(message(address=f"{carrier.url}/canary"), now=NOW)

        outcome = run(sent())
    assert isinstance(outcome, RetryLater)
    assert "canary" not in outcome.reason


def test_a_private_address_that_nobody_allowed_is_refused() -> None:
    with FakeHttpCarrier() as carrier:
        [outcome] = send(message(address=f"{carrier.url}/hook"), allowed_networks=())
        assert isinstance(outcome, Refused)
        assert "WATCHBILL_OUTBOUND_ALLOW" in outcome.reason
        assert carrier.requests == []


@pytest.mark.parametrize("address", ["", "mailto:a@example.org", "https://u:p@example.org/", "https://" + "x" * 3000])
def test_an_address_that_cannot_work_is_refused_with_its_field(address: str) -> None:
    with pytest.raises(AddressError, match=r"^address: "):
        run(_check(address))


async def _check(address: str) -> str:
    async with client() as http:
        return WebhookChannel(http=http).check_address(address)


@given(st.text(), st.text(), st.text(st.characters()))
def test_any_text_gives_valid_json(title: str, reason: str, key: str) -> None:
    alert = replace(message().alerts[0], title=title, dedup_key=key + "\ud800")
    body = orjson.dumps(payload(message(reason=reason, alerts=(alert,)), alerts_max=5, now=NOW))
    assert json.loads(body.decode("utf-8"))["alerts"][0]["title"] == title.encode("utf-16", "surrogatepass").decode(
        "utf-16", "replace"
    )


def test_the_manual_shows_a_check_that_works() -> None:
    manual = Path(__file__).parents[2].joinpath("docs/how-to/receive-pages-by-webhook.md").read_text()
    [check_shown] = re.findall(r"```python\n(.*?)```", manual, re.DOTALL)
    with FakeHttpCarrier() as carrier:
        send(message(address=carrier.url, secret="new old"))
        [request] = carrier.requests
    names: dict[str, Any] = {}
    exec(check_shown, names)  # noqa: S102 - our own manual
    names["time"] = SimpleNamespace(time=lambda: NOW.timestamp() + 60)
    check, signature = names["is_from_watchbill"], request.headers["x-watchbill-signature"]
    assert check(signature, request.body, "old")
    assert check(signature, request.body, "new")
    assert not check(signature, request.body, "other")
    assert not check(signature, request.body + b" ", "new")
    names["time"] = SimpleNamespace(time=lambda: NOW.timestamp() + 400)
    assert not check(signature, request.body, "new")
