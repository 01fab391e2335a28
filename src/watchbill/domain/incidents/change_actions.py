"""Changes to production under control: proposed, approved by whoever is in charge, applied, and what came of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import ENGINE, Actor, Record
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents.actions import IncidentOver, unresolved
from watchbill.domain.incidents.calling import Asked, call_people, close_pages_about
from watchbill.domain.incidents.charge import check_in_charge, in_charge
from watchbill.domain.incidents.locking import locked
from watchbill.domain.incidents.models import (
    UNRESOLVED,
    CallAbout,
    CallReason,
    ChangeState,
    Incident,
    IncidentState,
    ProductionChange,
)
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.workflow_actions import mark_step
from watchbill.domain.people.models import Urgency
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Unknown
from watchbill.ground.text import cut_words

_TEXT_MAX = 1000
_WHERE_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDraft:
    """What is done, where, and how it is taken back."""

    what: str
    where: str
    rollback: str


def propose(*, incident_id: UUID, draft: ChangeDraft, actor: Actor, ways: Ways, now: datetime) -> ProductionChange:
    """Whoever is in charge is told, unless it is their own proposal, which counts as approved."""
    with transaction.atomic():
        incident = unresolved(incident_id)
        clean = _checked(draft)
        who = in_charge(incident)
        change = ProductionChange.objects.create(
            id=new_id(),
            incident=incident,
            number=incident.changes.count() + 1,
            what=clean.what,
            where=clean.where,
            rollback=clean.rollback,
            proposed_at=now,
            proposed_by=actor.label[:254],
            proposed_by_id=actor.id,
        )
        record([_told(incident, "incident.change_proposed", change)], actor=actor, now=now)
        if who.user_id is not None and who.user_id == actor.id:
            _decide(incident, change, approved=True, why="", actor=actor, now=now)
        elif who.user_id is not None:
            label = f"Approve change {change.number}? {clean.what}"
            told = call_people(
                incident,
                [who.user_id],
                reason=CallReason.PROMPT,
                label=label[:300],
                urgency=Urgency.LOW,
                ways=ways,
                now=now,
                about=Asked(kind=CallAbout.CHANGE, id=change.id),
            )
            record([told], actor=ENGINE, now=now)
    return change


def decide(
    *, incident_id: UUID, number: int, approved: bool, why: str, actor: Actor, now: datetime
) -> ProductionChange:
    """By whoever is in charge; a refusal says why. Raises ChangeRefused, Unknown."""
    with transaction.atomic():
        incident = unresolved(incident_id)
        check_in_charge(incident, actor, what="approve or decline changes")
        change = _change(incident, number, ChangeState.PROPOSED, done="was decided already")
        if not approved and not why.strip():
            raise ChangeRefused("why", "say why not: whoever proposed it wants to know")
        _decide(incident, change, approved=approved, why=why, actor=actor, now=now)
    return change


def _decide(
    incident: Incident, change: ProductionChange, *, approved: bool, why: str, actor: Actor, now: datetime
) -> None:
    change.state = ChangeState.APPROVED if approved else ChangeState.DECLINED
    change.decided_at, change.decided_by, change.why = now, actor.label[:254], why.strip()[:_TEXT_MAX]
    change.save(update_fields=["state", "decided_at", "decided_by", "why"])
    action = "incident.change_approved" if approved else "incident.change_declined"
    record([_told(incident, action, change, why=change.why)], actor=actor, now=now)
    close_pages_about(incident, change.id, actor=actor, now=now)
    if approved:
        mark_step(incident, "mitigate/approve-changes", actor=actor, now=now)


def apply_change(*, incident_id: UUID, number: int, actor: Actor, now: datetime) -> ProductionChange:
    """It was made just now. What was not approved is refused."""
    with transaction.atomic():
        incident = unresolved(incident_id)
        change = _change(incident, number, ChangeState.APPROVED, done="is not approved, or was applied already")
        change.state, change.applied_at, change.applied_by = ChangeState.APPLIED, now, actor.label[:254]
        change.save(update_fields=["state", "applied_at", "applied_by"])
        record([_told(incident, "incident.change_applied", change)], actor=actor, now=now)
        mark_step(incident, "mitigate/document-changes", actor=actor, now=now)
    return change


def observe(
    *, incident_id: UUID, number: int, outcome: str, effect: str, actor: Actor, now: datetime
) -> ProductionChange:
    """What came of it, until the incident is closed. After "worse" the way back is what the page offers first."""
    with transaction.atomic():
        incident = _not_closed(incident_id)
        change = _change(incident, number, ChangeState.APPLIED, done="is not applied, or its effect is known")
        if outcome not in (ChangeState.HELPED, ChangeState.NO_EFFECT, ChangeState.WORSE):
            raise ChangeRefused("outcome", "use helped, no-effect or worse")
        change.state, change.effect, change.effect_at = outcome, effect.strip()[:_TEXT_MAX], now
        change.save(update_fields=["state", "effect", "effect_at"])
        told = _told(incident, "incident.change_observed", change, after=change.get_state_display(), why=change.effect)
        record([told], actor=actor, now=now)
    return change


def roll_back(*, incident_id: UUID, number: int, actor: Actor, now: datetime) -> ProductionChange:
    """Taken back just now: needs no approval, because it restores what was. Until the incident is closed."""
    with transaction.atomic():
        incident = _not_closed(incident_id)
        change = _of(incident, number)
        if change.applied_at is None or change.rolled_back_at is not None:
            raise ChangeRefused("", f"change {number} is not applied, or was rolled back already")
        change.state, change.rolled_back_at = ChangeState.ROLLED_BACK, now
        change.save(update_fields=["state", "rolled_back_at"])
        record([_told(incident, "incident.change_rolled_back", change)], actor=actor, now=now)
        mark_step(incident, "mitigate/roll-back", actor=actor, now=now)
    return change


def _not_closed(incident_id: UUID) -> Incident:
    """What was applied shows its effect after the resolution too."""
    incident = locked(incident_id)
    if incident.state != IncidentState.RESOLVED and incident.state not in UNRESOLVED:
        raise IncidentOver("", f"#{incident.number} is {incident.get_state_display().lower()}; reopen it first")
    return incident


def _checked(draft: ChangeDraft) -> ChangeDraft:
    clean = ChangeDraft(
        what=" ".join(draft.what.split()),
        where=" ".join(draft.where.split()),
        rollback=" ".join(draft.rollback.split()),
    )
    for name, text, most, help_ in (
        ("what", clean.what, _TEXT_MAX, "say what is changed"),
        ("where", clean.where, _WHERE_MAX, "say where: the system, the cluster, the setting"),
        ("rollback", clean.rollback, _TEXT_MAX, "say how it is taken back if it makes things worse"),
    ):
        if not text:
            raise ChangeRefused(name, help_)
        if len(text) > most:
            raise ChangeRefused(name, f"has {len(text)} characters; use at most {most}")
    return clean


def _change(incident: Incident, number: int, state: ChangeState, *, done: str) -> ProductionChange:
    change = _of(incident, number)
    if change.state != state:
        raise ChangeRefused("", f"change {number} {done}")
    return change


def _of(incident: Incident, number: int) -> ProductionChange:
    change = ProductionChange.objects.filter(incident=incident, number=number).first()
    if change is None:
        raise Unknown("", f"this incident has no change {number}")
    return change


def _told(incident: Incident, action: str, change: ProductionChange, **details: str) -> Record:
    return entry(incident, action, change=change.number, text=cut_words(change.what, 300), **details)
