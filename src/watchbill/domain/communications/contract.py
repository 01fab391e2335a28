"""What a way to deliver letters must offer. The adapter imports this file and `ground`, nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterToSend:
    """`id` makes the Message-ID. `thread` is equal for all letters about one incident to one audience.

    Every text in it comes from people or from outside and is hostile. `ending`: why they get it, below the text.
    """

    id: UUID
    thread: str
    list_name: str
    address: str
    name: str
    subject: str
    body: str
    ending: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The mail server took it. That is no proof that somebody read it."""

    reference: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Definitely not taken. `again`: worth another try later, `after` so long at least."""

    reason: str
    again: bool
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unsure:
    """The connection was lost when the text was on its way: it may have been taken, and is not sent twice."""

    reason: str


LetterOutcome = Sent | NotSent | Unsure


class AddressRefused(ValueError):
    """No address that mail can be sent to; the text says so."""


class LetterPost(Protocol):
    @property
    def is_set_up(self) -> bool: ...

    def check_address(self, address: str) -> str:
        """In its one normal form; raises AddressRefused."""
        ...

    async def post(self, letter: LetterToSend, *, now: datetime) -> LetterOutcome:
        """Answers whatever the server does; an exception is a bug."""
        ...
