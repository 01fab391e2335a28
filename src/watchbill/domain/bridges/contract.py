"""What an adapter must offer that makes a bridge by the API of its host."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`topic` holds `marker`, by which the meeting is found again."""

    topic: str
    marker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """`reference` is what the host calls it."""

    url: str
    reference: str
    passcode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMade:
    """The host surely made nothing. `for_good`: trying again changes nothing. `after`: what the host asked for."""

    why: str
    for_good: bool = False
    after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Asked, and no answer that says whether it was done."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotThere:
    """The host was asked for its meetings, and ours is not among them."""


Outcome = Made | NotMade | Unknown


class BridgeMaker(Protocol):
    """Never raises for what the host does. `can_look`: the host can be asked whether there is one already."""

    @property
    def kind(self) -> str: ...

    @property
    def can_look(self) -> bool: ...

    async def make(self, wanted: Wanted, *, now: datetime) -> Outcome: ...

    async def look(self, wanted: Wanted, *, now: datetime) -> Made | NotThere | Unknown: ...

    async def check(self, *, now: datetime) -> str:
        """For `watchbill doctor`: why it cannot be used; empty when it can."""
        ...
