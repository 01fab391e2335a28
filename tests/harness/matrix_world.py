"""A world of incidents with a real Matrix homeserver beside it, on which everybody has an account but the onlookers."""

from functools import partial
from typing import Any
from urllib.parse import quote

from tests.harness.incident_world import IncidentWorld
from tests.harness.matrix_wire import MatrixWire
from tests.harness.synapse import SERVER_NAME, synapse
from tests.harness.world import START
from watchbill.chat.matrix import MatrixHost
from watchbill.chat.matrix_settings import MatrixSettings
from watchbill.domain.bridges.actions import GiveBridge
from watchbill.domain.errands.contract import Errand
from watchbill.domain.errands.models import Errand as ErrandRow
from watchbill.domain.incidents import room_actions
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.warrooms.actions import CHAT, follow
from watchbill.domain.warrooms.chat_errand import chat_errands
from watchbill.domain.warrooms.models import ChatRoom
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
        return (FollowIncident(self.followers()), *chat_errands([self.host], base_url="http://watchbill.example.org"))

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

    def says(self, name: str, text: str, incident: Incident, **more: Any) -> int:
        """In the incident's room; the status of the homeserver's answer."""
        room = quote(self.room(incident).external_id or "")
        content = {"msgtype": "m.text", "body": text, **more}
        return self.synapse.tries("POST", f"{CLIENT}/rooms/{room}/send/m.room.message", self._token_of(name), content)

    def _token_of(self, name: str) -> str:
        if name not in self._tokens:
            self._tokens[name] = self.synapse.signs_in(self.ids[name])
        return self._tokens[name]

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

    def trouble(self, incident: Incident) -> str:
        room = self.room(incident)
        late = ErrandRow.objects.filter(kind=CHAT, subject_id=room.id).values_list("last_error", flat=True)
        return "; ".join([*filter(None, late), *(one["why"] for one in room.troubles.values())])
