"""What a way to reach a person must offer. Channels import this file and `ground`, nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Family(StrEnum):
    """What a notification rule asks for; several kinds of channel may serve one family."""

    PUSH = "push"
    PHONE = "phone"
    SMS = "sms"
    EMAIL = "email"
    WEBHOOK = "webhook"
    CHAT = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """One alert as it was when the page was composed. Every text in it comes from outside and is hostile.

    `kind`: what it really is, when it is something else that people are paged for, such as an incident.
    """

    alert_id: UUID
    number: int
    title: str
    service: str
    severity: str
    urgency: str
    dedup_key: str
    opened_at: datetime
    open_url: str
    kind: str = "alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a message says that stands for no alert. `kind`: code, test or notice; an `urgent` one rings like a page."""

    kind: str
    title: str
    text: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One attempt at one page, or at a note.

    `attempt_id` is the idempotency key at the provider. `alerts` is the exact set this message stands for;
    more than one means a bundle, whose count is told even when not every line fits. None at all: it is a `note`,
    which nobody acknowledges.
    `acknowledge_url` opens a page with a button: it never acts on GET, because mail scanners follow links.
    `secret` belongs to the contact (a token, a signing secret) and must never appear in an outcome's reason.
    `thread_key` is equal for messages that belong together, such as all pages for one alert.
    """

    attempt_id: UUID
    address: str
    secret: str | None
    recipient_name: str
    time_zone: str
    alerts: tuple[AlertLine, ...]
    reason: str
    acknowledge_url: str
    open_url: str
    composed_at: datetime
    thread_key: str
    note: Note | None = None
    plural: str = "alerts"  # what the lines of a bundle are
    is_question: bool = False  # it asks a decision, which is taken at `open_url`

    def __post_init__(self) -> None:
        if bool(self.alerts) == (self.note is not None):
            raise ValueError("alerts: a message stands for at least one alert, or for a note instead")


@dataclass(frozen=True, slots=True)
class Delivered:
    """The provider took it. That is no proof that a human saw it."""

    reference: str


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Nobody knows, or not now. `after` is the provider's wish; None leaves the wait to the sender."""

    reason: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Definitely not: the next rule runs now. A dead address rests until its owner repairs it."""

    reason: str
    address_is_dead: bool = False


Outcome = Delivered | RetryLater | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most `messages` per `per` to one contact after a first `burst`; what comes sooner is bundled.

    A bundle lists up to `alerts_max` alerts and states the exact count of all.
    """

    messages: int
    per: timedelta
    burst: int
    alerts_max: int


class AddressError(ValueError):
    """The address cannot work on this channel; the text names the remedy and is shown to the person."""


class ContactKind(Protocol):
    """What a kind of contact is to the people who have one: screens, commands and doctor take their words from here."""

    @property
    def kind(self) -> str:
        """The word in files, in the API and in the database."""
        ...

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    @property
    def address_help(self) -> str:
        """What to write as address, after "the address is ..."."""
        ...

    @property
    def family(self) -> Family: ...

    @property
    def is_signed(self) -> bool:
        """The receiver proves a message by a secret of the contact: one is made when none is given."""
        ...

    @property
    def setting(self) -> str:
        """What an operator sets so that an instance can send by it; empty: nothing."""
        ...

    @property
    def is_set_up(self) -> bool:
        """Whether this instance can send by it."""
        ...

    def check_address(self, address: str) -> str:
        """The address in its one normal form; raises AddressError. Asked also where nothing is set up."""
        ...


class Channel(ContactKind, Protocol):
    """`send` answers whatever the vendor does, within `timeout`; an exception from it is a bug."""

    @property
    def budget(self) -> Budget: ...

    @property
    def timeout(self) -> timedelta: ...

    async def send(self, message: Message, *, now: datetime) -> Outcome: ...
