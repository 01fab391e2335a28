"""A world beside which somebody listens: endpoints for events, and a receiver that checks what it gets."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.harness.carriers import Request
from tests.harness.incident_world import IncidentWorld
from watchbill.domain.errands.contract import Errand
from watchbill.domain.event_hooks import actions
from watchbill.domain.event_hooks.collecting import collect
from watchbill.domain.event_hooks.delivering import DeliverEvents
from watchbill.domain.event_hooks.models import EventDelivery, EventHook
from watchbill.domain.event_hooks.rules import EVENTS, HookDraft
from watchbill.engine.following import Follower, FollowIncident
from watchbill.ground.http_client import HttpClient

SECRET_KEY = "for tests only"
PATH = "/events/"
# As docs/how-to/receive-events.md tells receivers to do.
REPLAY_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True)
class Came:
    id: str
    event: str
    number: int
    body: dict[str, Any]
    raw: bytes


class EventWorld(IncidentWorld):
    def build_errands(self, http: HttpClient) -> tuple[Errand[Any], ...]:
        self.delivering = DeliverEvents(http=http, secret_key=SECRET_KEY, base_url="http://watchbill.example.org")
        return (FollowIncident(self.followers()), self.delivering)

    def followers(self) -> tuple[Follower, ...]:
        return (collect,)

    def listens(self, name: str = "hub", **more: object) -> tuple[EventHook, str]:
        """An endpoint and its secret."""
        wanted: dict[str, Any] = {"events": tuple(EVENTS), **more}
        draft = HookDraft(name=name, url=f"{self.http.url}{PATH}{name}", **wanted)
        made = actions.add(draft, secret_key=SECRET_KEY, actor=self.person("lead"), now=self.now)
        return EventHook.objects.get(id=made.id), made.secret

    def received(self) -> list[Any]:
        """Pages alone: what receivers of events got is asked for by `told`."""
        whole = self.http.requests
        self.http.requests = [one for one in whole if not one.path.startswith(PATH)]
        try:
            return super().received()
        finally:
            self.http.requests = whole

    def told(self, name: str, *secrets: str) -> list[Came]:
        """Everything that came to this endpoint, each signed with all of the secrets, in order."""
        return [came(request, secrets, now=self.now) for request in self.http.to(f"{PATH}{name}")]

    def state(self, name: str = "hub") -> list[str]:
        rows = EventDelivery.objects.filter(hook__name=name).order_by("entry_id")
        return list(rows.values_list("state", flat=True))

    def hook(self, name: str = "hub") -> EventHook:
        return EventHook.objects.get(name=name)


def came(request: Request, secrets: Sequence[str], *, now: datetime) -> Came:
    body = json.loads(request.body)
    assert body["version"] == 1
    assert request.headers["x-watchbill-delivery"] == body["id"]
    assert request.headers["x-watchbill-event"] == body["event"]
    check(request, secrets)
    return Came(body["id"], body["event"], body["incident"]["number"], body, request.body)


def check(request: Request, secrets: Sequence[str]) -> datetime:
    """Raises AssertionError unless each secret signed it; when it says that it was sent."""
    first, *rest = request.headers["x-watchbill-signature"].split(",")
    seconds = first.removeprefix("t=")
    wanted = [
        "v1=" + hmac.new(one.encode(), seconds.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        for one in secrets
    ]
    assert sorted(rest) == sorted(wanted)
    return datetime.fromtimestamp(int(seconds)).astimezone()
