"""What runs an errand: one step at a time, each decided from what the database says now.

A step is decided in the database, done outside of it, and its outcome recorded, so that a crash repeats one step at
most; who does a step twice must be able to tell (an idempotency key, or a look at what is there).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar
from uuid import UUID

StepT = TypeVar("StepT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """It did not work now. `after` is what the other side asked for; None leaves the pause to the errand."""

    why: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """Nothing failed just now; its time comes after so long. `why` is for whoever looks at what waits."""

    why: str
    after: timedelta


class Errand(Protocol, Generic[StepT]):
    """`next_step` and `record` are short and in the database; `act` talks to the outside and to nothing of ours.

    `record` is told every outcome but `Later` and `NotYet`. What will never work is an outcome too, recorded as such:
    an errand that only failed would be tried for ever.
    """

    @property
    def kind(self) -> str: ...

    def next_step(self, subject_id: UUID, *, now: datetime) -> StepT | None:
        """None when nothing is left to do."""
        ...

    async def act(self, step: StepT, *, now: datetime) -> object: ...

    def record(self, step: StepT, outcome: object, *, now: datetime) -> None: ...
