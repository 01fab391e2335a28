"""The story: what is sent, what must be observed, and what is told about it meanwhile."""

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, TypeVar
from urllib.parse import urljoin

import httpx
from rich.console import Console

from watchbill.domain.alerts.models import Alert, AlertState

ROUTING_KEY = "demo0123456789abcdef0123456789ab"
_SUMMARY = "Checkout answers 5 of 100 requests with an error"
_STEP_SECONDS_MAX = 60.0
T = TypeVar("T")


def curl_line(product: str) -> str:
    """Ready to be pasted into a shell: an alert of one's own, as PagerDuty's clients send it."""
    payload = {"summary": "My own alert", "source": "my-shell", "severity": "critical"}
    event = {"routing_key": ROUTING_KEY, "event_action": "trigger", "payload": payload}
    return f"curl -H 'Content-Type: application/json' -d '{json.dumps(event)}' {product}/v2/enqueue"


class StoryBroken(Exception):
    """A step was not observed in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    product: str
    phones: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    phone: str
    message: dict[str, Any]


class Story:
    def __init__(self, addresses: Addresses, console: Console, *, pause_seconds: float) -> None:
        self._addresses = addresses
        self._console = console
        self._pause_seconds = pause_seconds
        self._dedup_key = f"demo-{secrets.token_hex(4)}"
        self._client = httpx.Client(timeout=10)
        self._began = time.monotonic()

    def play(self) -> None:
        """Raises StoryBroken when a step is not observed."""
        self._tell("Monitoring sends an alert for service [b]checkout[/b], as PagerDuty's clients do.")
        accepted_at = self._send("trigger")
        first = self._wait("a phone to ring", lambda: self._new_ring(ignored=set()))
        lateness = (first.message["received_at"] - accepted_at) * 1000
        self._tell(
            f"[b]{_label(first.phone)}[/b] is on call: the phone rings {max(lateness, 0):.0f} ms after acceptance."
        )
        self._tell("Nobody answers. The escalation policy waits ten seconds (in real life: five minutes).")
        second = self._wait("the next person's phone", lambda: self._new_ring(ignored={first.phone}))
        self._tell(f"The next level is paged: [b]{_label(second.phone)}[/b]. Reason given: {second.message['reason']}")
        self._pause()
        self._press_acknowledge(second.message["acknowledge_url"])
        self._wait("the acknowledgement", lambda: self._is(AlertState.ACKNOWLEDGED))
        self._tell(
            f"[b]{_label(second.phone)}[/b] opens the link and presses [b]Acknowledge[/b]: nobody else is paged."
        )
        self._pause()
        self._send("resolve")
        self._wait("the end of the alert", lambda: self._is(AlertState.RESOLVED))
        self._wait("the phones to fall silent", self._all_silent)
        self._tell("Monitoring sees that checkout works again: the alert is resolved, and the phones are silent.")
        alert = self._alert()
        if alert is not None:
            self._tell(f"Everything that was done for it: {self._addresses.product}/alerts/{alert.id}")

    def _send(self, action: str) -> float:
        event: dict[str, Any] = {"routing_key": ROUTING_KEY, "event_action": action, "dedup_key": self._dedup_key}
        if action == "trigger":
            event["payload"] = {"summary": _SUMMARY, "source": "shop.example.org", "severity": "critical"}
        answer = self._client.post(f"{self._addresses.product}/v2/enqueue", json=event)
        if answer.status_code != 202:
            raise StoryBroken(f"the {action} event was answered with {answer.status_code}: {answer.text[:300]}")
        return time.time()

    def _new_ring(self, *, ignored: set[str]) -> Ring | None:
        phones = self._client.get(f"{self._addresses.phones}/messages").json()
        alert = self._alert()
        for phone in phones:
            for message in phone["messages"]:
                about = {one.get("id") for one in message["alerts"]}
                if phone["name"] not in ignored and alert is not None and str(alert.id) in about:
                    return Ring(phone=phone["name"], message=message)
        return None

    def _all_silent(self) -> bool:
        """No phone asks for an answer about the alert any more."""
        alert = self._alert()
        phones = self._client.get(f"{self._addresses.phones}/messages").json()
        about = [
            message
            for phone in phones
            for message in phone["messages"]
            if alert is not None and str(alert.id) in {one.get("id") for one in message["alerts"]}
        ]
        return bool(about) and all(message["answered"] for message in about)

    def _press_acknowledge(self, url: str) -> None:
        """As a person does it: open the page, which changes nothing, then send its form."""
        opened = self._client.get(url)
        form = _Form(opened.text)
        if opened.status_code != 200 or form.action is None:
            raise StoryBroken(f"the acknowledge link answered {opened.status_code} without a form")
        pressed = self._client.post(
            urljoin(url, form.action or url), data=form.fields, headers={"Referer": url}, follow_redirects=True
        )
        if pressed.status_code != 200:
            raise StoryBroken(f"pressing Acknowledge answered {pressed.status_code}")

    def _alert(self) -> Alert | None:
        return Alert.objects.filter(dedup_key=self._dedup_key).first()

    def _is(self, state: AlertState) -> bool:
        alert = self._alert()
        return alert is not None and alert.state == state

    def _wait(self, what: str, probe: Callable[[], T | None]) -> T:
        deadline = time.monotonic() + _STEP_SECONDS_MAX
        while not (found := probe()):
            if time.monotonic() > deadline:
                raise StoryBroken(f"waited {_STEP_SECONDS_MAX:.0f} s for {what}")
            time.sleep(0.05)
        return found

    def _pause(self) -> None:
        time.sleep(self._pause_seconds)

    def _tell(self, text: str) -> None:
        self._console.print(f"[dim]{time.monotonic() - self._began:5.1f} s[/dim]  {text}")


class _Form(HTMLParser):
    """The first form of a page that is sent by POST."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None and given.get("method", "").lower() == "post":
            self.action, self._inside = given.get("action", ""), True
        elif self._inside and tag in ("input", "button") and given.get("name"):
            self.fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def _label(phone: str) -> str:
    return re.sub(r"[-_.]+", " ", phone).title()
