"""Who belongs into the room of an incident: whoever was called, declared it, or was asked to take a role."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F

from watchbill.domain.access.models import User
from watchbill.domain.incidents.models import Call, Incident, Insider, Seat, SeatState
from watchbill.domain.warrooms.contract import Invitee
from watchbill.domain.warrooms.models import ChatPerson, ChatRoom, RoomMember
from watchbill.ground.identity import uuid_in

# So many look-ups of addresses fit into the time that one step has.
_AT_ONCE = 10
_IN_A_ROLE = (SeatState.OFFERED, SeatState.HELD, SeatState.HANDED_OVER)


def to_invite(room: ChatRoom) -> Sequence[tuple[UUID, Invitee]]:
    """Those who belong there and were not asked in yet, some at a time."""
    asked = RoomMember.objects.filter(room=room).values("user_id")
    rows = User.objects.filter(id__in=wanted_ids(room.incident), is_active=True).exclude(id__in=asked)
    users = list(rows.order_by("email")[:_AT_ONCE])
    known = dict(
        ChatPerson.objects.filter(host=room.host, user__in=users)
        .order_by(F("linked_at").asc(nulls_first=True), "seen_at")
        .values_list("user_id", "external_id")
    )
    return [(one.id, Invitee(email=one.email, external_id=known.get(one.id, ""))) for one in users]


def wanted_ids(incident: Incident) -> set[UUID]:
    """Of a restricted incident: those who may see it, and nobody else."""
    if incident.restricted:
        return set(Insider.objects.filter(incident=incident).values_list("user_id", flat=True))
    called = Call.objects.filter(incident=incident).values_list("people", flat=True)
    found = {identity for people in called for identity in map(uuid_in, people) if identity is not None}
    found |= set(Seat.objects.filter(incident=incident, state__in=_IN_A_ROLE).values_list("user_id", flat=True))
    return found | {one for one in (incident.declared_by_id, incident.acknowledged_by_id) if one is not None}
