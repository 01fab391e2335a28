"""What a chat tool must offer so that an incident can have a room in it. Adapters import contracts and `ground` alone.

Every method answers whatever the tool does, within `ACT_SECONDS` of the engine; an exception from one is a defect.
Texts are hostile and come as they are: the adapter escapes them, so that nothing in them calls, links or formats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from watchbill.domain.errands.contract import Later

# Texts, in small neutral parts. A button's `action` is one of `ButtonAction`.


class ButtonAction(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    TAKE_ROLE = "take-role"
    POST_UPDATE = "post-update"


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """`lead` stands before the text and is told apart from it: who said it."""

    text: str
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """(label, value), one a line."""

    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Links:
    """(label, address), one a line. The addresses are ours or were checked to be http(s)."""

    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Button:
    """A tool without buttons leaves them out; the links say where the same can be done."""

    label: str
    action: ButtonAction
    value: str


@dataclass(frozen=True, slots=True)
class Buttons:
    buttons: tuple[Button, ...]


Block = Heading | Words | Facts | Links | Buttons


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """`summary`: one plain line, for notifications and tools that show no blocks."""

    summary: str
    blocks: tuple[Block, ...]


# What is asked of a tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the tool allows, in its own unit. `name_characters` completes a class in a regular expression."""

    name_max: int
    name_characters: str
    topic_max: int
    private_rooms: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWanted:
    """`key` is the same for each try at this room, and no other room has it.

    `perhaps_made_since`: a try was made then of which nobody knows what came; look before making another one.
    """

    name: str
    topic: str
    private: bool
    key: str
    perhaps_made_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitee:
    """`external_id`: the person's id in the tool, "" when it has to be found by the address."""

    email: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWanted:
    """`thread_ref`: the message that this one answers. `key` and `perhaps_posted_since` as with `RoomWanted`."""

    message: ChatMessage
    key: str
    thread_ref: str
    perhaps_posted_since: datetime | None


# What comes of it. `Later` (of errands): nothing can be done with the tool now, or nobody knows what came of it.


@dataclass(frozen=True, slots=True)
class Done:
    pass


@dataclass(frozen=True, slots=True)
class RoomMade:
    """`id` is what the tool calls the room for ever; names may change."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class NameTaken:
    pass


@dataclass(frozen=True, slots=True)
class Posted:
    """`ref`: how the message is found again in its room."""

    ref: str


class InviteState(StrEnum):
    IN = "in"  # invited now, or there already
    UNKNOWN = "unknown"  # nobody in the tool has the address
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """What came of one invitation; `why` is for people, when they are not in."""

    email: str
    external_id: str
    state: InviteState
    why: str = ""


@dataclass(frozen=True, slots=True)
class Invitations:
    people: tuple[Invited, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Somebody in the tool. `email` is empty unless the tool vouches that it is the address of one of our own people:
    guests, bots and people of other organizations have none."""

    external_id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Not this kind of call before `after`; others need not wait."""

    why: str
    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It said no. `why` names the remedy. `for_good`: asking again for the same will not help. `gone`: because the
    message that it is about is not there any more."""

    why: str
    for_good: bool = False
    gone: bool = False


Trouble = Later | Busy | Refused


# What comes back


class IncomingKind(StrEnum):
    MESSAGE = "message"
    EDIT = "edit"
    COMMAND = "command"
    PRESSED = "pressed"  # a button
    FORM = "form"  # text that was asked for by `ask_text`


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing that somebody did in the tool, as plain text.

    `key` (64 characters at most) names what was done, not the delivery that brought it: a repetition has the same.
    `person`, `room` and `ref` are the tool's ids; `answer_to` and `trigger` are whatever it needs to answer.
    `files`: (name, address).
    """

    kind: IncomingKind
    key: str
    person: str
    room: str = ""
    ref: str = ""
    thread_ref: str = ""
    text: str = ""
    action: str = ""
    value: str = ""
    answer_to: str = ""
    trigger: str = ""
    files: tuple[tuple[str, str], ...] = ()


class ChatHost(Protocol):
    """One chat tool, as this instance is set up to use it."""

    @property
    def kind(self) -> str:
        """The word in the process's `hosts`, in the database and in the API."""
        ...

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    @property
    def command(self) -> str:
        """What people write there before a verb, so that answers can say it."""
        ...

    @property
    def limits(self) -> Limits: ...

    async def create_room(self, wanted: RoomWanted, *, now: datetime) -> RoomMade | NameTaken | Trouble: ...

    async def set_topic(self, room_id: str, topic: str, *, now: datetime) -> Done | Trouble: ...

    async def invite(self, room_id: str, people: Sequence[Invitee], *, now: datetime) -> Invitations | Trouble:
        """One outcome for each of them."""
        ...

    async def post(self, room_id: str, wanted: MessageWanted, *, now: datetime) -> Posted | Trouble:
        """Outside of its thread where that one is not there any more."""
        ...

    async def update(self, room_id: str, ref: str, message: ChatMessage, *, now: datetime) -> Done | Trouble:
        """Put this in the place of a message of ours."""
        ...

    async def pin(self, room_id: str, ref: str, *, now: datetime) -> Done | Trouble:
        """Pinned already is done."""
        ...

    async def archive(self, room_id: str, *, now: datetime) -> Done | Trouble:
        """Archived already, or not there any more, is done."""
        ...

    async def reopen(self, room_id: str, *, now: datetime) -> Done | Trouble:
        """Refused when the tool does not allow it; then a new room follows on."""
        ...

    async def profile(self, external_id: str, *, now: datetime) -> Profile | Trouble: ...

    async def answer(self, to: Incoming, text: str, *, aloud: bool, now: datetime) -> Done | Trouble:
        """To whoever asked, and to nobody else; with `aloud`, everybody in the room where it was asked may see it."""
        ...

    async def ask_text(self, to: Incoming, *, title: str, label: str, now: datetime) -> Done | Trouble:
        """A form that comes back as FORM with the action and value of `to`. Refused where there are no forms."""
        ...

    async def complaints(self, *, now: datetime) -> Sequence[str]:
        """What is missing so that rooms work, each with its remedy: for doctor. Nothing when all is well."""
        ...
