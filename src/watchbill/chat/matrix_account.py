"""What Watchbill's own account does in Matrix, whatever it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchbill.chat.matrix_api import MatrixApi, Reply, at, refused
from watchbill.domain.errands.contract import Later
from watchbill.domain.warrooms.contract import Done, Trouble

# What we write into an event or a room beside its text, to find it again.
KEY = "org.watchbill.key"
GONE = ("M_FORBIDDEN", "M_NOT_FOUND")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A room of ours, found or made."""

    id: str
    alias: str


@dataclass(frozen=True, slots=True)
class AliasTaken:
    """By a room that is not ours, or was left half made."""


class MatrixAccount:
    def __init__(self, api: MatrixApi) -> None:
        self.api = api
        self._me = ""

    async def me(self, *, now: datetime) -> str | Trouble:
        """Its name."""
        if not self._me:
            reply = await self.call("GET", at("account", "whoami"), now=now)
            if not isinstance(reply, Reply):
                return reply
            found = reply.data.get("user_id")
            if not isinstance(found, str) or not found:
                return Later(why="the homeserver does not say whose access token this is")
            self._me = found
        return self._me

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        now: datetime,
        query: Mapping[str, str] | None = None,
        expected: Sequence[str] = (),
        within: timedelta | None = None,
    ) -> Reply | Trouble:
        """A reply that went well, or whose error is one of those expected."""
        reply = await self.api.call(method, path, body, now=now, query=query, within=within)
        if isinstance(reply, Reply) and reply.error and reply.error not in expected:
            return refused(reply)
        return reply

    async def make(self, name: str, key: str, room: Mapping[str, Any], *, now: datetime) -> Made | AliasTaken | Trouble:
        """A room under an alias of ours. Where there is one already it is taken for ours only if we made it with this
        key: so a repetition finds what is there.
        """
        me = await self.me(now=now)
        if not isinstance(me, str):
            return me
        creation = {**room.get("creation_content", {}), KEY: key}
        body = {**room, "room_alias_name": name, "creation_content": creation}
        reply = await self.call("POST", at("createRoom"), body, now=now, expected=("M_ROOM_IN_USE",))
        if not isinstance(reply, Reply):
            return reply
        alias = f"#{name}:{server_of(me)}"
        if reply.error:
            return await self._ours_under(alias, key, me, now=now)
        return Made(id=str(reply.data["room_id"]), alias=alias)

    async def send(
        self, room_id: str, content: Mapping[str, Any], *, transaction: str, now: datetime, kind: str = "m.room.message"
    ) -> Reply | Trouble:
        """The same transaction again gets the first answer."""
        return await self.call("PUT", at("rooms", room_id, "send", kind, transaction), content, now=now)

    async def state(
        self, room_id: str, kind: str, *, now: datetime, key: str = "", expected: Sequence[str] = ("M_NOT_FOUND",)
    ) -> Mapping[str, Any] | Trouble:
        """Empty when there is none."""
        path = at("rooms", room_id, "state", kind, key)
        reply = await self.call("GET", path, now=now, expected=expected)
        if not isinstance(reply, Reply):
            return reply
        return {} if reply.error else reply.data

    async def set_state(self, room_id: str, kind: str, content: Mapping[str, Any], *, now: datetime) -> Done | Trouble:
        return done(await self.call("PUT", at("rooms", room_id, "state", kind), content, now=now))

    async def _ours_under(self, alias: str, key: str, me: str, *, now: datetime) -> Made | AliasTaken | Trouble:
        found = await self.call("GET", at("directory", "room", alias), now=now, expected=("M_NOT_FOUND",))
        if not isinstance(found, Reply):
            return found
        room_id = str(found.data.get("room_id") or "")
        path, whole = at("rooms", room_id, "state", "m.room.create", ""), {"format": "event"}
        created = await self.call("GET", path, now=now, query=whole, expected=(*GONE, "M_UNKNOWN"))
        if not isinstance(created, Reply):
            return created
        is_ours = created.data.get("sender") == me and (created.data.get("content") or {}).get(KEY) == key
        return Made(id=room_id, alias=alias) if is_ours else AliasTaken()


def server_of(name: str) -> str:
    """The homeserver in the name of a person or an alias."""
    return name.partition(":")[2]


def done(reply: Reply | Trouble) -> Done | Trouble:
    return Done() if isinstance(reply, Reply) else reply
