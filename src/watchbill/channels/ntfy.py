"""Push to phones by ntfy, hosted anywhere. Published as JSON to the server's root, so no text goes into a header."""

import re
from datetime import datetime, timedelta
from typing import Any

import orjson

from watchbill.channels.http_outcome import outcome_of
from watchbill.channels.wording import headline, is_urgent, local_time, name, title, unlisted
from watchbill.domain.paging.contract import (
    AddressError,
    Budget,
    Delivered,
    Family,
    Message,
    Outcome,
    Refused,
    RetryLater,
)
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused, parse_target
from watchbill.ground.http_connection import HttpAnswer
from watchbill.ground.text import cut_bytes, cut_characters, one_line

_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_TITLE_BYTES_MAX = 250
_MESSAGE_BYTES_MAX = 4096
_NOTE_CHARACTERS_MAX = 1000
# The server reads at most twice the message size of JSON, escapes included.
_BODY_BYTES_MAX = 8192


class NtfyChannel:
    kind = "ntfy"
    label = "ntfy push"
    address_help = "a topic of ntfy, or its whole web address"
    family = Family.PUSH
    is_signed = False
    setting = ""
    is_set_up = True
    budget = Budget(messages=12, per=timedelta(minutes=1), burst=5, alerts_max=10)
    timeout = timedelta(seconds=10)

    def __init__(self, *, http: HttpClient, default_server: str) -> None:
        self._http = http
        self._default_server = default_server.rstrip("/")

    def check_address(self, address: str) -> str:
        address = address.strip()
        if "/" not in address:
            address = f"{self._default_server}/{address}"
        server, _, topic = address.rpartition("/")
        if not _TOPIC.fullmatch(topic):
            raise AddressError(
                "address: a topic has 1 to 64 letters, digits, - or _, like https://ntfy.example.org/topic"
            )
        try:
            path = parse_target(server).path
        except OutboundRefused as error:
            raise AddressError(f"address: {error}") from None
        if path != b"/" or server.endswith("/"):
            raise AddressError("address: give the server and one topic, like https://ntfy.example.org/topic")
        return address

    async def send(self, message: Message, *, now: datetime) -> Outcome:
        server, _, topic = message.address.rpartition("/")
        try:
            answer = await self._publish(
                server, compose(message, topic, alerts_max=self.budget.alerts_max), message.secret
            )
            if answer.status in (400, 413):
                # Whatever the server dislikes about the text must not cost the page: once more without it.
                answer = await self._publish(server, _minimal(message, topic), message.secret)
        except OutboundRefused as error:
            return Refused(str(error))
        except OutboundFailed as error:
            return RetryLater(str(error))
        return _outcome(answer, now=now)

    async def _publish(self, server: str, publication: dict[str, Any], token: str | None) -> HttpAnswer:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await self._http.request(
            "POST",
            f"{server}/",
            content=orjson.dumps(publication),
            headers=headers,
            total_timeout=self.timeout / 2,
        )


def compose(message: Message, topic: str, *, alerts_max: int) -> dict[str, Any]:
    lines = []
    if message.note is not None:
        lines.append(cut_characters(one_line(message.note.text), _NOTE_CHARACTERS_MAX))
    elif len(message.alerts) > 1:
        listed = message.alerts[:alerts_max]
        lines += [f"#{alert.number} {title(alert)} ({name(alert.service)})" for alert in listed]
        lines.append(unlisted(message, len(listed)))
    else:
        alert = message.alerts[0]
        opened = local_time(alert.opened_at, message.time_zone)
        lines.append(f"{one_line(alert.severity) or 'unknown'} since {opened}")
    if message.note is None:
        lines.append(cut_characters(one_line(message.reason), 500))
    publication = _minimal(message, topic)
    publication["title"] = cut_bytes(headline(message), _TITLE_BYTES_MAX)
    text = "\n".join(line for line in lines if line)
    publication["message"] = cut_bytes(text, _MESSAGE_BYTES_MAX)
    excess = len(orjson.dumps(publication)) - _BODY_BYTES_MAX
    if excess > 0:
        publication["message"] = cut_bytes(text, max(_MESSAGE_BYTES_MAX - excess, 64))
    return publication


def _minimal(message: Message, topic: str) -> dict[str, Any]:
    urgent = is_urgent(message)
    count = len(message.alerts)
    tag = "rotating_light" if urgent else "information_source"
    if message.note is not None:
        tag = "test_tube" if message.note.kind == "test" else tag
        note = cut_characters(one_line(message.note.text), _NOTE_CHARACTERS_MAX)
        shown = {"title": headline(message), "message": note}
        return {"topic": topic, **shown, "priority": 5 if urgent else 3, "tags": [tag], "click": message.open_url}
    return {
        "topic": topic,
        "title": f"Alert #{message.alerts[0].number}" if count == 1 else f"{count} alerts",
        "message": "Open the link for the details.",
        "priority": 5 if urgent else 3,
        "tags": [tag],
        "click": message.open_url,
        "actions": [{"action": "view", "label": "Acknowledge", "url": message.acknowledge_url, "clear": False}],
    }


def _outcome(answer: HttpAnswer, *, now: datetime) -> Outcome:
    if answer.status in (401, 403):
        return Refused(f"answered {answer.status}: the topic is protected; check the access token of this contact")
    if answer.status != 200:
        return outcome_of(answer, reference="", now=now)
    try:
        published = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        published = None
    if isinstance(published, dict) and isinstance(published.get("id"), str):
        return Delivered(cut_characters(one_line(published["id"]), 100))
    if not answer.complete:
        return RetryLater("the answer broke off")
    # A web page that says 200 to everything is not an ntfy server: nobody's phone rang.
    return Refused("did not answer like an ntfy server; check the server in this contact's address")
