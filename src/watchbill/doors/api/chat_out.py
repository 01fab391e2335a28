"""The rooms of an incident in chat tools as the API shows them."""

from uuid import UUID

from watchbill.domain.warrooms.reads import RoomShown, rooms_of
from watchbill.doors.api.values import Output


class NotInOut(Output):
    """Who could not be invited, and why."""

    name: str
    why: str


class ChatRoomOut(Output):
    """`state`: wanted, made, archived or refused. `troubles`: what does not work, with the remedy."""

    host: str
    state: str
    name: str
    url: str
    troubles: list[str]
    not_in: list[NotInOut]


def rooms_out(incident_id: UUID) -> list[ChatRoomOut]:
    """The newest first."""
    return [_out(room) for room in rooms_of(incident_id)]


def _out(room: RoomShown) -> ChatRoomOut:
    return ChatRoomOut(
        host=room.host,
        state=room.state,
        name=room.name,
        url=room.url,
        troubles=list(room.troubles),
        not_in=[NotInOut(name=name, why=why) for name, why in room.not_in],
    )
