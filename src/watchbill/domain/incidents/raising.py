"""An incident is raised anew: whoever answered did so for what was over, so people are called again."""

from collections.abc import Mapping
from datetime import datetime

from watchbill.domain.audit.contract import PERSON, Actor
from watchbill.domain.incidents.models import Incident, IncidentState
from watchbill.domain.incidents.planning import plan
from watchbill.domain.incidents.process_followed import severity_in
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.timers.store import not_ahead

_REASON_MAX = 1000
_RAISED_ANEW = (
    *("state", "mitigated_at", "resolved_at", "closed_at"),
    *("acknowledged_at", "acknowledged_by", "acknowledged_by_id"),
    *("reopened_at", "back_at", "raised_by", "raised_by_id", "raised_in_person", "raised_generation", "called"),
)


def bring_back(incident: Incident, *, reason: str, actor: Actor, now: datetime, saw_it: bool = True) -> None:
    """What was mitigated is not: whom the severity calls first is called again, and then whom time has brought and who
    was not called before. Who has a role is at work still, and is not woken for it. `saw_it` False: the actor only
    tidied up, and works on nothing because of that. In the caller's transaction."""
    raise_anew(incident, actor=actor, called=_without_the_first(incident), back_at=not_ahead(now), in_person=saw_it)
    record([entry(incident, "incident.not_mitigated", why=reason.strip()[:_REASON_MAX])], actor=actor, now=now)
    plan(incident, now=now)


def call_the_first_again(incident: Incident, *, why: str, actor: Actor, now: datetime) -> None:
    """Nobody has it any more who did. Its clocks go on from where they began. In the caller's transaction."""
    raise_anew(incident, actor=actor, called=_without_the_first(incident), back_at=incident.back_at)
    record([entry(incident, "incident.left_alone", why=why)], actor=actor, now=now)
    plan(incident, now=now)


def raise_anew(
    incident: Incident,
    *,
    actor: Actor,
    called: Mapping[str, int],
    reopened_at: datetime | None = None,
    back_at: datetime | None = None,
    in_person: bool = True,
) -> None:
    """`called`: how often each role has been called that need not be called again. `reopened_at` None: as it was."""
    incident.state = IncidentState.OPEN
    incident.mitigated_at = incident.resolved_at = incident.closed_at = None
    incident.acknowledged_at, incident.acknowledged_by, incident.acknowledged_by_id = None, "", None
    incident.raised_by, incident.raised_by_id = actor.label[:254], actor.id
    incident.raised_in_person = in_person and actor.kind == PERSON
    incident.raised_generation, incident.called = incident.generation + 1, dict(called)
    incident.reopened_at, incident.back_at = reopened_at or incident.reopened_at, back_at
    incident.save(update_fields=_RAISED_ANEW)


def _without_the_first(incident: Incident) -> dict[str, int]:
    first = set(severity_in(incident).pages)
    return {role: times for role, times in incident.called.items() if role not in first}
