"""What came of a step is written down; what was refused says so and is tried again after a while."""

from datetime import datetime, timedelta
from typing import Any, assert_never

from django.db import transaction

from watchbill.domain.audit.contract import ENGINE
from watchbill.domain.errands.actions import ask
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.warrooms.actions import CHAT, CHAT_AGAIN
from watchbill.domain.warrooms.contract import (
    Busy,
    Invitations,
    Posted,
    Refused,
    RoomMade,
)
from watchbill.domain.warrooms.models import ChatPerson, ChatRoom, RoomMember, RoomMessage, RoomState
from watchbill.domain.warrooms.next_steps import CARD
from watchbill.domain.warrooms.steps import (
    Archive,
    Invite,
    MakeRoom,
    Pin,
    PostMessage,
    Reopen,
    SetTopic,
    Step,
    UpdateMessage,
)

# Somebody has to change a setting in the tool; we look again so often whether they did.
REFUSED_RESTS = timedelta(minutes=5)
NAMES_MAX = 50


def write_outcome(step: Step, outcome: object, *, now: datetime) -> None:
    with transaction.atomic():
        rows = ChatRoom.objects.select_for_update(of=("self",)).select_related("incident")
        room = rows.get(id=step.at.room_id)
        if isinstance(outcome, Busy | Refused):
            _failed(room, step, outcome, now=now)
        else:
            _went_well(room, step, outcome, now=now)
            if room.troubles.pop(step.kind, None) is not None:
                room.save(update_fields=["troubles"])


def _went_well(room: ChatRoom, step: Step, outcome: object, *, now: datetime) -> None:
    match step:
        case MakeRoom():
            _made(room, outcome, now=now)
        case Invite() if isinstance(outcome, Invitations):
            _invited(room, step, outcome, now=now)
        case SetTopic():
            room.topic = step.topic
            room.save(update_fields=["topic"])
        case PostMessage() if isinstance(outcome, Posted):
            _posted(room, step, outcome.ref)
        case UpdateMessage():
            RoomMessage.objects.filter(room=room, key=step.key).update(shows_id=step.shows, digest=step.digest)
        case Pin():
            room.card_pinned = True
            room.save(update_fields=["card_pinned"])
        case Archive():
            _archived(room, now=now)
        case Reopen():
            room.state, room.archived_at = RoomState.MADE, None
            room.save(update_fields=["state", "archived_at"])
            _tell(room, "incident.chat_room_opened", now=now)
        case _:
            raise AssertionError(f"{type(outcome).__name__} is no answer to {type(step).__name__}")


def _made(room: ChatRoom, outcome: object, *, now: datetime) -> None:
    """A room that belongs to another incident already, found under the same name, is a name that is taken."""
    made = outcome if isinstance(outcome, RoomMade) else None
    if made is None or ChatRoom.objects.filter(host=room.host, external_id=made.id).exclude(id=room.id).exists():
        room.name_tries += 1
        room.name, room.tried_at = "", None
        if room.name_tries >= NAMES_MAX:
            room.state, room.why = RoomState.REFUSED, f"{NAMES_MAX} names like this one are taken"
        room.save(update_fields=["name_tries", "name", "tried_at", "state", "why"])
        return
    room.state, room.external_id, room.url, room.made_at = RoomState.MADE, made.id, made.url, now
    room.save(update_fields=["state", "external_id", "url", "made_at"])
    _tell(room, "incident.chat_room_opened", now=now)


def _invited(room: ChatRoom, step: Invite, outcome: Invitations, *, now: datetime) -> None:
    users = {person.email: user_id for user_id, person in step.people}
    for one in outcome.people:
        user_id = users[one.email]
        RoomMember.objects.update_or_create(
            room=room, user_id=user_id, defaults={"state": one.state.value, "why": one.why[:500], "invited_at": now}
        )
        if one.external_id:
            ChatPerson.objects.get_or_create(
                host=room.host,
                external_id=one.external_id,
                defaults={"user_id": user_id, "seen_at": now, "name": one.email[:200]},
            )


def _posted(room: ChatRoom, step: PostMessage, ref: str) -> None:
    changes: dict[str, Any] = {"external_ref": ref, "shows_id": step.shows, "digest": step.digest}
    RoomMessage.objects.filter(room=room, key=step.wanted.key).update(**changes)
    if step.corrects:
        RoomMessage.objects.filter(room=room, key=step.corrects).update(shows_id=step.shows)


def _archived(room: ChatRoom, *, now: datetime) -> None:
    room.state, room.archived_at = RoomState.ARCHIVED, now
    room.save(update_fields=["state", "archived_at"])
    _tell(room, "incident.chat_room_archived", now=now)


def _failed(room: ChatRoom, step: Step, outcome: Busy | Refused, *, now: datetime) -> None:
    """It is known that nothing was done, so that nothing need be looked for before the next try."""
    match step:
        case MakeRoom():
            room.tried_at = None
            if isinstance(outcome, Refused):
                room.state, room.why = RoomState.REFUSED, outcome.why[:1000]
                _tell(room, "incident.chat_room_refused", now=now, why=outcome.why)
        case PostMessage() if isinstance(outcome, Refused) and outcome.for_good:
            _never_posted(room, step, outcome)
            return
        case UpdateMessage(kind="messages") if isinstance(outcome, Refused) and outcome.for_good:
            # It was deleted there, or may not be changed any more: the correction is said by itself.
            RoomMessage.objects.filter(room=room, key=step.key).update(refused=outcome.why[:1000])
            return
        case UpdateMessage() | Pin() if isinstance(outcome, Refused) and outcome.gone:
            _card_is_gone(room)
            return
        case PostMessage():
            RoomMessage.objects.filter(room=room, key=step.wanted.key, external_ref=None).delete()
        case Reopen() if isinstance(outcome, Refused):
            _follow_on(room, now=now)
            return
        case Invite() | SetTopic() | UpdateMessage() | Pin() | Archive() | Reopen():
            pass
        case _:
            assert_never(step)
    rest = outcome.after if isinstance(outcome, Busy) else REFUSED_RESTS
    room.troubles[step.kind] = {"why": outcome.why[:500], "until": (now + rest).isoformat()}
    room.save(update_fields=["state", "why", "tried_at", "troubles"])
    ask(CHAT_AGAIN, [room.id], due_at=now + rest)


def _never_posted(room: ChatRoom, step: PostMessage, outcome: Refused) -> None:
    there = RoomMessage.objects.filter(room=room, key=step.wanted.key)
    there.update(refused=outcome.why[:1000], shows_id=step.shows, digest=step.digest)
    if step.corrects:
        RoomMessage.objects.filter(room=room, key=step.corrects).update(shows_id=step.shows)


def _card_is_gone(room: ChatRoom) -> None:
    """Somebody deleted it there, so there is another one."""
    RoomMessage.objects.filter(room=room, key=CARD).delete()
    room.card_pinned = False
    room.save(update_fields=["card_pinned"])


def _follow_on(room: ChatRoom, *, now: datetime) -> None:
    """The tool does not open it again, so the incident goes on in a new one."""
    following, _ = ChatRoom.objects.get_or_create(
        incident=room.incident,
        host=room.host,
        part=room.part + 1,
        defaults={"private": room.private, "wanted_at": now, "name_tries": room.name_tries + 1},
    )
    ask(CHAT, [following.id], due_at=now)


def _tell(room: ChatRoom, action: str, *, now: datetime, why: str = "") -> None:
    details = {"room": room.name, "host": room.host, "url": room.url, "why": why}
    record([entry(room.incident, action, **details)], actor=ENGINE, now=now)
