"""What people do to an incident as a whole. Every verb is one transaction and stands on the timeline."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from watchbill.domain.alerts.models import Alert, AlertState
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Actor
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.calling import Wanted, call_roles
from watchbill.domain.incidents.models import (
    SUBJECT_KIND,
    UNRESOLVED,
    Call,
    CallReason,
    Incident,
    IncidentAlert,
    IncidentState,
    Insider,
    Seat,
    SeatState,
    StepDone,
)
from watchbill.domain.incidents.process_followed import process_of, severity_in
from watchbill.domain.incidents.records import entry
from watchbill.domain.incidents.role_actions import offer_open_roles, release_seats
from watchbill.domain.incidents.timer_kinds import LADDER, OF_INCIDENT, UPDATE_DUE
from watchbill.domain.incidents.workflow_actions import mark_step
from watchbill.domain.paging.actions import close_pages, close_pages_of_person
from watchbill.domain.paging.models import Page, PageState
from watchbill.domain.process.reads import running, running_version
from watchbill.domain.services.models import Service
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.store import clear_unlocked
from watchbill.ground.failpoints import failpoint
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Unknown

TITLE_MAX = 300
_REASON_MAX = 1000


class IncidentOver(ChangeRefused):
    """It was resolved, closed, cancelled or merged; the message says which and what can be done instead."""


class GateShut(ChangeRefused):
    """Something that has to be done first is not. `missing`: the labels of the steps."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__("reason", f"not done yet: {'; '.join(missing)}. Do it, or pass over it with a reason")
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """`severity` by its id or label; `alerts` that the incident is about."""

    title: str
    severity: str
    service_id: UUID | None = None
    alert_ids: tuple[UUID, ...] = ()
    restricted: bool = False
    drill: bool = False
    summary: str = ""
    insiders: tuple[UUID, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """`joined`: one of the alerts belonged to this incident already, so the others were added to it."""

    incident: Incident
    joined: bool


def declare(wanted: Declaration, *, actor: Actor, now: datetime) -> Declared:
    """Those whom the severity names are called as soon as this is committed; a room and anything else comes after.

    Raises ChangeRefused that names the field, Unknown for a service or an alert that is not there.
    """
    with transaction.atomic():
        alerts = _alerts(wanted.alert_ids)
        linked = _incident_of(alerts)
        if linked is not None:
            _link(linked, alerts, actor=actor, now=now)
            return Declared(incident=linked, joined=True)
        incident = _make(wanted, alerts, actor=actor, now=now)
        _link(incident, alerts, actor=actor, now=now, say=False)
        details: dict[str, Any] = {"severity": severity_in(incident).label}
        if incident.service:
            details["service"] = incident.service.name
        if alerts:
            details["alerts"] = [alert.number for alert in alerts]
        if wanted.summary:
            details["why"] = wanted.summary[:_REASON_MAX]
        record([entry(incident, "incident.declared", **details)], actor=actor, now=now)
        mark_step(incident, "declare/declare", actor=actor, now=now)
        if rules.opens_room(process_of(incident), severity_in(incident)):
            mark_step(incident, "declare/open-room", actor=ENGINE, now=now)
        _plan(incident, now=now, again=False)
        failpoint("incident.before_commit")
    failpoint("incident.after_commit")
    return Declared(incident=incident, joined=False)


def _make(wanted: Declaration, alerts: Sequence[Alert], *, actor: Actor, now: datetime) -> Incident:
    title = " ".join(wanted.title.split())
    if not title:
        raise ChangeRefused("title", "say in a few words what is wrong")
    if len(title) > TITLE_MAX:
        raise ChangeRefused("title", f"has {len(title)} characters; use at most {TITLE_MAX} and put the rest below it")
    process = running()
    severity = rules.severity_of(process, wanted.severity)
    service = _service(wanted.service_id, alerts)
    has_it = next((alert for alert in alerts if alert.state == AlertState.ACKNOWLEDGED), None)
    incident = Incident.objects.create(
        id=new_id(),
        number=_next_number(),
        title=title,
        severity=severity.id,
        phase=process.war_room.workflow[0].id,
        service=service,
        process_version=running_version(),
        restricted=wanted.restricted,
        drill=wanted.drill,
        summary=wanted.summary.strip(),
        declared_at=now,
        declared_by=actor.label,
        declared_by_id=actor.id,
        detected_at=min((alert.opened_at for alert in alerts), default=now),
        acknowledged_at=has_it.acknowledged_at if has_it else None,
        acknowledged_by=has_it.acknowledged_by if has_it else "",
        acknowledged_by_id=has_it.acknowledged_by_id if has_it else None,
    )
    if wanted.restricted:
        ids = {*wanted.insiders, *([actor.id] if actor.id else [])}
        Insider.objects.bulk_create([Insider(incident=incident, user_id=one, added_at=now) for one in ids])
    return incident


def acknowledge(*, incident_id: UUID, actor: Actor, now: datetime) -> Incident:
    """I am on it: this person's pages stop, the others' go on. The first who can work on it stops "no ack".

    A manager or an executive who answers knows of it, which stands on the timeline; the ladder goes on.
    """
    with transaction.atomic():
        incident = _locked(incident_id)
        if incident.state not in UNRESOLVED:
            return incident
        called_as = roles_called_as(incident, actor.id)
        if actor.id is not None:
            close_pages_of_person(
                subject_kind=SUBJECT_KIND,
                subject_id=incident.id,
                user_id=actor.id,
                reason=f"acknowledged by {actor.label}",
                now=now,
            )
        if incident.acknowledged_at is None and rules.counts_as_acknowledgement(process_of(incident), called_as):
            incident.acknowledged_at = now
            incident.acknowledged_by, incident.acknowledged_by_id = actor.label[:254], actor.id
            incident.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_by_id"])
            record([entry(incident, "incident.acknowledged")], actor=actor, now=now)
        else:
            record([entry(incident, "incident.answered")], actor=actor, now=now)
    return incident


def roles_called_as(incident: Incident, user_id: UUID | None) -> set[str]:
    """The roles by which this person was paged for it; none when nobody called."""
    if user_id is None:
        return set()
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id, user_id=user_id)
    calls = Call.objects.filter(id__in=pages.values("run_id"))
    return {role for people in calls.values_list("people", flat=True) for role in people.get(str(user_id), ())}


