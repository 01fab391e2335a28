"""Rooms and accounts in chat tools as screens, API and command line show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.errands.reads import troubles
from watchbill.domain.incidents.models import UNRESOLVED
from watchbill.domain.incidents.reads import Viewer, visible_to
from watchbill.domain.warrooms.actions import CHAT
from watchbill.domain.warrooms.models import (
    ChatPerson,
    ChatPosition,
    ChatRequest,
    ChatRoom,
    Invitation,
    RoomMember,
    RoomState,
)

_LOOKED_AT_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomShown:
    """`troubles`: what does not work and why, in words. `not_in`: who could not be invited, and why."""

    id: UUID
    host: str
    state: str
    name: str
    url: str
    troubles: tuple[str, ...]
    not_in: tuple[tuple[str, str], ...]

    @property
    def is_open(self) -> bool:
        return self.state == RoomState.MADE

    @property
    def can_be_tried(self) -> bool:
        return self.state != RoomState.ARCHIVED and bool(self.troubles or self.not_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAccount:
    """`linked_at` None: it is found by the address that the tool vouches for."""

    id: int
    host: str
    external_id: str
    name: str
    linked_at: datetime | None


def rooms_of(incident_id: UUID) -> Sequence[RoomShown]:
    """The newest first. For whoever was let to the incident already."""
    return [_shown(room) for room in ChatRoom.objects.filter(incident_id=incident_id).order_by("-part")]


def rooms_in_trouble(*, viewer: Viewer) -> Sequence[tuple[int, str]]:
    """Of incidents that are under way: the number, and what is wrong. Nothing of what the incident is about."""
    incidents = visible_to(viewer).filter(state__in=UNRESOLVED)
    rooms = ChatRoom.objects.filter(incident__in=incidents).exclude(state=RoomState.ARCHIVED)
    return [
        (room.incident.number, trouble)
        for room in rooms.select_related("incident").order_by("-wanted_at")[:_LOOKED_AT_MAX]
        for trouble in _shown(room).troubles
    ]


def set_aside(*, since: datetime) -> int:
    """What people did in chat tools and Watchbill failed at, by a defect of its own."""
    return ChatRequest.objects.filter(set_aside_at__gte=since).count()


def accounts_of(user_id: UUID) -> Sequence[ChatAccount]:
    rows = ChatPerson.objects.filter(user_id=user_id).exclude(vouched=False, linked_at=None)
    return [
        ChatAccount(id=row.id, host=row.host, external_id=row.external_id, name=row.name, linked_at=row.linked_at)
        for row in rows.order_by("host", "name", "id")
    ]


def position_in(host: str) -> str:
    """From where we go on hearing; empty before the first time."""
    return ChatPosition.objects.filter(host=host).values_list("position", flat=True).first() or ""


def _shown(room: ChatRoom) -> RoomShown:
    late = troubles(CHAT, [room.id]).get(room.id)
    why = [room.why] if room.why and room.state == RoomState.REFUSED else []
    why += [late.last_error] if late is not None else []
    why += [str(one.get("why") or "") for one in room.troubles.values()]
    members = RoomMember.objects.filter(room=room).exclude(state=Invitation.IN).select_related("user")
    return RoomShown(
        id=room.id,
        host=room.host,
        state=room.state,
        name=room.name,
        url=room.url,
        troubles=tuple(dict.fromkeys(one for one in why if one)),
        not_in=tuple((str(one.user), one.why) for one in members.order_by("user__name", "id")),
    )
