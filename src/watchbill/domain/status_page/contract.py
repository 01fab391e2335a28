"""What a way to reach subscribers must offer, and what it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message to one subscriber. `button` is what it asks to do; `leave_url` stops all further ones by a POST.

    `leave_url` is empty when the address has not been confirmed: who did not ask has nothing to leave.
    """

    notice_id: UUID
    address: str
    page: str
    subject: str
    paragraphs: tuple[str, ...]
    button: tuple[str, str]
    leave_page_url: str = ""
    leave_url: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """`challenge` "": it is confirmed. Otherwise the answer must repeat it."""

    notice_id: UUID
    address: str
    secret: str
    payload: Mapping[str, Any]
    challenge: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    pass


@dataclass(frozen=True, slots=True)
class NotSent:
    """Surely not, so it may be tried again."""

    why: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """Perhaps it was: it is not sent again."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It will never work. `address_is_dead`: nor will anything else that is sent there."""

    why: str
    address_is_dead: bool = False


Outcome = Sent | NotSent | Unsure | Refused


class Mailer(Protocol):
    @property
    def is_set_up(self) -> bool: ...

    async def send_letter(self, letter: Letter, *, now: datetime) -> Outcome: ...


class HookCaller(Protocol):
    async def call(self, call: HookCall, *, now: datetime) -> Outcome: ...
