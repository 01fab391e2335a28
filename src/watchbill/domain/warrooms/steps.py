"""The steps by which a room in a chat tool comes to what it should be. Each is one call to the tool."""

from dataclasses import dataclass
from uuid import UUID

from watchbill.domain.warrooms.contract import ChatMessage, Invitee, MessageWanted, RoomWanted


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Which room: here, and there."""

    room_id: UUID
    host: str
    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeRoom:
    at: At
    wanted: RoomWanted
    kind: str = "make"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    at: At
    people: tuple[tuple[UUID, Invitee], ...]
    kind: str = "invite"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTopic:
    at: At
    topic: str
    kind: str = "topic"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMessage:
    """`kind`: card, rules or messages. `shows`: the post whose text it has; `corrects`: the key of what it answers."""

    at: At
    kind: str
    wanted: MessageWanted
    shows: UUID | None = None
    digest: str = ""
    corrects: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateMessage:
    at: At
    kind: str
    key: str
    ref: str
    message: ChatMessage
    shows: UUID | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    at: At
    ref: str
    kind: str = "pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    at: At
    kind: str = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    at: At
    kind: str = "reopen"


Step = MakeRoom | Invite | SetTopic | PostMessage | UpdateMessage | Pin | Archive | Reopen