def change_severity(*, incident_id: UUID, severity: str, reason: str, actor: Actor, now: datetime) -> Incident:
    """The ladder is planned anew from the declaration: what is due already is done once, and nothing twice."""
    with transaction.atomic():
        incident = _unresolved(incident_id)
        process = process_of(incident)
        before, after = severity_in(incident), rules.severity_of(process, severity)
        if after.id == before.id:
            return incident
        incident.severity = after.id
        incident.save(update_fields=["severity"])
        details = {"before": before.label, "after": after.label, "why": reason.strip()[:_REASON_MAX]}
        record([entry(incident, "incident.severity_changed", **details)], actor=actor, now=now)
        if rules.opens_room(process, after):
            mark_step(incident, "declare/open-room", actor=ENGINE, now=now)
        _plan(incident, now=now)
    return incident


def open_room(*, incident_id: UUID, actor: Actor, ways: Ways, now: datetime) -> Incident:
    """The war room on demand: roles are offered, and the step is done."""
    with transaction.atomic():
        incident = _unresolved(incident_id)
        if mark_step(incident, "declare/open-room", actor=actor, now=now):
            record([entry(incident, "incident.room_opened")], actor=actor, now=now)
        offer_open_roles(incident, actor=actor, ways=ways, now=now)
    return incident


