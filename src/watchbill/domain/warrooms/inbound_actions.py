"""What people write in the room of a chat tool comes into the built-in room, once, by whom it is from."""

import hashlib
from datetime import datetime

from django.db import transaction

from watchbill.domain.access.models import User
from watchbill.domain.access.rules import Person, may
from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents import room_actions
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.incidents.reads import visible_to
from watchbill.domain.people.reads import team_ids_of
from watchbill.domain.warrooms.contract import Incoming
from watchbill.domain.warrooms.models import ChatRoom, Direction, RoomMessage
from watchbill.domain.warrooms.people_actions import chat_person

_CUT = "\n[cut: the rest stands in the chat tool]"
_FILES_MAX = 20


def hear(host: str, label: str, incoming: Incoming, *, now: datetime) -> Post | None:
    """None when it is of no room of ours, or was heard before. `label`: what people call the tool."""
    with transaction.atomic():
        room = _room(host, incoming)
        text = _text(incoming)
        if room is None or not text or RoomMessage.objects.filter(room=room, external_ref=incoming.ref).exists():
            return None
        begun = RoomMessage.objects.filter(room=room, external_ref=incoming.thread_ref).exclude(post=None).first()
        post = room_actions.write(
            incident_id=room.incident_id,
            text=text,
            actor=_speaker(host, label, incoming, room.incident),
            now=now,
            thread=begun.post_id if begun is not None and incoming.thread_ref else None,
        )
        _note(room, post, ref=incoming.ref, text=text, now=now)
    return post


def hear_edit(host: str, label: str, incoming: Incoming, *, now: datetime) -> Post | None:
    """A correction where the author is one of ours; otherwise a message in the thread of what was edited."""
    with transaction.atomic():
        room = _room(host, incoming)
        text = _text(incoming)
        there = RoomMessage.objects.filter(room=room, external_ref=incoming.ref, direction=Direction.IN).first()
        if room is None or there is None or there.post is None or not text or there.digest == _digest(text):
            return None
        actor, newest = _speaker(host, label, incoming, room.incident), there.shows or there.post
        if newest.author_id is not None and newest.author_id == actor.id:
            post = room_actions.correct(
                incident_id=room.incident_id, post_id=newest.id, text=text, actor=actor, now=now
            )
            there.shows = post
        else:
            post = room_actions.write(
                incident_id=room.incident_id,
                text=f"Edited: {text}"[: room_actions.TEXT_MAX],
                actor=actor,
                now=now,
                thread=there.post.id,
            )
            _note(room, post, ref=None, text=text, now=now, refused="an edit, which stands there already")
        there.digest = _digest(text)
        there.save(update_fields=["shows", "digest"])
    return post


def _room(host: str, incoming: Incoming) -> ChatRoom | None:
    rows = ChatRoom.objects.select_for_update(of=("self",)).select_related("incident")
    return rows.filter(host=host, external_id=incoming.room).first() if incoming.room else None


def _speaker(host: str, label: str, incoming: Incoming, incident: Incident) -> Actor:
    """The person here, where that one may work on the incident; otherwise a name and where it is from."""
    name, user = chat_person(host, incoming.person)
    if user is not None and may_work_on(user, incident):
        return Actor(kind="person", label=str(user), via=host, id=user.id)
    return Actor(kind="source", label=f"{name} ({label})"[:254], via=host)


def may_work_on(user: User, incident: Incident) -> bool:
    person = Person(id=user.id, role=user.role, team_ids=team_ids_of(user.id))
    return may(person, "incident.respond").allowed and visible_to(user.id).filter(id=incident.id).exists()


def _text(incoming: Incoming) -> str:
    files = [f"[file: {name} {url}]" for name, url in incoming.files[:_FILES_MAX]]
    text = "\n".join([part for part in (incoming.text.strip(), *files) if part])
    longest = room_actions.TEXT_MAX
    return text if len(text) <= longest else text[: longest - len(_CUT)] + _CUT


def _note(room: ChatRoom, post: Post, *, ref: str | None, text: str, now: datetime, refused: str = "") -> None:
    RoomMessage.objects.create(
        room=room,
        key=str(post.id),
        post=post,
        shows=post,
        direction=Direction.IN,
        external_ref=ref,
        tried_at=now,
        digest=_digest(text),
        refused=refused,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
