"""A world of incidents with a real Matrix homeserver beside it, on which everybody has an account but the onlookers."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from tests.harness.incident_world import IncidentWorld
from tests.harness.matrix_wire import MatrixWire
from tests.harness.synapse import SERVER_NAME, synapse
from tests.harness.world import START
from watchbill.chat.matrix import MatrixHost
from watchbill.chat.matrix_hearing import MatrixHearing
from watchbill.chat.matrix_settings import MatrixSettings
from watchbill.domain.bridges.actions import GiveBridge
from watchbill.domain.errands.contract import Errand
from watchbill.domain.errands.models import Errand as ErrandRow
from watchbill.domain.incidents import room_actions
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.warrooms.actions import CHAT, follow
from watchbill.domain.warrooms.chat_errand import chat_errands
from watchbill.domain.warrooms.models import ChatRoom
from watchbill.doors.callbacks.heard import ChatHeard
from watchbill.doors.callbacks.matrix_sync import MatrixSync
from watchbill.engine.following import Follower, FollowIncident
from watchbill.ground.http_client import HttpClient

CLIENT = "/_matrix/client/v3"
_wire: MatrixWire | None = None


def wire() -> MatrixWire:
    global _wire
    if _wire is None:
        _wire = MatrixWire(synapse().port)
        _wire.start()
    _wire.clear()
    return _wire


class MatrixWorld(IncidentWorld):
    """`mail_domain`: people are found by their names instead of asking Synapse for their addresses."""

    def __init__(self, *, mail_domain: str = "", at: Any = START) -> None:
        super().__init__(at=at)
        self._mail_domain = mail_domain

    def __enter__(self) -> "MatrixWorld":
        self.synapse, self.wire = synapse(), wire()
        self.synapse.forgets_aliases()
        self.me, self.token = self.synapse.new_account(admin=not self._mail_domain)
        super().__enter__()
        self.ids: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        for name, user in self.cast.people.items():
            if name != "onlooker":
                self.ids[name] = self.synapse.has(name, user.email)
        return self

    def build_errands(self, http: HttpClient) -> tuple[Errand[Any], ...]:
        self.settings = MatrixSettings(url=self.wire.url, access_token=self.token, mail_domain=self._mail_domain)
        self.host = MatrixHost(http=http, settings=self.settings)
        base_url = "http://watchbill.example.org"
        self.sync = self.hearing_by(self.host)
        return (
            FollowIncident(self.followers()),
            *chat_errands([self.host], base_url=base_url),
            ChatHeard([self.host], ways=self.ways, base_url=base_url),
        )

    def hearing_by(self, host: MatrixHost) -> MatrixSync:
        """The homeserver is asked what is new, and does not wait until there is something."""
        hearing = MatrixHearing(host)
        return MatrixSync(
            hearing, clock=self.clock, database=self._beside_the_loop, waits=timedelta(), first_pause=0.01
        )

    def followers(self) -> tuple[Follower, ...]:
        return (partial(follow, hosts=[self.host]), GiveBridge())

    # What happens here

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

    # What happens there

    def does(self, name: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """By somebody with a client of their own."""
        return self.synapse.asks(method, f"{CLIENT}{path}", self._token_of(name), body)

    def tries_to_say(self, name: str, text: str, incident: Incident) -> int:
        """The status of the homeserver's answer."""
        path = f"{CLIENT}{self.sending(incident)}"
        return self.synapse.tries("POST", path, self._token_of(name), said(text))

    def says(self, name: str, text: str, incident: Incident, **more: Any) -> str:
        """In the incident's room; the event's id."""
        return str(self.does(name, "POST", self.sending(incident), said(text, **more))["event_id"])

    def sending(self, incident: Incident, kind: str = "m.room.message") -> str:
        return f"/rooms/{quote(self.room(incident).external_id or '')}/send/{kind}"

    def invites(self, by: str, name: str, incident: Incident) -> None:
        self.joins(by, incident)
        self.does(
            by, "POST", f"/rooms/{quote(self.room(incident).external_id or '')}/invite", {"user_id": self.ids[name]}
        )

    def asks(self, name: str, text: str, incident: Incident) -> str:
        """A command in the incident's room; the answer that everybody there sees."""
        event_id = self.says(name, text, incident)
        self.hears()
        return "\n".join(
            event["content"]["body"]
            for event in self.events(incident)
            if event["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id") == event_id
        )

    def told_alone(self, name: str) -> list[str]:
        """What Watchbill said in the room of that person alone, which they join when they are invited."""
        answer = self.synapse.rooms_of(self._token_of(name))
        for room_id, room in answer.get("invite", {}).items():
            events = room["invite_state"]["events"]
            if any(one["sender"] == self.me and one["content"].get("is_direct") for one in events):
                self.does(name, "POST", f"/join/{quote(room_id)}", {})
        joined = self.synapse.rooms_of(self._token_of(name)).get("join", {})
        return [
            event["content"]["body"]
            for room in joined.values()
            if any(one["type"] == "m.room.name" and one["content"]["name"] == "Watchbill" for one in _all_of(room))
            for event in _all_of(room)
            if event["type"] == "m.room.message" and event["sender"] == self.me
        ]

    def _token_of(self, name: str) -> str:
        if name not in self._tokens:
            self._tokens[name] = self.synapse.signs_in(self.ids[name])
        return self._tokens[name]

    def hears(self) -> str | None:
        """One look at what is new, and all that comes of it; what went wrong with the look."""
        why = self._runner.run(self.sync.listen())
        self.settle()
        return why

    def begins_to_hear(self, incident: Incident, *names: str) -> None:
        """The first look, and people who are in the room."""
        for name in names:
            self.joins(name, incident)
        self.hears()
        self.hears()

    def joins(self, name: str, incident: Incident) -> None:
        self.does(name, "POST", f"/join/{quote(self.room(incident).external_id or '')}", {})

    # What came of it

    def room(self, incident: Incident) -> ChatRoom:
        return ChatRoom.objects.filter(incident=incident).latest("part")

    def state(self, incident: Incident, kind: str, key: str = "") -> dict[str, Any]:
        room = quote(self.room(incident).external_id or "")
        return self.synapse.asks("GET", f"{CLIENT}/rooms/{room}/state/{kind}/{quote(key)}", self.token)

    def events(self, incident: Incident) -> list[dict[str, Any]]:
        """The messages of the room in order, each as clients show it: with the last edit in its place."""
        room = quote(self.room(incident).external_id or "")
        path = f"{CLIENT}/rooms/{room}/messages?dir=f&limit=500"
        chunk = self.synapse.asks("GET", path, self.token)["chunk"]
        shown: dict[str, dict[str, Any]] = {}
        for event in chunk:
            relates = event["content"].get("m.relates_to", {})
            if event["type"] != "m.room.message":
                continue
            if relates.get("rel_type") == "m.replace":
                shown[relates["event_id"]]["content"] |= event["content"]["m.new_content"]
            else:
                shown[event["event_id"]] = event
        return list(shown.values())

    def texts(self, incident: Incident) -> list[str]:
        return [event["content"]["body"] for event in self.events(incident)]

    def marks(self, incident: Incident) -> list[tuple[str, str]]:
        """Reactions in the room: (to which event, with what)."""
        room = quote(self.room(incident).external_id or "")
        chunk = self.synapse.asks("GET", f"{CLIENT}/rooms/{room}/messages?dir=f&limit=500", self.token)["chunk"]
        related = [one["content"]["m.relates_to"] for one in chunk if one["type"] == "m.reaction"]
        return [(one["event_id"], one["key"]) for one in related]

    def record(self, incident: Incident) -> list[tuple[str, str]]:
        """What stands in the built-in room: (by whom, text)."""
        return list(Post.objects.filter(incident=incident).order_by("written_at", "id").values_list("author", "text"))

    def conversation(self, incident: Incident) -> list[str]:
        """What people wrote: without the card and the rules."""
        return self.texts(incident)[2:]

    def memberships(self, incident: Incident) -> dict[str, str]:
        room = quote(self.room(incident).external_id or "")
        members = self.synapse.asks("GET", f"{CLIENT}/rooms/{room}/members", self.token)["chunk"]
        names = {user_id: name for name, user_id in self.ids.items()}
        return {names.get(one["state_key"], "watchbill"): one["content"]["membership"] for one in members}

    def rooms_made(self) -> list[str]:
        """All that Watchbill's account is in."""
        return list(self.synapse.asks("GET", f"{CLIENT}/joined_rooms", self.token)["joined_rooms"])

    def alias(self, name: str) -> str:
        """The room under this name."""
        path = f"{CLIENT}/directory/room/{quote(f'#{name}:{SERVER_NAME}')}"
        return str(self.synapse.asks("GET", path, self.token)["room_id"])

    def complaints(self) -> Sequence[str]:
        """What the doctor is told."""
        return self._runner.run(self.host.complaints(now=self.now))

    def trouble(self, incident: Incident) -> str:
        room = self.room(incident)
        late = ErrandRow.objects.filter(kind=CHAT, subject_id=room.id).values_list("last_error", flat=True)
        return "; ".join([*filter(None, late), *(one["why"] for one in room.troubles.values())])


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"msgtype": "m.text", "body": text, **more}


def _all_of(room: dict[str, Any]) -> list[dict[str, Any]]:
    return [*room["state"]["events"], *room["timeline"]["events"]]