def escalate_to_tier(*, incident_id: UUID, tier: int, reason: str, actor: Actor, ways: Ways, now: datetime) -> Incident:
    """Page the roles of that tier now. Raises ChangeRefused for a tier there is not, or without a reason."""
    with transaction.atomic():
        incident = _unresolved(incident_id)
        matrix = process_of(incident).escalation_matrix
        found = next((one for one in matrix if one.tier == tier), None)
        if found is None:
            raise ChangeRefused("tier", f"there is no tier {tier}; use {', '.join(str(one.tier) for one in matrix)}")
        if not reason.strip():
            raise ChangeRefused("reason", "say why: it is what those who are woken read first")
        label = f"{actor.label} escalated to tier {tier}, {found.label.lower()}: {reason.strip()}"
        record([entry(incident, "incident.escalated", tier=tier, why=reason.strip())], actor=actor, now=now)
        called = call_roles(
            incident,
            [Wanted(role=role, why=label) for role in found.roles],
            reason=CallReason.TIER,
            label=label,
            ways=ways,
            now=now,
        )
        record(called.records, actor=ENGINE, now=now)
    return incident


def mitigate(*, incident_id: UUID, actor: Actor, now: datetime, at: datetime | None = None) -> Incident:
    """Customers are no longer harmed; the cause may still be there. `at`: when that was, if not now."""
    with transaction.atomic():
        incident = _unresolved(incident_id)
        if incident.state == IncidentState.MITIGATED:
            return incident
        incident.state, incident.mitigated_at = IncidentState.MITIGATED, _past(at, incident, now=now, field="at")
        incident.save(update_fields=["state", "mitigated_at"])
        record([entry(incident, "incident.mitigated")], actor=actor, now=now)
        mark_step(incident, "mitigate/restore-first", actor=actor, now=now)
    return incident


def not_mitigated(*, incident_id: UUID, reason: str, actor: Actor, now: datetime) -> Incident:
    """It is back. The ladder goes on where time has brought it."""
    with transaction.atomic():
        incident = _unresolved(incident_id)
        if incident.state != IncidentState.MITIGATED:
            return incident
        incident.state, incident.mitigated_at = IncidentState.OPEN, None
        incident.save(update_fields=["state", "mitigated_at"])
        record([entry(incident, "incident.not_mitigated", why=reason.strip())], actor=actor, now=now)
        _plan(incident, now=now)
    return incident


def resolve(*, incident_id: UUID, actor: Actor, now: datetime, pass_over: str = "") -> Incident:
    """Over for customers. Raises GateShut while it is not confirmed and verified; `pass_over` says why not to wait.

    Only the commander passes over a gate, or whoever declared it while there is no commander.
    """
    with transaction.atomic():
        incident = _unresolved(incident_id)
        _through_gate(incident, _missing(incident, rules.BEFORE_RESOLVING), pass_over=pass_over, actor=actor, now=now)
        incident.state, incident.resolved_at = IncidentState.RESOLVED, now
        incident.mitigated_at = incident.mitigated_at or now
        incident.next_rung_at = None
        incident.save(update_fields=["state", "resolved_at", "mitigated_at", "next_rung_at"])
        _stop(incident, reason=f"resolved by {actor.label}", actor=actor, now=now)
        record([entry(incident, "incident.resolved")], actor=actor, now=now)
        mark_step(incident, "resolve/declare-resolved", actor=actor, now=now)
    return incident


def reopen(*, incident_id: UUID, reason: str, actor: Actor, now: datetime) -> Incident:
    """It was not over. Those whom the ladder would have called meanwhile are called now, each once."""
    with transaction.atomic():
        incident = _locked(incident_id)
        if incident.state not in (IncidentState.RESOLVED, IncidentState.CLOSED, IncidentState.CANCELLED):
            raise ChangeRefused("", "it is open: there is nothing to reopen")
        if not reason.strip():
            raise ChangeRefused("reason", "say what shows that it is not over")
        incident.state = IncidentState.OPEN
        incident.mitigated_at = incident.resolved_at = incident.closed_at = None
        incident.save(update_fields=["state", "mitigated_at", "resolved_at", "closed_at"])
        StepDone.objects.filter(incident=incident, phase__in=rules.UNDONE_BY_REOPENING).delete()
        record([entry(incident, "incident.reopened", why=reason.strip()[:_REASON_MAX])], actor=actor, now=now)
        _plan(incident, now=now)
    return incident


