"""What a room lacks of what it should be, one step at a time: the incident's record says what should be, the room's
rows say what is.

Whatever is about to be tried is written down first. So a try of which nobody knows what came is looked for in the tool
before it is made again, and there is one room and each message once, whatever fails in between (decision record 32).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.incidents.models import Incident, IncidentState, Post
from watchbill.domain.incidents.process_followed import process_of
from watchbill.domain.warrooms import rules, wording
from watchbill.domain.warrooms.contract import ChatMessage, Limits, MessageWanted, RoomWanted
from watchbill.domain.warrooms.members import to_invite
from watchbill.domain.warrooms.models import ChatRoom, Direction, RoomMessage, RoomState
from watchbill.domain.warrooms.steps import (
    Archive,
    At,
    Invite,
    MakeRoom,
    Pin,
    PostMessage,
    Reopen,
    SetTopic,
    Step,
    UpdateMessage,
)

OVER = (IncidentState.CLOSED, IncidentState.CANCELLED, IncidentState.MERGED)
CARD, RULES = "card", "rules"


def next_step(room_id: UUID, *, limits: Limits, base_url: str, now: datetime) -> Step | None:
    """None when the room is what it should be, or nothing can be done about it."""
    with transaction.atomic():
        rows = ChatRoom.objects.select_for_update(of=("self",)).select_related("incident__service")
        room = rows.filter(id=room_id).first()
        if room is None or room.state == RoomState.REFUSED:
            return None
        if room.state == RoomState.WANTED:
            return None if room.incident.state in OVER else _make(room, limits=limits, now=now)
        if room.state == RoomState.ARCHIVED:
            return _reopen(room, now=now)
        return _in_the_room(room, limits=limits, base_url=base_url, now=now)


def _at(room: ChatRoom) -> At:
    return At(room_id=room.id, host=room.host, external_id=room.external_id or "")


def _make(room: ChatRoom, *, limits: Limits, now: datetime) -> Step:
    incident, since = room.incident, room.tried_at
    if not room.name:
        room.name = rules.room_name(
            rules.name_pattern(process_of(incident).war_room),
            on=incident.declared_at.astimezone(wording.zone()).date(),
            title=incident.title,
            number=incident.number,
            discreet=incident.restricted,
            taken=room.name_tries,
            limits=limits,
        )
    room.tried_at = room.tried_at or now
    room.save(update_fields=["name", "tried_at"])
    wanted = RoomWanted(
        name=room.name,
        topic=rules.cut(wording.topic_of(incident), limits.topic_max),
        private=room.private,
        key=str(room.id),
        perhaps_made_since=since,
    )
    return MakeRoom(at=_at(room), wanted=wanted)


def _reopen(room: ChatRoom, *, now: datetime) -> Step | None:
    follows_on = ChatRoom.objects.filter(incident=room.incident, host=room.host, part__gt=room.part).exists()
    if room.incident.state in OVER or follows_on or (room.incident.restricted and not room.private):
        return None
    return _first(room, (("reopen", lambda: Reopen(at=_at(room))),), now=now)


def _in_the_room(room: ChatRoom, *, limits: Limits, base_url: str, now: datetime) -> Step | None:
    incident = room.incident
    if incident.restricted and not room.private:
        return _first(room, (("archive", lambda: Archive(at=_at(room))),), now=now)
    return _first(
        room,
        (
            ("invite", lambda: _invite(room)),
            ("topic", lambda: _topic(room, limits)),
            ("card", lambda: _card(room, base_url=base_url, now=now)),
            ("pin", lambda: _pin(room)),
            ("rules", lambda: _rules(room, now=now)),
            ("messages", lambda: _message(room, now=now)),
            ("archive", lambda: Archive(at=_at(room)) if incident.state in OVER else None),
        ),
        now=now,
    )


def _first(room: ChatRoom, ways: tuple[tuple[str, Callable[[], Step | None]], ...], *, now: datetime) -> Step | None:
    """The first that is not done; a kind that is in trouble is passed over until its time comes."""
    waiting = _waiting(room, now=now)
    for kind, way in ways:
        if kind in waiting:
            if kind == "messages":
                break  # nothing is archived before everything was said
            continue
        step = way()
        if step is not None:
            return step
    return None


def _waiting(room: ChatRoom, *, now: datetime) -> set[str]:
    return {kind for kind, one in room.troubles.items() if datetime.fromisoformat(one["until"]) > now}


def _invite(room: ChatRoom) -> Step | None:
    people = to_invite(room)
    return Invite(at=_at(room), people=tuple(people)) if people else None


def _topic(room: ChatRoom, limits: Limits) -> Step | None:
    topic = rules.cut(wording.topic_of(room.incident), limits.topic_max)
    return SetTopic(at=_at(room), topic=topic) if topic != room.topic else None


def _card(room: ChatRoom, *, base_url: str, now: datetime) -> Step | None:
    former = ChatRoom.objects.filter(incident=room.incident, host=room.host, part=room.part - 1).first()
    card = wording.card_of(room, base_url=base_url, former=former, now=now)
    digest = wording.digest_of(card)
    there = RoomMessage.objects.filter(room=room, key=CARD).first()
    if there is not None and there.refused and there.digest == digest:
        return None  # as it is now, the tool does not take it
    if there is None or there.external_ref is None:
        return _post(room, CARD, card, kind="card", there=there, digest=digest, now=now)
    if there.digest == digest:
        return None
    return UpdateMessage(at=_at(room), kind="card", key=CARD, ref=there.external_ref, message=card, digest=digest)


def _pin(room: ChatRoom) -> Step | None:
    card = RoomMessage.objects.filter(room=room, key=CARD).exclude(external_ref=None).first()
    if room.card_pinned or card is None:
        return None
    return Pin(at=_at(room), ref=card.external_ref or "")


def _rules(room: ChatRoom, *, now: datetime) -> Step | None:
    there = RoomMessage.objects.filter(room=room, key=RULES).first()
    message = wording.rules_of(room.incident)
    if message is None or (there is not None and (there.external_ref is not None or there.refused)):
        return None
    return _post(room, RULES, message, kind="rules", there=there, now=now)


def _message(room: ChatRoom, *, now: datetime) -> Step | None:
    """What was written in the built-in room, in order; then what was corrected since."""
    settled = RoomMessage.objects.exclude(external_ref=None, refused="").exclude(post=None)
    told = settled.filter(room__incident=room.incident, room__host=room.host)  # in a former room of it too
    posts = Post.objects.filter(incident=room.incident, replaces=None).exclude(id__in=told.values("post_id"))
    post = posts.select_related("thread").order_by("written_at", "id").first()
    last = _corrections(room.incident)
    if post is not None:
        return _first_time(room, post, last.get(post.id, post), now=now)
    for there in settled.filter(room=room, post__in=last, external_ref__isnull=False):
        newest = last[UUID(there.key)]
        if newest.id != there.shows_id:
            return _corrected(room, there, newest, now=now)
    return None


def _first_time(room: ChatRoom, post: Post, shown: Post, *, now: datetime) -> Step:
    there = RoomMessage.objects.filter(room=room, key=str(post.id)).first()
    thread = _ref_of(room, post.thread) if post.thread is not None else ""
    return _post(
        room,
        str(post.id),
        wording.message_of(shown),
        kind="messages",
        there=there,
        post=post,
        shows=shown,
        thread=thread,
        now=now,
    )


def _corrected(room: ChatRoom, there: RoomMessage, newest: Post, *, now: datetime) -> Step:
    """Our own message is put right; to somebody's own, or where that cannot be, the correction is an answer."""
    ref = there.external_ref or ""
    if there.direction == Direction.OUT and not there.refused:
        message = wording.message_of(newest)
        return UpdateMessage(at=_at(room), kind="messages", key=there.key, ref=ref, message=message, shows=newest.id)
    answer = RoomMessage.objects.filter(room=room, key=str(newest.id)).first()
    message = wording.message_of(newest, lead=f"{newest.author} corrected this")
    return _post(
        room, str(newest.id), message, kind="messages", there=answer, shows=newest, thread=ref, corrects=there, now=now
    )


