"""How an incident comes to its end, and back: mitigated, resolved, closed, cancelled, merged, reopened.

Its gates ask for what the process wants done first; whoever is in charge may pass over them with a reason.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import ENGINE, Actor
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.actions import REASON_MAX, IncidentOver, raise_severity, unresolved
from watchbill.domain.incidents.calling import call_on, stop_waking, unanswered
from watchbill.domain.incidents.charge import check_in_charge, has_commander
from watchbill.domain.incidents.follow_up_actions import plan_follow_up
from watchbill.domain.incidents.ladder_actions import climb_now
from watchbill.domain.incidents.locking import locked
from watchbill.domain.incidents.models import (
    SUBJECT_KIND,
    UNRESOLVED,
    AffectedService,
    CallReason,
    Incident,
    IncidentAlert,
    IncidentState,
    StepDone,
)
from watchbill.domain.incidents.planning import plan
from watchbill.domain.incidents.process_followed import process_of, severity_in, standing_of
from watchbill.domain.incidents.raising import bring_back, raise_anew
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.role_actions import release_holders, release_offers
from watchbill.domain.incidents.timer_kinds import OF_INCIDENT
from watchbill.domain.incidents.workflow_actions import mark_step, move_phase
from watchbill.domain.paging.actions import close_pages
from watchbill.domain.paging.models import PageState
from watchbill.domain.timers.store import clear_unlocked, not_ahead
from watchbill.ground.refusals import ChangeRefused, Unknown


class GateShut(ChangeRefused):
    """Something that has to be done first is not. `missing`: the labels of the steps."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__("reason", f"not done yet: {'; '.join(missing)}. Do it, or pass over it with a reason")
        self.missing = tuple(missing)


def mitigate(*, incident_id: UUID, actor: Actor, now: datetime, at: datetime | None = None) -> Incident:
    """Customers are no longer harmed; the cause may still be there. `at`: when that was, if not now.

    Where that is what the severity promises, nobody is woken for it any more unless it comes back.
    """
    with transaction.atomic():
        incident = unresolved(incident_id)
        if incident.state == IncidentState.MITIGATED:
            return incident
        incident.state, incident.mitigated_at = IncidentState.MITIGATED, _past(at, incident, now=now, field="at")
        incident.save(update_fields=["state", "mitigated_at"])
        record([entry(incident, "incident.mitigated")], actor=actor, now=now)
        if standing_of(incident).restored:
            stop_waking(incident, reason=f"mitigated, says {actor.label}", now=now)
        mark_step(incident, "mitigate/restore-first", actor=actor, now=now)
    return incident


def not_mitigated(*, incident_id: UUID, reason: str, actor: Actor, now: datetime) -> Incident:
    """It is back, and people are called again."""
    with transaction.atomic():
        incident = unresolved(incident_id)
        if incident.state != IncidentState.MITIGATED:
            return incident
        bring_back(incident, reason=reason, actor=actor, now=now)
    return incident


def resolve(*, incident_id: UUID, actor: Actor, now: datetime, pass_over: str = "") -> Incident:
    """Over for customers. Raises GateShut while it is not confirmed and verified; `pass_over` says why not to wait.

    Only the commander passes over a gate, or whoever declared it while there is no commander.
    """
    with transaction.atomic():
        incident = unresolved(incident_id)
        _through_gate(incident, _missing(incident, rules.BEFORE_RESOLVING), pass_over=pass_over, actor=actor, now=now)
        incident.state, incident.resolved_at = IncidentState.RESOLVED, now
        incident.mitigated_at = incident.mitigated_at or now
        incident.next_rung_at = None
        incident.save(update_fields=["state", "resolved_at", "mitigated_at", "next_rung_at"])
        _stop(incident, reason=f"resolved by {actor.label}", actor=actor, now=now)
        record([entry(incident, "incident.resolved")], actor=actor, now=now)
        mark_step(incident, "resolve/declare-resolved", actor=actor, now=now)
        plan_follow_up(incident, now=now)
    return incident


def reopen(*, incident_id: UUID, reason: str, actor: Actor, now: datetime) -> Incident:
    """It was not over: it is raised anew. Whom the severity names is called now, and the ladder counts from now."""
    with transaction.atomic():
        incident = locked(incident_id)
        if incident.state not in (IncidentState.RESOLVED, IncidentState.CLOSED, IncidentState.CANCELLED):
            raise ChangeRefused("", _why_not_reopened(incident))
        if not reason.strip():
            raise ChangeRefused("reason", "say what shows that it is not over")
        raise_anew(incident, actor=actor, called={}, reopened_at=not_ahead(now))
        release_holders(incident, now=now)
        StepDone.objects.filter(incident=incident, phase__in=rules.UNDONE_BY_REOPENING).delete()
        move_phase(incident)
        record([entry(incident, "incident.reopened", why=reason.strip()[:REASON_MAX])], actor=actor, now=now)
        plan(incident, now=now)
    return incident


def close(*, incident_id: UUID, actor: Actor, now: datetime, pass_over: str = "") -> Incident:
    """The follow-up is arranged. Raises GateShut for what the severity requires and is not done."""
    with transaction.atomic():
        incident = locked(incident_id)
        if incident.state == IncidentState.CLOSED:
            return incident
        if incident.state != IncidentState.RESOLVED:
            raise ChangeRefused("", "resolve it first; what is no incident after all is cancelled")
        wanted = rules.before_closing(process_of(incident), severity_in(incident))
        _through_gate(incident, _missing(incident, wanted), pass_over=pass_over, actor=actor, now=now)
        incident.state, incident.closed_at = IncidentState.CLOSED, now
        incident.save(update_fields=["state", "closed_at"])
        record([entry(incident, "incident.closed")], actor=actor, now=now)
    return incident