def close(*, incident_id: UUID, actor: Actor, now: datetime, pass_over: str = "") -> Incident:
    """The follow-up is arranged. Raises GateShut for what the severity requires and is not done."""
    with transaction.atomic():
        incident = _locked(incident_id)
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
        incident = _unresolved(incident_id)
        if not reason.strip():
            raise ChangeRefused("reason", "say why it is no incident after all")
        _end(incident, IncidentState.CANCELLED, reason=f"cancelled by {actor.label}", actor=actor, now=now)
        record([entry(incident, "incident.cancelled", why=reason.strip()[:_REASON_MAX])], actor=actor, now=now)
    return incident


def merge(*, incident_id: UUID, into: UUID, actor: Actor, now: datetime) -> Incident:
    """A duplicate: its alerts go over to the other, its record stays and points there. Answers the other one."""
    with transaction.atomic():
        if incident_id == into:
            raise ChangeRefused("into", "an incident cannot be merged into itself; choose the one that stays")
        locked = {
            one.id: one
            for one in Incident.objects.select_for_update(of=("self",))
            .filter(id__in=[incident_id, into])
            .order_by("id")
        }
        incident, other = locked.get(incident_id), locked.get(into)
        if incident is None or other is None:
            raise Unknown("into", "there is no such incident")
        for one, field_name in ((incident, ""), (other, "into")):
            if one.state not in UNRESOLVED:
                raise IncidentOver(field_name, f"#{one.number} is {one.get_state_display().lower()}")
        IncidentAlert.objects.filter(incident=incident).update(incident=other)
        incident.merged_into = other
        incident.save(update_fields=["merged_into"])
        _end(incident, IncidentState.MERGED, reason=f"merged into #{other.number}", actor=actor, now=now)
        record([entry(incident, "incident.merged", into=other.number)], actor=actor, now=now)
        record([entry(other, "incident.merged_from", number=incident.number)], actor=actor, now=now)
    return other


def add_insider(*, incident_id: UUID, user_id: UUID, actor: Actor, now: datetime) -> None:
    """From now on this person sees the restricted incident."""
    with transaction.atomic():
        incident = _locked(incident_id)
        Insider.objects.get_or_create(incident=incident, user_id=user_id, defaults={"added_at": now})
        people = [{"id": str(user_id), "name": _name(user_id)}]
        record([entry(incident, "incident.insider_added", people=people)], actor=actor, now=now)


def _plan(incident: Incident, *, now: datetime, again: bool = True) -> None:
    """Everything that waits for this incident, from the foot of its ladder. `again`: it was planned before."""
    process, severity = process_of(incident), severity_in(incident)
    if again:
        incident.generation += 1
    rungs = rules.ladder(process, severity, declared_at=incident.declared_at)
    incident.next_rung = 0
    incident.next_rung_at = rungs[0].at if rungs else None
    incident.save(update_fields=["generation", "next_rung", "next_rung_at"])
    clear_unlocked(kinds=OF_INCIDENT, subject_ids=[incident.id])
    timers = []
    if incident.next_rung_at is not None:
        due_at = max(incident.next_rung_at, now)
        timers.append(NewTimer(kind=LADDER, subject_id=incident.id, generation=incident.generation, due_at=due_at))
    window = rules.update_window(process, severity, since=incident.updated_at or incident.declared_at)
    if window is not None:
        # Whoever just changed the severity need not be reminded at once that an update is due.
        fresh = rules.update_window(process, severity, since=now)
        due_at = window[0] if window[0] > now or fresh is None else fresh[0]
        timers.append(NewTimer(kind=UPDATE_DUE, subject_id=incident.id, due_at=due_at))
    set_timers(timers)


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
    commander = Seat.objects.filter(incident=incident, role=rules.COMMANDER, state=SeatState.HELD).first()
    in_charge = commander.user_id if commander else incident.declared_by_id
    if in_charge is not None and actor.id != in_charge:
        who = commander.user.name if commander else incident.declared_by
        raise ChangeRefused("reason", f"only {who} may pass over it, who is in charge; ask them, or take the role")
    for step, _ in missing:
        mark_step(incident, step, actor=actor, now=now, evidence=why, overridden=True)


