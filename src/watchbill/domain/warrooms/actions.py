"""A room in a chat tool is wanted, and looked at again when its incident changed or somebody mended what was wrong."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.errands.actions import ask
from watchbill.domain.errands.actions import try_now as try_errand_now
from watchbill.domain.incidents.models import UNRESOLVED, Incident, StepDone
from watchbill.domain.incidents.process_followed import process_of
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.warrooms import rules
from watchbill.domain.warrooms.contract import ChatHost
from watchbill.domain.warrooms.models import ChatRoom, Invitation, RoomMember, RoomMessage, RoomState
from watchbill.ground.refusals import Unknown

# The errand that brings a room to what it should be; its subject is the room.
CHAT = "warroom.chat"
# Looks at a room again when something that was refused may be tried again; meanwhile its other steps go on.
CHAT_AGAIN = "warroom.chat_again"
_OPENS = ("declare", "open-room")


def follow(incident_id: UUID, now: datetime, *, hosts: Sequence[ChatHost]) -> None:
    """The incident's record went on: make sure that its room is wanted where it should have one, and is looked at.

    In the caller's transaction; asking twice changes nothing.
    """
    room = ChatRoom.objects.filter(incident_id=incident_id).order_by("-part").first()
    if room is None:
        room = _want(incident_id, now=now, hosts=hosts)
    if room is not None:
        ask(CHAT, [room.id], due_at=now)


def look_again(*, now: datetime) -> None:
    """At every room that may not be what it should be: its tool was not set up for a while, say."""
    rooms = ChatRoom.objects.filter(state=RoomState.MADE) | ChatRoom.objects.filter(
        state=RoomState.WANTED, incident__state__in=UNRESOLVED
    )
    ask(CHAT, rooms.values_list("id", flat=True), due_at=now)


def try_now(*, incident_id: UUID, actor: Actor, now: datetime) -> ChatRoom:
    """Somebody mended the cause: whatever was refused is tried again at once. Raises Unknown."""
    with transaction.atomic():
        rows = ChatRoom.objects.select_for_update(of=("self",)).select_related("incident")
        room = rows.filter(incident_id=incident_id).order_by("-part").first()
        if room is None:
            raise Unknown("", "the incident has no room in a chat tool")
        room.troubles = {}
        if room.state == RoomState.REFUSED:
            room.state, room.why, room.tried_at = RoomState.WANTED, "", None
        room.save(update_fields=["troubles", "state", "why", "tried_at"])
        RoomMember.objects.filter(room=room).exclude(state=Invitation.IN).delete()
        RoomMessage.objects.filter(room=room, external_ref=None).exclude(refused="").delete()
        record([entry(room.incident, "incident.chat_room_tried", room=room.name, host=room.host)], actor=actor, now=now)
        ask(CHAT, [room.id], due_at=now)
        try_errand_now(CHAT, room.id, now=now)
    return room


def _want(incident_id: UUID, *, now: datetime, hosts: Sequence[ChatHost]) -> ChatRoom | None:
    phase, step = _OPENS
    if not StepDone.objects.filter(incident_id=incident_id, phase=phase, step=step).exists():
        return None
    incident = Incident.objects.get(id=incident_id)
    able = {one.kind for one in hosts if one.limits.private_rooms or not incident.restricted}
    order = rules.host_order(process_of(incident).war_room, [one.kind for one in hosts if one.kind in able])
    if not order:
        return None
    room, _ = ChatRoom.objects.get_or_create(
        incident=incident,
        host=order[0],
        part=1,
        defaults={"private": incident.restricted, "wanted_at": now},
    )
    return room
