"""An incident in a few lines, as the board, Now and the wall show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.incidents import rules
from watchbill.domain.incidents.looking_reads import unread_counts
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import phase_label, severity_in
from watchbill.domain.incidents.reads import clocks_of, holders_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    incident: Incident
    severity: str
    rank: int
    commander: str
    clock: rules.IncidentClock | None
    clocks: tuple[rules.IncidentClock, ...]
    phase: str
    unread: int = 0


def cards_of(incidents: Sequence[Incident], *, viewer: UUID, now: datetime) -> list[Card]:
    """The worst first, a drill below all that is real. `unread`: how much of each is new to the viewer."""
    unread = unread_counts(viewer, [one.id for one in incidents])
    commanders = holders_of(incidents, role=rules.COMMANDER)
    cards = [
        Card(
            incident=one,
            severity=severity_in(one).label,
            rank=severity_in(one).rank,
            commander=commanders.get(one.id, ""),
            unread=unread.get(one.id, 0),
            clock=pressing(clocks),
            clocks=tuple(clocks),
            phase=phase_label(one),
        )
        for one in incidents
        for clocks in (clocks_of(one, now=now),)
    ]
    return sorted(cards, key=lambda card: (card.incident.drill, card.rank, card.incident.declared_at))


def pressing(clocks: Sequence[rules.IncidentClock]) -> rules.IncidentClock | None:
    """The one that runs out first of those that still run."""
    waiting = [(one.due_at, one) for one in clocks if one.met_at is None and one.due_at is not None]
    return min(waiting, key=lambda pair: pair[0])[1] if waiting else None