def _end(incident: Incident, state: IncidentState, *, reason: str, actor: Actor, now: datetime) -> None:
    incident.state, incident.closed_at, incident.next_rung_at = state, now, None
    incident.save(update_fields=["state", "closed_at", "next_rung_at"])
    _stop(incident, reason=reason, actor=actor, now=now)


def _stop(incident: Incident, *, reason: str, actor: Actor, now: datetime) -> None:
    clear_unlocked(kinds=OF_INCIDENT, subject_ids=[incident.id])
    release_seats(incident, now=now)
    close_pages(
        subject_kind=SUBJECT_KIND,
        subject_ids=[incident.id],
        state=PageState.ANSWERED,
        reason=reason,
        now=now,
        by=actor.id,
    )


def _link(incident: Incident, alerts: Sequence[Alert], *, actor: Actor, now: datetime, say: bool = True) -> None:
    known = set(incident.alert_links.values_list("alert_id", flat=True))
    fresh = [alert for alert in alerts if alert.id not in known]
    IncidentAlert.objects.bulk_create([IncidentAlert(incident=incident, alert=alert, linked_at=now) for alert in fresh])
    if fresh and say:
        numbers = [alert.number for alert in fresh]
        record([entry(incident, "incident.alerts_added", alerts=numbers)], actor=actor, now=now)


def _alerts(ids: Sequence[UUID]) -> list[Alert]:
    """Locked, so that two who declare for the same alert at once find each other's incident."""
    rows = Alert.objects.select_for_update(of=("self",)).filter(id__in=ids).order_by("id")
    found = list(rows.select_related("service__team", "service__policy__current_version"))
    if len(found) < len(set(ids)):
        raise Unknown("alerts", "one of the alerts is not there; reload the list")
    return found


def _incident_of(alerts: Sequence[Alert]) -> Incident | None:
    links = IncidentAlert.objects.filter(alert__in=[alert.id for alert in alerts], incident__state__in=UNRESOLVED)
    link = links.order_by("linked_at").select_related("incident").first()
    return link.incident if link else None


def _service(service_id: UUID | None, alerts: Sequence[Alert]) -> Service | None:
    if service_id is None:
        return alerts[0].service if alerts else None
    rows = Service.objects.select_related("team", "policy__current_version")
    service = rows.filter(id=service_id, archived_at=None).first()
    if service is None:
        raise Unknown("service", "there is no such service, or not any more; choose another")
    return service


def _locked(incident_id: UUID) -> Incident:
    rows = Incident.objects.select_for_update(of=("self",)).select_related(
        "service__policy__current_version", "service__team"
    )
    incident = rows.filter(id=incident_id).first()
    if incident is None:
        raise Unknown("", "there is no such incident")
    return incident


def _unresolved(incident_id: UUID) -> Incident:
    incident = _locked(incident_id)
    if incident.state not in UNRESOLVED:
        raise IncidentOver("", f"#{incident.number} is {incident.get_state_display().lower()}; reopen it first")
    return incident


def _past(at: datetime | None, incident: Incident, *, now: datetime, field: str) -> datetime:
    if at is None:
        return now
    if not incident.declared_at - timedelta(days=30) <= at <= now:
        raise ChangeRefused(field, "give a time that is over, and not a month before the declaration")
    return at


def _name(user_id: UUID) -> str:
    found = Insider.objects.filter(user_id=user_id).select_related("user").first()
    return found.user.name if found else ""


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('incidents_incident_number')")
        return int(cursor.fetchone()[0])
