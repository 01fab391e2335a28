"""What of an incident waits for one person: a decision, an answer to an offer, an answer to a page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from watchbill.domain.audit.contract import Actor
from watchbill.domain.communications.approval import may_decide
from watchbill.domain.communications.models import Statement, StatementState
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents.charge import in_charge
from watchbill.domain.incidents.models import (
    SUBJECT_KIND,
    UNRESOLVED,
    Call,
    ChangeState,
    Incident,
    ProductionChange,
    Seat,
)
from watchbill.domain.incidents.process_followed import role_label, severity_in
from watchbill.domain.incidents.reads import offers_to, visible_to
from watchbill.domain.paging.models import Page, PageState

_REASONS_SHOWN = 3
_STATEMENTS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    role: str
    label: str
    seat: Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """`reasons`: why the person was paged, of pages that wait for an answer and ask nothing of the above."""

    incident: Incident
    severity: str
    rank: int
    changes: tuple[ProductionChange, ...] = ()
    offers: tuple[Offer, ...] = ()
    statements: tuple[Statement, ...] = ()
    reasons: tuple[str, ...] = field(default=())

    @property
    def count(self) -> int:
        return len(self.changes) + len(self.offers) + len(self.statements) + bool(self.reasons)

    @property
    def first(self) -> str:
        """What comes first has the one primary button."""
        kinds = (
            ("page", self.reasons),
            ("change", self.changes),
            ("offer", self.offers),
            ("statement", self.statements),
        )
        return next((kind for kind, found in kinds if found), "")


def needs_in(incident: Incident, actor: Actor, *, ways: Ways, now: datetime) -> Needs:
    """On its own page: whoever responds may decide where nobody is in charge."""
    found = _needs([incident], actor, ways=ways, now=now, of_anybody=True)
    return found.get(incident.id) or _nothing(incident)


def needs_of(actor: Actor, incidents: Sequence[Incident], *, ways: Ways, now: datetime) -> list[Needs]:
    """Of all incidents: the open ones that are given, and those that are over and whose texts still wait."""
    seen = visible_to(actor.id) if actor.id else Incident.objects.none()
    rows = Statement.objects.filter(state=StatementState.WAITING, incident__in=seen.values("id"))
    known = {one.id for one in incidents}
    over = {row.incident_id for row in rows[:_STATEMENTS_MAX]} - known
    all_of_them = [*incidents, *seen.filter(id__in=over)]
    found = [one for one in _needs(all_of_them, actor, ways=ways, now=now, of_anybody=False).values() if one.count]
    return sorted(found, key=lambda one: (one.incident.drill, not one.reasons, one.rank, one.incident.declared_at))


def _needs(
    incidents: Sequence[Incident], actor: Actor, *, ways: Ways, now: datetime, of_anybody: bool
) -> dict[UUID, Needs]:
    if actor.id is None:
        return {}
    changes = _changes(incidents, actor.id, of_anybody=of_anybody)
    statements = _statements(incidents, actor, ways=ways, now=now, of_anybody=of_anybody)
    offers = offers_to(actor.id, incidents)
    shown = {one.id for found in changes.values() for one in found}
    shown |= {one.id for found in statements.values() for one in found}
    reasons = _reasons(incidents, actor.id, shown)
    return {
        one.id: Needs(
            incident=one,
            severity=severity_in(one).label,
            rank=severity_in(one).rank,
            changes=tuple(changes.get(one.id, ())),
            offers=tuple(
                Offer(role=seat.role, label=role_label(one, seat.role), seat=seat) for seat in offers.get(one.id, ())
            ),
            statements=tuple(statements.get(one.id, ())),
            reasons=tuple(reasons.get(one.id, ())),
        )
        for one in incidents
    }


def _nothing(incident: Incident) -> Needs:
    severity = severity_in(incident)
    return Needs(incident=incident, severity=severity.label, rank=severity.rank)


def _changes(
    incidents: Sequence[Incident], person: UUID, *, of_anybody: bool
) -> Mapping[UUID, Sequence[ProductionChange]]:
    open_ones = {one.id: one for one in incidents if one.state in UNRESOLVED}
    rows = ProductionChange.objects.filter(incident__in=list(open_ones), state=ChangeState.PROPOSED)
    found: dict[UUID, list[ProductionChange]] = defaultdict(list)
    for row in rows.order_by("number"):
        found[row.incident_id].append(row)
    charge = {identity: in_charge(open_ones[identity]).user_id for identity in found}
    return {
        identity: waiting
        for identity, waiting in found.items()
        if charge[identity] == person or (of_anybody and charge[identity] is None)
    }


def _statements(
    incidents: Sequence[Incident], actor: Actor, *, ways: Ways, now: datetime, of_anybody: bool
) -> Mapping[UUID, Sequence[Statement]]:
    ids = [one.id for one in incidents]
    rows = Statement.objects.filter(incident__in=ids, state=StatementState.WAITING).select_related("incident__service")
    found: dict[UUID, list[Statement]] = defaultdict(list)
    for row in rows.order_by("asked_at"):
        if not of_anybody and in_charge(row.incident).user_id is None:
            continue
        if may_decide(row, actor, ways=ways, now=now):
            found[row.incident_id].append(row)
    return found


def _reasons(incidents: Sequence[Incident], person: UUID, shown: set[UUID]) -> Mapping[UUID, Sequence[str]]:
    open_ones = [one.id for one in incidents if one.state in UNRESOLVED]
    pages = Page.objects.filter(
        subject_kind=SUBJECT_KIND, subject_id__in=open_ones, user_id=person, state=PageState.ACTIVE
    )
    rows = list(pages.order_by("created_at", "id"))
    asked = dict(Call.objects.filter(id__in=[one.run_id for one in rows]).values_list("id", "about_id"))
    found: dict[UUID, list[str]] = defaultdict(list)
    for one in rows:
        reasons = found[one.subject_id] if asked.get(one.run_id) not in shown else []
        if one.reason not in reasons and len(reasons) < _REASONS_SHOWN:
            reasons.append(one.reason)
    return found
