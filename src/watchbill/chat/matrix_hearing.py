"""What happened in Matrix since the last look, from all rooms that Watchbill's account is in."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog

from watchbill.chat.matrix import MatrixHost
from watchbill.chat.matrix_account import GONE, server_of
from watchbill.chat.matrix_api import Reply, at
from watchbill.chat.matrix_events import ENCRYPTED, MESSAGE, parse
from watchbill.domain.errands.contract import Later
from watchbill.domain.warrooms.contract import Busy, Incoming, IncomingKind, Trouble

log = structlog.get_logger()

# The homeserver holds its answer back for so long when nothing happens.
_WAITS = timedelta(seconds=30)
_ANSWERS_WITHIN = timedelta(seconds=45)
_AT_ONCE, _PAGE, _PAGES_MAX = 100, 500, 200
# So often in a row the way back of one room may fail before the others are heard, and it later.
_FAILURES_MAX = 3
_UNREADABLE = "Watchbill cannot read encrypted rooms. Write here instead, or in the room of an incident."


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """`position`: from where the next look goes on, once these were taken in."""

    incoming: Sequence[Incoming]
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What of a room was not heard yet, and was passed over so that the other rooms are: from `back` backwards `to`."""

    room: str
    back: str
    to: str


@dataclass(frozen=True, slots=True)
class Stands:
    """Up to where we heard, as it is kept: the homeserver's own position, with what was passed over before it."""

    since: str
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Stands":
        if not text.startswith("{"):
            return cls(text)
        kept = orjson.loads(text)
        return cls(kept["since"], tuple(Gap(**one) for one in kept["gaps"]))

    def text(self) -> str:
        gaps = [asdict(one) for one in self.gaps]
        return orjson.dumps({"since": self.since, "gaps": gaps}).decode() if gaps else self.since


class MatrixHearing:
    def __init__(self, host: MatrixHost) -> None:
        self._host = host
        self._failures: Counter[str] = Counter()

    async def since(self, position: str, *, now: datetime, waits: timedelta = _WAITS) -> Heard | Trouble:
        """The first look ever hears nothing: it only finds where it stands."""
        stands = Stands.of(position)
        me = await self._host.account.me(now=now)
        if not isinstance(me, str):
            return me
        query = {
            "filter": _filter(at_once=_AT_ONCE),
            "timeout": str(int(waits.total_seconds() * 1000)),
            "since": stands.since,
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
        gaps: list[Gap] = []
        for gap in stands.gaps:
            earlier, left, _ = await self._earlier(gap, now=now)
            found += self._parsed(earlier, gap.room, me)
            gaps += [left] if left is not None else []
        for room_id, room in _mapping(rooms.get("join")).items() if position else ():
            heard = await self._heard_in(room_id, _mapping(_mapping(room).get("timeline")), stands.since, now=now)
            if not isinstance(heard, tuple):
                return heard
            events, left = heard
            found += self._parsed(events, room_id, me)
            gaps += [left] if left is not None else []
        return Heard(incoming=tuple(found), position=Stands(reached, tuple(gaps)).text())

    def _parsed(self, events: Iterable[Mapping[str, Any]], room_id: str, me: str) -> list[Incoming]:
        link_url = self._host.settings.link_url
        parsed = (parse(event, room_id, me=me, link_url=link_url) for event in events)
        return [one for one in parsed if one is not None]

    async def _heard_in(
        self, room_id: str, timeline: Mapping[str, Any], position: str, *, now: datetime
    ) -> tuple[list[Mapping[str, Any]], Gap | None] | Trouble:
        """All since then in order: after a long absence the homeserver sends the last ones only."""
        back = str(timeline.get("prev_batch") or "") if timeline.get("limited") else ""
        earlier, gap, trouble = await self._earlier(Gap(room=room_id, back=back, to=position), now=now)
        if trouble is not None:
            self._failures[room_id] += 1
            if isinstance(trouble, Busy) or self._failures[room_id] < _FAILURES_MAX:
                return trouble  # all of it again, so that it comes in order
            log.error("matrix.earlier.later", room=room_id, why=trouble.why)
        self._failures.pop(room_id, None)
        return [*earlier, *_mappings(timeline.get("events"))], gap

    async def _earlier(self, gap: Gap, *, now: datetime) -> tuple[list[Mapping[str, Any]], Gap | None, Trouble | None]:
        """In order, what of it could be had; what is still missing, and why."""
        events: list[Mapping[str, Any]] = []
        for _ in range(_PAGES_MAX):
            if not gap.back:
                return events, None, None
            query = {"dir": "b", "from": gap.back, "to": gap.to, "limit": str(_PAGE)}
            query["filter"] = orjson.dumps({"types": [MESSAGE, ENCRYPTED]}).decode()
            path = at("rooms", gap.room, "messages")
            reply = await self._host.account.call("GET", path, now=now, query=query, expected=GONE)
            if not isinstance(reply, Reply):
                return events, gap, reply
            events = [*reversed(_mappings(reply.data.get("chunk"))), *events]
            gap = replace(gap, back=str(reply.data.get("end") or ""))
        return events, gap if gap.back else None, None

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
