"""One request's events on their way to the database, and what became of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from watchbill.domain.alerts.source_actions import SourceEvent
from watchbill.domain.alerts.store import Trigger


class Verdict(Enum):
    """STORED is said after the commit and never before."""

    STORED = "stored"
    REPEATED = "repeated"  # this Idempotency-Key came before: the answer of then holds
    CONFLICT = "conflict"  # this Idempotency-Key came with another body before
    QUARANTINED = "quarantined"  # kept for inspection, but it could not become an alert
    UNAVAILABLE = "unavailable"  # the database is away, or did not say whether it committed


@dataclass(slots=True)
class Idempotency:
    """The `Idempotency-Key` of a request, and the answer to give again: replaced by the first one's."""

    key: str
    body_digest: str
    status: int
    body: bytes


@dataclass(slots=True)
class Work:
    """`events` in the order sent. All of them are stored before `settle` is called, once, with STORED.

    A sender that has gone away changes nothing: its events are stored all the same. `settle` raises nothing.
    """

    integration_id: UUID
    events: Sequence[Trigger | SourceEvent]
    size_bytes: int
    settle: Callable[[Verdict], None]
    idempotency: Idempotency | None = None
    failed: Verdict | None = None


def rounds(works: Sequence[Work]) -> list[list[tuple[Work, Trigger | SourceEvent]]]:
    """Even rounds hold triggers, odd ones acknowledge and resolve; the events of one key keep their order."""
    made: list[list[tuple[Work, Trigger | SourceEvent]]] = [[]]
    last: dict[tuple[UUID, str], int] = {}
    for work in works:
        for event in work.events:
            place = 0
            if last or isinstance(event, SourceEvent):
                key = (work.integration_id, event.dedup_key)
                earliest = last.get(key, 0)
                place = earliest + (earliest % 2 != isinstance(event, SourceEvent))
                last[key] = place
                while len(made) <= place:
                    made.append([])
            made[place].append((work, event))
    return made
