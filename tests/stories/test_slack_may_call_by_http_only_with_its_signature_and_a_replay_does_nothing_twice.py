"""Where an instance is reachable, Slack may call it. Only what Slack signed within five minutes is believed, and what
comes again, however it comes, changes nothing.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.harness.slack import SIGNING_SECRET
from tests.harness.slack_world import SlackWorld
from watchbill import urls
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.warrooms.models import ChatRequest
from watchbill.doors.callbacks.slack import BODY_BYTES_MAX
from watchbill.doors.web.wiring import connect, wired
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db(transaction=True)
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def is_set_up() -> Iterator[None]:
    assert urls.urlpatterns
    before = wired()
    connect(replace(before, slack_signing_secret=SIGNING_SECRET))
    yield
    connect(before)


@pytest.fixture
def slack_world() -> Iterator[SlackWorld]:
    """At the host's time, which is the door's."""
    with SlackWorld(at=SystemClock().now()) as world:
        yield world


def _signed(body: bytes, *, age: timedelta = timedelta(0), secret: str = SIGNING_SECRET) -> dict[str, str]:
    stamp = str(int((SystemClock().now() - age).timestamp()))
    base = b"v0:" + stamp.encode() + b":" + body
    signature = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signature}"}


def _calls(body: bytes, headers: dict[str, str], *, content_type: str = FORM) -> HttpResponse:
    browser = Client(enforce_csrf_checks=True)
    return browser.post("/callbacks/slack", body, content_type=content_type, headers=headers)


def test_a_signed_command_is_answered_at_once_and_done_by_the_worker(slack_world: SlackWorld) -> None:
    body = urlencode(slack_world.form("engineer", "declare sev2 cards fail")).encode()
    answer = _calls(body, _signed(body))
    assert (answer.status_code, answer.content) == (200, b"")
    assert Incident.objects.count() == 0
    slack_world.passes(minutes=1)
    incident = Incident.objects.get()
    assert "Declared #" in slack_world.answer()
    slack_world.received()
    slack_world.ends(incident)


def test_a_replay_within_the_five_minutes_changes_nothing(slack_world: SlackWorld) -> None:
    body = urlencode(slack_world.form("engineer", "declare sev2 cards fail")).encode()
    headers = _signed(body)
    assert [_calls(body, one).status_code for one in (headers, headers, _signed(body))] == [200, 200, 200]
    slack_world.passes(minutes=1)
    assert ChatRequest.objects.count() == 1
    incident = Incident.objects.get()
    slack_world.received()
    slack_world.ends(incident)


@pytest.mark.parametrize("age", [timedelta(minutes=5, seconds=2), timedelta(minutes=-5, seconds=-2), timedelta(days=9)])
def test_a_signature_that_is_too_old_or_from_the_future_is_refused(slack_world: SlackWorld, age: timedelta) -> None:
    body = urlencode(slack_world.form("engineer", "status")).encode()
    assert _calls(body, _signed(body, age=age)).status_code == 401
    assert not ChatRequest.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Request-Timestamp": "9" * 400},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Signature": ""},
    ],
)
def test_without_the_right_signature_nothing_is_believed(slack_world: SlackWorld, headers: dict[str, str]) -> None:
    body = urlencode(slack_world.form("engineer", "status")).encode()
    given = _signed(body) | headers if headers else {}
    assert _calls(body, given).status_code == 401
    assert _calls(body + b"&text=declare", _signed(body)).status_code == 401
    assert _calls(body, _signed(body, secret="another")).status_code == 401
    assert not ChatRequest.objects.exists()


def test_without_a_signing_secret_nobody_is_let_in(slack_world: SlackWorld) -> None:
    connect(replace(wired(), slack_signing_secret=""))
    body = urlencode(slack_world.form("engineer", "status")).encode()
    assert _calls(body, _signed(body, secret="")).status_code == 404
    assert not ChatRequest.objects.exists()


def test_slack_checks_the_address_and_then_sends_what_is_said(slack_world: SlackWorld) -> None:
    challenge = json.dumps({"type": "url_verification", "challenge": "<b>x"}).encode()
    answer = _calls(challenge, _signed(challenge), content_type="application/json")
    assert (answer.content, answer["Content-Type"]) == (b"<b>x", "text/plain")
    incident = slack_world.declares("sev1")
    channel = slack_world.channel(incident).id
    event = {"type": "message", "channel": channel, "user": slack_world.ids["primary"], "text": "on it", "ts": "1.5"}
    for _ in range(4):  # Slack's own repetitions have other event ids and times
        body = json.dumps(slack_world.event(event)).encode()
        assert _calls(body, _signed(body), content_type="application/json").status_code == 200
    slack_world.passes(minutes=1)
    assert [post.text for post in Post.objects.all()] == ["on it"]
    slack_world.ends(incident)


def test_a_button_pressed_by_http_does_what_it_says(slack_world: SlackWorld) -> None:
    incident = slack_world.declares("sev1")
    pressed: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": slack_world.ids["primary"]},
        "channel": {"id": slack_world.channel(incident).id},
        "actions": [{"action_id": "acknowledge-0", "value": str(incident.id), "action_ts": "1.0"}],
        "response_url": f"{slack_world.slack.url}/answer/1",
        "trigger_id": "t",
    }
    body = urlencode({"payload": json.dumps(pressed)}).encode()
    assert _calls(body, _signed(body)).status_code == 200
    slack_world.passes(minutes=1)
    assert slack_world.again(incident).acknowledged_at is not None
    slack_world.ends(incident)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"payload=[1]", b"payload={", b"a=" + b"&" * 5000, b"user_id=U1"])
def test_what_cannot_be_read_is_taken_for_nothing(slack_world: SlackWorld, body: bytes) -> None:
    assert _calls(body, _signed(body)).status_code == 200
    assert _calls(body, _signed(body), content_type="application/json").status_code == 200
    slack_world.passes(minutes=1)
    assert not Incident.objects.exists()


def test_what_is_too_long_is_not_read(slack_world: SlackWorld) -> None:
    body = b"x" * (BODY_BYTES_MAX + 1)
    assert _calls(body, _signed(body)).status_code == 413
