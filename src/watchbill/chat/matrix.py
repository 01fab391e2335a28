"""Rooms in Matrix: one for each incident, made by Watchbill's own account on the organization's homeserver.

Everything has a name of ours before it is asked for: a room its alias, a message its transaction id. The homeserver
keeps both, so that a repetition finds what is there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from watchbill.chat import matrix_text
from watchbill.chat.matrix_account import GONE, KEY, AliasTaken, Made, MatrixAccount, done, server_of
from watchbill.chat.matrix_answers import MatrixAnswers
from watchbill.chat.matrix_api import MatrixApi, Reply, at, refused
from watchbill.chat.matrix_people import MatrixPeople
from watchbill.chat.matrix_settings import MatrixSettings
from watchbill.domain.errands.contract import Later
from watchbill.domain.warrooms.contract import (
    ChatMessage,
    Done,
    Incoming,
    Invitations,
    Invited,
    Invitee,
    InviteState,
    Limits,
    MessageWanted,
    NameTaken,
    Posted,
    Profile,
    Refused,
    RoomMade,
    RoomWanted,
    Trouble,
)
from watchbill.ground.http_client import HttpClient

# Between the homeserver's clock and ours.
_CLOCKS_APART = timedelta(minutes=5)
_PAGE, _PAGES_MAX = 500, 20
_EVERYBODY, _MODERATORS = 0, 50
_NOBODY = "nobody in Matrix has this address; invite them by hand"


class MatrixHost:
    kind = "matrix"
    label = "Matrix"
    command = matrix_text.COMMAND
    limits = Limits(name_max=80, name_characters="a-z0-9_-", topic_max=matrix_text.TOPIC_MAX, private_rooms=True)

    def __init__(self, *, http: HttpClient, settings: MatrixSettings) -> None:
        self.settings = settings
        self.account = MatrixAccount(MatrixApi(http=http, base_url=settings.url, token=settings.access_token))
        self.answers = MatrixAnswers(self.account)
        self.people = MatrixPeople(self.account.api, settings)

    async def create_room(self, wanted: RoomWanted, *, now: datetime) -> RoomMade | NameTaken | Trouble:
        room = await self.account.make(wanted.name, wanted.key, _room(wanted), now=now)
        if isinstance(room, Made):
            return RoomMade(id=room.id, url=f"{self.settings.link_url}{room.alias}")
        return NameTaken() if isinstance(room, AliasTaken) else room

    async def set_topic(self, room_id: str, topic: str, *, now: datetime) -> Done | Trouble:
        return await self.account.set_state(room_id, "m.room.topic", {"topic": topic}, now=now)

    async def invite(self, room_id: str, people: Sequence[Invitee], *, now: datetime) -> Invitations | Trouble:
        outcomes = []
        for one in people:
            found = await self._invite(room_id, one, now=now)
            if not isinstance(found, Invited):
                return found
            outcomes.append(found)
        return Invitations(tuple(outcomes))

    async def post(self, room_id: str, wanted: MessageWanted, *, now: datetime) -> Posted | Trouble:
        if wanted.perhaps_posted_since is not None:
            found = await self._posted_unnoticed(room_id, wanted, since=wanted.perhaps_posted_since, now=now)
            if found is not None:
                return found
        content = {**matrix_text.content(wanted.message), KEY: wanted.key}
        if wanted.thread_ref:
            content["m.relates_to"] = _in_thread(wanted.thread_ref)
        reply = await self.account.send(room_id, content, transaction=wanted.key, now=now)
        return Posted(str(reply.data["event_id"])) if isinstance(reply, Reply) else reply

    async def update(self, room_id: str, ref: str, message: ChatMessage, *, now: datetime) -> Done | Trouble:
        """An edit that is made twice says the same twice, so each try is one of its own."""
        content = {
            "msgtype": "m.text",
            "body": f"* {matrix_text.summary(message)}",
            "m.mentions": {},
            "m.new_content": matrix_text.content(message),
            "m.relates_to": {"rel_type": "m.replace", "event_id": ref},
        }
        return done(await self.account.send(room_id, content, transaction=uuid4().hex, now=now))

    async def pin(self, room_id: str, ref: str, *, now: datetime) -> Done | Trouble:
        there = await self.account.state(room_id, "m.room.pinned_events", now=now)
        if not isinstance(there, Mapping):
            return there
        pinned = [one for one in there.get("pinned") or () if isinstance(one, str)]
        if ref in pinned:
            return Done()
        return await self.account.set_state(room_id, "m.room.pinned_events", {"pinned": [ref, *pinned]}, now=now)

    async def archive(self, room_id: str, *, now: datetime) -> Done | Trouble:
        """Nobody but moderators writes there any more; what was written stays for those who are in it."""
        return await self._let_write(room_id, _MODERATORS, now=now, expected=GONE)

    async def reopen(self, room_id: str, *, now: datetime) -> Done | Trouble:
        return await self._let_write(room_id, _EVERYBODY, now=now)

    async def profile(self, external_id: str, *, now: datetime) -> Profile | Trouble:
        me = await self.account.me(now=now)
        return await self.people.profile(external_id, home=server_of(me), now=now) if isinstance(me, str) else me

    async def answer(self, to: Incoming, text: str, *, aloud: bool, now: datetime) -> Done | Trouble:
        say = self.answers.aloud if aloud else self.answers.alone
        return await say(to, text, now=now)

    async def ask_text(self, to: Incoming, *, title: str, label: str, now: datetime) -> Done | Trouble:
        return Refused(why="Matrix has no forms: write the command")

    async def complaints(self, *, now: datetime) -> Sequence[str]:
        me = await self.account.me(now=now)
        if not isinstance(me, str):
            return (me.why,)
        return await self.people.complaints(home=server_of(me), now=now)

    async def _posted_unnoticed(
        self, room_id: str, wanted: MessageWanted, *, since: datetime, now: datetime
    ) -> Posted | Trouble | None:
        """The homeserver knows a transaction for a while only, and for as long as the account stays signed in."""
        me = await self.account.me(now=now)
        if not isinstance(me, str):
            return me
        oldest, position = (since - _CLOCKS_APART).timestamp() * 1000, ""
        for _ in range(_PAGES_MAX):
            query = {"dir": "b", "limit": str(_PAGE), **({"from": position} if position else {})}
            reply = await self.account.call("GET", at("rooms", room_id, "messages"), now=now, query=query)
            if not isinstance(reply, Reply):
                return reply
            for event in reply.data.get("chunk") or ():
                if (event.get("content") or {}).get(KEY) == wanted.key and event.get("sender") == me:
                    return Posted(str(event["event_id"]))
                if event.get("origin_server_ts", 0) < oldest:
                    return None
            position = str(reply.data.get("end") or "")
            if not position:
                return None
        return Later(why=f"the room has more than {_PAGE * _PAGES_MAX} messages since: what was lost is not found")

    async def _invite(self, room_id: str, one: Invitee, *, now: datetime) -> Invited | Trouble:
        me = await self.account.me(now=now)
        if not isinstance(me, str):
            return me
        found = one.external_id or await self.people.find(one.email, home=server_of(me), now=now)
        if not isinstance(found, str):
            return found
        if not found:
            return Invited(email=one.email, external_id="", state=InviteState.UNKNOWN, why=_NOBODY)
        path = at("rooms", room_id, "invite")
        reply = await self.account.api.call("POST", path, {"user_id": found}, now=now)
        if not isinstance(reply, Reply):
            return reply
        if reply.error:
            return await self._not_invited(room_id, one.email, found, reply, now=now)
        return Invited(email=one.email, external_id=found, state=InviteState.IN)

    async def _not_invited(
        self, room_id: str, email: str, user_id: str, reply: Reply, *, now: datetime
    ) -> Invited | Trouble:
        """Whoever is in the room already cannot be invited."""
        there = await self.account.state(room_id, "m.room.member", key=user_id, now=now)
        if not isinstance(there, Mapping):
            return there
        if there.get("membership") in ("join", "invite"):
            return Invited(email=email, external_id=user_id, state=InviteState.IN)
        if reply.error == "M_FORBIDDEN" or reply.status == 400:
            why = refused(reply).why
            return Invited(email=email, external_id=user_id, state=InviteState.REFUSED, why=why)
        return refused(reply)

    async def _let_write(
        self, room_id: str, level: int, *, now: datetime, expected: Sequence[str] = ()
    ) -> Done | Trouble:
        path = at("rooms", room_id, "state", "m.room.power_levels", "")
        reply = await self.account.call("GET", path, now=now, expected=expected)
        if not isinstance(reply, Reply):
            return reply
        if reply.error or reply.data.get("events_default", _EVERYBODY) == level:
            return Done()
        return await self.account.set_state(
            room_id, "m.room.power_levels", {**reply.data, "events_default": level}, now=now
        )


def _room(wanted: RoomWanted) -> dict[str, Any]:
    """Only those who are invited come in. Into a restricted incident's, only we invite, and nobody from elsewhere."""
    body: dict[str, Any] = {
        "preset": "private_chat",
        "visibility": "private",
        "name": wanted.name,
        "topic": wanted.topic,
        "initial_state": [{"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}}],
    }
    if wanted.private:
        body["creation_content"] = {"m.federate": False}
        body["power_level_content_override"] = {"invite": _MODERATORS}
    return body


def _in_thread(root: str) -> dict[str, Any]:
    """The rest is for clients that know no threads: to them it is an answer."""
    return {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": root},
    }