def _corrections(incident: Incident) -> dict[UUID, Post]:
    """The last correction of each post that was corrected."""
    rows = {one.replaces_id: one for one in Post.objects.filter(incident=incident).exclude(replaces=None)}
    corrections = {one.id for one in rows.values()}
    found = {}
    for first_id, last in rows.items():
        if first_id is None or first_id in corrections:
            continue
        found[first_id] = _end_of(last, rows)
    return found


def _end_of(post: Post, replaced_by: Mapping[UUID | None, Post]) -> Post:
    while post.id in replaced_by:
        post = replaced_by[post.id]
    return post


def _ref_of(room: ChatRoom, post: Post) -> str:
    there = RoomMessage.objects.filter(room=room, key=str(post.id)).first()
    return (there.external_ref or "") if there is not None else ""


def _post(
    room: ChatRoom,
    key: str,
    message: ChatMessage,
    *,
    kind: str,
    there: RoomMessage | None,
    now: datetime,
    post: Post | None = None,
    shows: Post | None = None,
    thread: str = "",
    digest: str = "",
    corrects: RoomMessage | None = None,
) -> PostMessage:
    since = there.tried_at if there is not None else None
    if there is None:
        RoomMessage.objects.create(room=room, key=key, post=post, tried_at=now)
    wanted = MessageWanted(message=message, key=key, thread_ref=thread, perhaps_posted_since=since)
    return PostMessage(
        at=_at(room),
        kind=kind,
        wanted=wanted,
        shows=shows.id if shows is not None else None,
        digest=digest,
        corrects=corrects.key if corrects is not None else "",
    )
