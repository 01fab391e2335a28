"""Answers to those who asked: in the room where everybody there may read them, otherwise in one with that person alone.

Matrix shows nothing to one person of a room, so each has a room with Watchbill, made when it is needed first.
"""

import hashlib
from datetime import datetime
from typing import Any

from watchbill.chat import matrix_text
from watchbill.chat.matrix_account import GONE, AliasTaken, Made, MatrixAccount, done
from watchbill.chat.matrix_api import Reply, at
from watchbill.domain.warrooms.contract import Done, Incoming, Refused, Trouble

_ELSEWHERE = "\N{INCOMING ENVELOPE}"


class MatrixAnswers:
    def __init__(self, account: MatrixAccount) -> None:
        self._account = account
        self._rooms: dict[str, str] = {}

    async def aloud(self, to: Incoming, text: str, *, now: datetime) -> Done | Trouble:
        content = {**matrix_text.words(text), "m.relates_to": {"m.in_reply_to": {"event_id": to.ref}}}
        return done(await self._account.send(to.room, content, transaction=f"answer-{to.key}", now=now))

    async def alone(self, to: Incoming, text: str, *, now: datetime) -> Done | Trouble:
        """With a mark on what was asked, so that people see where the answer went."""
        is_alone = await self._is_alone(to, now=now)
        if not isinstance(is_alone, bool):
            return is_alone
        room_id = to.room if is_alone else await self.room_with(to.person, now=now)
        if not isinstance(room_id, str):
            return room_id
        said = await self._account.send(room_id, matrix_text.words(text), transaction=f"answer-{to.key}", now=now)
        if isinstance(said, Reply) and to.ref and not is_alone:
            mark = {"m.relates_to": {"rel_type": "m.annotation", "event_id": to.ref, "key": _ELSEWHERE}}
            marking = f"mark-{to.key}"
            return done(await self._account.send(to.room, mark, transaction=marking, kind="m.reaction", now=now))
        return done(said)

    async def room_with(self, person: str, *, now: datetime) -> str | Trouble:
        """Whoever left it is invited again."""
        if person not in self._rooms:
            name = f"watchbill-{hashlib.sha256(person.encode('utf-8', 'replace')).hexdigest()[:24]}"
            room = await self._account.make(name, f"alone/{person}", _room(person), now=now)
            if isinstance(room, AliasTaken):
                return Refused(why=f"the alias #{name} is of a room that is not Watchbill's: remove it, then ask again")
            if not isinstance(room, Made):
                return room
            self._rooms[person] = room.id
        room_id = self._rooms[person]
        there = await self._account.state(room_id, "m.room.member", key=person, now=now)
        if isinstance(there, dict) and there.get("membership") not in ("join", "invite"):
            asked = await self._account.call("POST", at("rooms", room_id, "invite"), {"user_id": person}, now=now)
            if not isinstance(asked, Reply):
                return asked
        return room_id

    async def _is_alone(self, to: Incoming, *, now: datetime) -> bool | Trouble:
        """Whether it was asked where nobody else is."""
        if not to.room:
            return False
        me = await self._account.me(now=now)
        if not isinstance(me, str):
            return me
        reply = await self._account.call("GET", at("rooms", to.room, "members"), now=now, expected=GONE)
        if not isinstance(reply, Reply):
            return reply
        members = reply.data.get("chunk") or ()
        there = {one["state_key"] for one in members if one["content"].get("membership") in ("join", "invite")}
        return there == {me, to.person}


def _room(person: str) -> dict[str, Any]:
    return {
        "preset": "private_chat",
        "visibility": "private",
        "name": "Watchbill",
        "is_direct": True,
        "invite": [person],
        "creation_content": {"m.federate": False},
    }
