"""A world of incidents with a Slack workspace beside it, in which everybody has an account but the onlookers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.harness.carriers import LoopThread
from tests.harness.incident_world import IncidentWorld
from tests.harness.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, TEAM, Channel, FakeSlack
from tests.harness.world import START
from watchbill.chat.slack import SlackHost, SlackSettings
from watchbill.chat.slack_events import COMMAND, EVENT, INTERACTIVE, parse
from watchbill.domain.errands.contract import Errand
from watchbill.domain.errands.models import Errand as ErrandRow
from watchbill.domain.incidents import actions, room_actions
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.warrooms.actions import CHAT, follow
from watchbill.domain.warrooms.chat_errand import chat_errands
from watchbill.domain.warrooms.inbox_actions import take_in
from watchbill.domain.warrooms.models import ChatRoom
from watchbill.doors.callbacks.heard import ChatHeard
from watchbill.doors.callbacks.slack_socket import Database, SlackSocket
from watchbill.engine.following import Follower, FollowIncident
from watchbill.ground.http_client import HttpClient
from watchbill.ground.ids import new_id
from watchbill.ground.network_guard import parse_networks
from watchbill.ground.websocket import connect

_slack: FakeSlack | None = None


def slack_server() -> FakeSlack:
    """Started once per process; each world empties it."""
    global _slack
    if _slack is None:
        _slack = FakeSlack(now=lambda: START)
        _slack.start()
    _slack.clear()
    return _slack


class SlackWorld(IncidentWorld):
    def __enter__(self) -> "SlackWorld":
        self.slack = slack_server()
        self.slack.now = self.clock.now
        self._said = 0
        super().__enter__()
        self.ids = {
            name: self.slack.has(user.name, user.email) for name, user in self.cast.people.items() if name != "onlooker"
        }
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        super().__exit__(kind, *rest)
        if kind is None:
            assert not self.slack.faults, self.slack.faults

    @contextmanager
    def listens(self, *, database: Database | None = None) -> Iterator[None]:
        """The worker's connection to Slack, on a loop of its own, until it is told to stop."""
        thread, networks = LoopThread(), parse_networks("127.0.0.0/8")
        thread.start()
        client, stopping = HttpClient(allowed_networks=networks), asyncio.Event()
        socket = SlackSocket(
            SlackHost(http=client, settings=self._settings()),
            clock=self.clock,
            database=database or self._beside_the_loop,
            connect=partial(connect, allowed_networks=networks),
            first_pause=0.01,
        )
        running = asyncio.run_coroutine_threadsafe(socket.run(stopping), thread.loop)
        try:
            yield
        finally:
            thread.loop.call_soon_threadsafe(stopping.set)
            running.result(timeout=30)
            thread.run(client.aclose())
            thread.stop()

    def _settings(self) -> SlackSettings:
        return SlackSettings(
            bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET, api_url=self.slack.api_url
        )

    def build_errands(self, http: HttpClient) -> tuple[Errand[Any], ...]:
        self.host = SlackHost(http=http, settings=self._settings())
        base_url = "http://watchbill.example.org"
        return (
            FollowIncident(self.followers()),
            *chat_errands([self.host], base_url=base_url),
            ChatHeard([self.host], ways=self.ways, base_url=base_url),
        )

    def followers(self) -> tuple[Follower, ...]:
        return (partial(follow, hosts=[self.host]),)

    # What happens

    def writes(self, name: str, text: str, incident: Incident, *, thread: Post | None = None) -> Post:
        post = room_actions.write(
            incident_id=incident.id,
            text=text,
            actor=self.person(name),
            now=self.now,
            thread=thread.id if thread is not None else None,
        )
        self.settle()
        return post

    def opens_the_room(self, name: str, incident: Incident) -> None:
        actions.open_room(incident_id=incident.id, actor=self.person(name), ways=self.ways(), now=self.now)
        self.settle()

    def hears(self, kind: str, payload: dict[str, Any]) -> bool:
        """As both doors take it in; whether it was new."""
        incoming = parse(kind, payload)
        new = incoming is not None and take_in("slack", incoming, now=self.now)
        self.settle()
        return new

    def says(self, who: str, text: str, incident: Incident, **more: Any) -> str:
        """Somebody, by name or id, writes into the channel; the message's `ts`."""
        channel = self.channel(incident)
        self._said += 1
        message = {"user": self.ids.get(who, who), "text": text, "ts": f"{self.now.timestamp():.0f}.9{self._said:05}"}
        channel.messages.append(message | more)
        self.hears(EVENT, self.event({"type": "message", "channel": channel.id, **message, **more}))
        return message["ts"]

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        return {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{new_id()}", "event": event}

    def commands(self, who: str, text: str, incident: Incident | None = None) -> str:
        """`/watchbill text`, in the channel of the incident or elsewhere; the answer to that person alone."""
        self.hears(COMMAND, self.form(who, text, incident))
        return self.answer()

    def form(self, who: str, text: str, incident: Incident | None = None) -> dict[str, str]:
        """As Slack sends a command."""
        self._said += 1
        return {
            "command": "/watchbill",
            "text": text,
            "user_id": self.ids.get(who, who),
            "channel_id": self.channel(incident).id if incident is not None else "C9999",
            "team_id": TEAM,
            "response_url": f"{self.slack.url}/answer/{self._said}",
            "trigger_id": f"trigger-{self._said}",
        }

    def presses(self, who: str, label: str, incident: Incident, *, twice: bool = False) -> str:
        """A button of the card; the answer to that person alone."""
        channel = self.channel(incident)
        [button] = [
            one
            for block in channel.messages[0]["blocks"]
            for one in block.get("elements", ())
            if one["text"]["text"] == label
        ]
        self._said += 1
        payload = {
            "type": "block_actions",
            "user": {"id": self.ids.get(who, who)},
            "channel": {"id": channel.id},
            "actions": [{**button, "action_ts": f"{self._said}.0"}],
            "response_url": f"{self.slack.url}/answer/{self._said}",
            "trigger_id": f"trigger-{self._said}",
        }
        self.hears(INTERACTIVE, payload)
        if twice:
            assert not self.hears(INTERACTIVE, {**payload, "trigger_id": "of another delivery"})
        return self.answer()

    def sends_the_form(self, who: str, text: str) -> str:
        view = self.slack.forms[-1]
        state = {"values": {"text": {"value": {"type": "plain_text_input", "value": text}}}}
        payload = {"type": "view_submission", "user": {"id": self.ids.get(who, who)}}
        self.hears(INTERACTIVE, {**payload, "view": {**view, "id": "V1", "state": state}})
        return self.answer()

    def answer(self) -> str:
        return self.slack.answers[-1]["text"] if self.slack.answers else ""

    # What came of it

    def room(self, incident: Incident) -> ChatRoom:
        return ChatRoom.objects.filter(incident=incident).latest("part")

    def channel(self, incident: Incident) -> Channel:
        return self.slack.channels[self.room(incident).external_id or ""]

    def conversation(self, incident: Incident) -> list[str]:
        """What people wrote, as the channel shows it: without the card and the rules."""
        return self.channel(incident).texts[2:]

    def trouble(self, incident: Incident) -> str:
        room = self.room(incident)
        late = ErrandRow.objects.filter(kind=CHAT, subject_id=room.id).values_list("last_error", flat=True)
        return "; ".join([*filter(None, late), *(one["why"] for one in room.troubles.values())])
