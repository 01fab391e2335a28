"""What happened in Matrix since the last look, from all rooms that Watchbill's account is in."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from watchbill.chat.matrix import MatrixHost
from watchbill.chat.matrix_account import GONE, server_of
from watchbill.chat.matrix_api import Reply, at
from watchbill.chat.matrix_events import ENCRYPTED, MESSAGE, parse
from watchbill.domain.errands.contract import Later
from watchbill.domain.warrooms.contract import Incoming, IncomingKind, Trouble

# The homeserver holds its answer back for so long when nothing happens.
_WAITS = timedelta(seconds=30)
_ANSWERS_WITHIN = timedelta(seconds=45)
_AT_ONCE, _PAGE, _PAGES_MAX = 100, 200, 50
_UNREADABLE = "Watchbill cannot read encrypted rooms. Write here instead, or in the room of an incident."


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """`position`: from where the next look goes on, once these were taken in."""

    incoming: Sequence[Incoming]
    position: str


class MatrixHearing:
    def __init__(self, host: MatrixHost) -> None:
        self._host = host

    async def since(self, position: str, *, now: datetime, waits: timedelta = _WAITS) -> Heard | Trouble:
        """The first look ever hears nothing: it only finds where it stands."""
        me = await self._host.account.me(now=now)
        if not isinstance(me, str):
            return me
        query = {
            "filter": _filter(at_once=_AT_ONCE),
            "timeout": str(int(waits.total_seconds() * 1000)),
            "since": position,
        }
        if not position:
            query = {"filter": _filter(at_once=1), "timeout": "0"}
        reply = await self._host.account.call("GET", at("sync"), now=now, query=query, within=_ANSWERS_WITHIN)
        if not isinstance(reply, Reply):
            return reply
        reached = reply.data.get("next_batch")
        if not isinstance(reached, str) or not reached:
            return Later(why="the homeserver's answer to sync says no position")
        rooms = _mapping(reply.data.get("rooms"))
        await self._answer_invitations(_mapping(rooms.get("invite")), me, now=now)
        found: list[Incoming] = []
        for room_id, room in _mapping(rooms.get("join")).items() if position else ():
            events = await self._events(room_id, _mapping(_mapping(room).get("timeline")), position, now=now)
            if not isinstance(events, list):
                return events
            link_url = self._host.settings.link_url
            parsed = (parse(event, room_id, me=me, link_url=link_url) for event in events)
            found.extend(one for one in parsed if one is not None)
        return Heard(incoming=tuple(found), position=reached)

    async def _events(
        self, room_id: str, timeline: Mapping[str, Any], position: str, *, now: datetime
    ) -> list[Mapping[str, Any]] | Trouble:
        """All since then in order: after a long absence the homeserver sends the last ones only."""
        events = _mappings(timeline.get("events"))
        back = str(timeline.get("prev_batch") or "") if timeline.get("limited") else ""
        for _ in range(_PAGES_MAX):
            if not back:
                break
            query = {"dir": "b", "from": back, "to": position, "limit": str(_PAGE)}
            query["filter"] = orjson.dumps({"types": [MESSAGE, ENCRYPTED]}).decode()
            path = at("rooms", room_id, "messages")
            reply = await self._host.account.call("GET", path, now=now, query=query, expected=GONE)
            if not isinstance(reply, Reply):
                return reply
            events = [*reversed(_mappings(reply.data.get("chunk"))), *events]
            back = str(reply.data.get("end") or "")
        return events

    async def _answer_invitations(self, rooms: Mapping[str, Any], me: str, *, now: datetime) -> None:
        """People of our homeserver may talk to Watchbill alone, unencrypted. Otherwise it says where they may."""
        for room_id, room in rooms.items():
            events = _mappings(_mapping(_mapping(room).get("invite_state")).get("events"))
            ours = (one for one in events if one.get("state_key") == me and one.get("type") == "m.room.member")
            invitation: Mapping[str, Any] = next(ours, {})
            person = str(invitation.get("sender") or "")
            is_asked_alone = _mapping(invitation.get("content")).get("is_direct") is True
            is_direct = is_asked_alone and server_of(person) == server_of(me)
            is_readable = not any(one.get("type") == "m.room.encryption" for one in events)
            verb = "join" if is_direct and is_readable else "leave"
            await self._host.account.call("POST", at("rooms", room_id, verb), {}, now=now)
            if is_direct and not is_readable:
                there = Incoming(kind=IncomingKind.COMMAND, key=_key(room_id), person=person)
                await self._host.answers.alone(there, _UNREADABLE, now=now)


def _filter(*, at_once: int) -> str:
    """Messages, so many of a room; not who is there, what they read, or whether they type."""
    nothing: dict[str, Any] = {"types": []}
    room = {"timeline": {"limit": at_once, "types": [MESSAGE, ENCRYPTED]}}
    room |= {"state": nothing, "ephemeral": nothing, "account_data": nothing}
    return orjson.dumps({"presence": nothing, "account_data": nothing, "room": room}).decode()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _key(room_id: str) -> str:
    return hashlib.sha256(room_id.encode("utf-8", "replace")).hexdigest()