def cancel(*, incident_id: UUID, reason: str, actor: Actor, now: datetime) -> Incident:
    """A false alarm. The record stays, and it counts in no figure."""
    with transaction.atomic():
        incident = unresolved(incident_id)
        if not reason.strip():
            raise ChangeRefused("reason", "say why it is no incident after all")
        if has_commander(incident):
            check_in_charge(incident, actor, what="cancel it")
        _end(incident, IncidentState.CANCELLED, reason=f"cancelled by {actor.label}", actor=actor, now=now)
        record([entry(incident, "incident.cancelled", why=reason.strip()[:REASON_MAX])], actor=actor, now=now)
    return incident


def merge(*, incident_id: UUID, into: UUID, actor: Actor, ways: Ways, now: datetime) -> Incident:
    """A duplicate: its alerts go over to the other, its record stays and points there. Answers the other one.

    Whoever was called and has not answered is called for the other one: merging answers nobody's page.
    """
    with transaction.atomic():
        incident, other = _pair(incident_id, into)
        climb_now(incident, now=now, ways=ways)
        waiting, is_over_for_customers = unanswered(incident), incident.state == IncidentState.MITIGATED
        there = IncidentAlert.objects.filter(incident=other).values("alert_id")
        IncidentAlert.objects.filter(incident=incident).exclude(alert_id__in=there).update(incident=other)
        if incident.service_id is not None and incident.service_id != other.service_id:
            AffectedService.objects.get_or_create(
                incident=other, service_id=incident.service_id, defaults={"added_at": now, "added_by": actor.label}
            )
        incident.merged_into = other
        incident.save(update_fields=["merged_into"])
        _end(incident, IncidentState.MERGED, reason=f"merged into #{other.number}", actor=actor, now=now)
        record([entry(incident, "incident.merged", into=other.number)], actor=actor, now=now)
        record([entry(other, "incident.merged_from", number=incident.number)], actor=actor, now=now)
        if other.state == IncidentState.MITIGATED and not is_over_for_customers:
            why = f"#{incident.number}, which was merged into it, goes on"
            bring_back(other, reason=why, actor=actor, now=now, saw_it=False)
        label = f"#{incident.number}, for which you were called, was merged into it"
        carried = call_on(other, waiting, reason=CallReason.MERGED, label=label, ways=ways, now=now)
        record([carried] if carried is not None else [], actor=ENGINE, now=now)
        raise_severity(
            other, severity_in(incident), reason=f"#{incident.number} was merged into it", actor=actor, now=now
        )
    return other


def _pair(incident_id: UUID, into: UUID) -> tuple[Incident, Incident]:
    """Both locked, and such that one may become part of the other."""
    if incident_id == into:
        raise ChangeRefused("into", "an incident cannot be merged into itself; choose the one that stays")
    rows = Incident.objects.select_for_update(of=("self",)).filter(id__in=[incident_id, into])
    found = {one.id: one for one in rows.order_by("id")}
    incident, other = found.get(incident_id), found.get(into)
    if incident is None or other is None:
        raise Unknown("into", "there is no such incident")
    for one, field_name in ((incident, ""), (other, "into")):
        if one.state not in UNRESOLVED:
            raise IncidentOver(field_name, f"#{one.number} is {one.get_state_display().lower()}")
    if incident.drill != other.drill:
        raise ChangeRefused("into", f"#{other.number} is {'' if other.drill else 'no '}drill; choose another")
    if incident.restricted and not other.restricted:
        words = (
            f"this one is restricted, and everybody sees #{other.number}; merge #{other.number} into this one instead"
        )
        raise ChangeRefused("into", words)
    return incident, other


def _why_not_reopened(incident: Incident) -> str:
    if incident.merged_into is not None:
        return f"it was merged into #{incident.merged_into.number}; go on there"
    return "it is open: there is nothing to reopen"


def _missing(incident: Incident, steps: Sequence[str]) -> list[tuple[str, str]]:
    """(step, label) of those of the steps that the process has and that are not done."""
    done = set(StepDone.objects.filter(incident=incident).values_list("phase", "step"))
    found = []
    for phase in process_of(incident).war_room.workflow:
        for one in phase.steps:
            name = f"{phase.id}/{one.id}"
            if name in steps and (phase.id, one.id) not in done:
                found.append((name, one.label))
    return found


def _through_gate(
    incident: Incident, missing: Sequence[tuple[str, str]], *, pass_over: str, actor: Actor, now: datetime
) -> None:
    if not missing:
        return
    why = pass_over.strip()
    if not why:
        raise GateShut([label for _, label in missing])
    check_in_charge(incident, actor, what="pass over it", field="reason")
    for step, _ in missing:
        mark_step(incident, step, actor=actor, now=now, evidence=why, overridden=True)


def _end(incident: Incident, state: IncidentState, *, reason: str, actor: Actor, now: datetime) -> None:
    incident.state, incident.closed_at, incident.next_rung_at = state, now, None
    incident.save(update_fields=["state", "closed_at", "next_rung_at"])
    _stop(incident, reason=reason, actor=actor, now=now)


def _stop(incident: Incident, *, reason: str, actor: Actor, now: datetime) -> None:
    clear_unlocked(kinds=OF_INCIDENT, subject_ids=[incident.id])
    release_offers(incident, now=now)
    close_pages(
        subject_kind=SUBJECT_KIND,
        subject_ids=[incident.id],
        state=PageState.ANSWERED,
        reason=reason,
        now=now,
        by=actor.id,
    )


def _past(at: datetime | None, incident: Incident, *, now: datetime, field: str) -> datetime:
    if at is None:
        return now
    if not incident.declared_at - timedelta(days=30) <= at <= now:
        raise ChangeRefused(field, "give a time that is over, and not a month before the declaration")
    return at
