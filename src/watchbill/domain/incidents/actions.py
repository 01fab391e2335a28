"""What people do to an incident as a whole. Every verb is one transaction and stands on the timeline."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from watchbill.domain.access.models import Role as AccountRole
from watchbill.domain.access.models import User
from watchbill.domain.alerts.models import Alert, AlertState
from watchbill.domain.audit.contract import ENGINE, PERSON, Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.calling import Called, Wanted, call_roles, stop_waking
from watchbill.domain.incidents.follow_up_actions import open_ticket
from watchbill.domain.incidents.locking import locked
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
)
from watchbill.domain.incidents.planning import again_timer, plan
from watchbill.domain.incidents.process_followed import process_of, severity_in
from watchbill.domain.incidents.raising import bring_back
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.role_actions import offer_open_roles
from watchbill.domain.incidents.workflow_actions import ROOM_HERE, mark_step
from watchbill.domain.paging.actions import close_pages_of_person
from watchbill.domain.paging.models import Page
from watchbill.domain.process.reads import running, running_version
from watchbill.domain.process.schema.severities import Severity
from watchbill.domain.services.models import Service
from watchbill.domain.timers.actions import set_timers
from watchbill.domain.timers.store import not_ahead
from watchbill.ground.failpoints import failpoint
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Unknown

TITLE_MAX = 300
REASON_MAX = 1000


class IncidentOver(ChangeRefused):
    """It was resolved, closed, cancelled or merged; the message says which and what can be done instead."""


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
        linked = _incident_of(alerts, wanted, actor=actor)
        if linked is not None:
            _join(linked, alerts, wanted, actor=actor, now=now)
            return Declared(incident=linked, joined=True)
        incident = _make(wanted, alerts, actor=actor, now=now)
        _link(incident, alerts, actor=actor, now=now, say=False)
        details: dict[str, Any] = {"severity": severity_in(incident).label}
        if incident.service:
            details["service"] = incident.service.name
        if alerts:
            details["alerts"] = [alert.number for alert in alerts]
        if wanted.summary:
            details["why"] = wanted.summary[:REASON_MAX]
        record([entry(incident, "incident.declared", **details)], actor=actor, now=now)
        mark_step(incident, "declare/declare", actor=actor, now=now)
        if rules.opens_room(process_of(incident), severity_in(incident)):
            mark_step(incident, "declare/open-room", actor=ENGINE, evidence=ROOM_HERE, now=now)
        plan(incident, now=now, again=False)
        open_ticket(incident, now=now)
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
    has_it = next((alert for alert in alerts if _somebody_has(alert)), None)
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
        declared_at=not_ahead(now),
        declared_by=actor.label,
        declared_by_id=actor.id,
        raised_by=actor.label[:254],
        raised_by_id=actor.id,
        raised_in_person=actor.kind == PERSON,
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
        incident = locked(incident_id)
        if incident.state not in UNRESOLVED:
            return incident
        called_as = roles_called_as(incident, actor.id)
        may_work = actor.id is None or not User.objects.filter(id=actor.id, role=AccountRole.STAKEHOLDER).exists()
        closed = 0
        if actor.id is not None:
            closed = close_pages_of_person(
                subject_kind=SUBJECT_KIND,
                subject_id=incident.id,
                user_id=actor.id,
                reason=f"acknowledged by {actor.label}",
                now=now,
            )
        counts = may_work and rules.counts_as_acknowledgement(process_of(incident), called_as)
        if incident.acknowledged_at is None and counts:
            incident.acknowledged_at = now
            incident.acknowledged_by, incident.acknowledged_by_id = actor.label[:254], actor.id
            incident.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_by_id"])
            record([entry(incident, "incident.acknowledged")], actor=actor, now=now)
        elif closed or not _has_answered(incident, actor):
            record([entry(incident, "incident.answered")], actor=actor, now=now)
    return incident


def _has_answered(incident: Incident, actor: Actor) -> bool:
    """Since it was raised: saying it once more adds nothing to the record."""
    if actor.id is None:
        return False
    said = Entry.objects.filter(subject_id=incident.id, at__gte=incident.raised_at, actor_id=actor.id)
    return said.filter(action__in=("incident.acknowledged", "incident.answered")).exists()


def roles_called_as(incident: Incident, user_id: UUID | None) -> set[str]:
    """The roles by which this person was paged for it, has or is asked for; none when nobody called."""
    if user_id is None:
        return set()
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id, user_id=user_id)
    calls = Call.objects.filter(id__in=pages.values("run_id"))
    called = {role for people in calls.values_list("people", flat=True) for role in people.get(str(user_id), ())}
    seats = Seat.objects.filter(incident=incident, user_id=user_id, state__in=(SeatState.HELD, SeatState.OFFERED))
    return called | set(seats.values_list("role", flat=True))


def change_severity(*, incident_id: UUID, severity: str, reason: str, actor: Actor, now: datetime) -> Incident:
    """The ladder is planned anew from where it began: what is due already is done once, and nothing twice."""
    with transaction.atomic():
        incident = unresolved(incident_id)
        after = rules.severity_of(process_of(incident), severity)
        if after.id != incident.severity:
            _set_severity(incident, after, reason=reason, actor=actor, now=now)
    return incident


def raise_severity(incident: Incident, severity: Severity, *, reason: str, actor: Actor, now: datetime) -> bool:
    """To one of another process perhaps, if that is the more severe. The row is locked. Whether it was."""
    other = rules.as_severe_as(process_of(incident), severity)
    if other.rank >= severity_in(incident).rank:
        return False
    _set_severity(incident, other, reason=reason, actor=actor, now=now)
    return True


def _set_severity(incident: Incident, after: Severity, *, reason: str, actor: Actor, now: datetime) -> None:
    before = severity_in(incident)
    incident.severity = after.id
    if not after.pages:  # whoever is called if it gets worse again has not been called for that
        incident.called = {}
        stop_waking(incident, reason=f"{after.label} pages nobody", now=now)
    incident.save(update_fields=["severity", "called"])
    details = {"before": before.label, "after": after.label, "why": reason.strip()[:REASON_MAX]}
    record([entry(incident, "incident.severity_changed", **details)], actor=actor, now=now)
    if rules.opens_room(process_of(incident), after):
        mark_step(incident, "declare/open-room", actor=ENGINE, evidence=ROOM_HERE, now=now)
    plan(incident, now=now)


def open_room(*, incident_id: UUID, actor: Actor, ways: Ways, now: datetime) -> Incident:
    """The war room on demand: roles are offered, and the step is done."""
    with transaction.atomic():
        incident = unresolved(incident_id)
        if mark_step(incident, "declare/open-room", actor=actor, evidence=ROOM_HERE, now=now):
            record([entry(incident, "incident.room_opened")], actor=actor, now=now)
        offer_open_roles(incident, actor=actor, ways=ways, now=now)
    return incident


def escalate_to_tier(*, incident_id: UUID, tier: int, reason: str, actor: Actor, ways: Ways, now: datetime) -> Called:
    """Page the roles of that tier now. Raises ChangeRefused for a tier there is not, or without a reason."""
    with transaction.atomic():
        incident = unresolved(incident_id)
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
        if called.reached_nobody:
            set_timers([again_timer(incident.id, tries=0, now=now)])
    return called


def add_insider(*, incident_id: UUID, user_id: UUID, actor: Actor, now: datetime) -> None:
    """From now on this person sees the restricted incident."""
    with transaction.atomic():
        incident = locked(incident_id)
        user = User.objects.filter(id=user_id, is_active=True).first()
        if user is None:
            raise Unknown("person", "there is no such person, or not any more; choose another")
        _, made = Insider.objects.get_or_create(incident=incident, user=user, defaults={"added_at": now})
        if made:
            people = [{"id": str(user.id), "name": user.name}]
            record([entry(incident, "incident.insider_added", people=people)], actor=actor, now=now)


def _somebody_has(alert: Alert) -> bool:
    """A person works on it; who put it off sleeps, and a source is nobody."""
    acknowledged = alert.state == AlertState.ACKNOWLEDGED and alert.acknowledged_by_id is not None
    return acknowledged and alert.snoozed_until is None


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


def _incident_of(alerts: Sequence[Alert], wanted: Declaration, *, actor: Actor) -> Incident | None:
    """The one that is about these alerts already, locked: it may end at this very moment.

    What is real never joins a drill, what is restricted never joins what everybody sees, and nobody learns of a
    restricted one by declaring.
    """
    links = IncidentAlert.objects.filter(alert__in=[alert.id for alert in alerts], incident__state__in=UNRESOLVED)
    links = links.filter(incident__drill=wanted.drill)
    if wanted.restricted:
        links = links.filter(incident__restricted=True)
    seen = Q(incident__restricted=False)
    if actor.id is not None:
        seen |= Q(incident_id__in=Insider.objects.filter(user_id=actor.id).values("incident_id"))
    links = links.filter(seen)
    looked_at: set[UUID] = set()
    while True:  # whose row was waited for may have been merged meanwhile, and the alert be another's by now
        left = links.exclude(incident_id__in=looked_at).order_by("linked_at")
        incident_id = left.values_list("incident_id", flat=True).first()
        if incident_id is None:
            return None
        incident = locked(incident_id)
        if incident.state in UNRESOLVED:
            return incident
        looked_at.add(incident_id)


def _join(incident: Incident, alerts: Sequence[Alert], wanted: Declaration, *, actor: Actor, now: datetime) -> None:
    """Declared once more: the higher severity of the two holds, and what was said stands on the timeline."""
    severity = rules.severity_of(running(), wanted.severity)
    told = entry(incident, "incident.declared_again", severity=severity.label, text=wanted.title.strip()[:TITLE_MAX])
    record([told], actor=actor, now=now)
    _link(incident, alerts, actor=actor, now=now)
    if incident.state == IncidentState.MITIGATED:
        bring_back(incident, reason=f"declared once more: {wanted.title.strip()}", actor=actor, now=now)
    raise_severity(incident, severity, reason="it was declared once more", actor=actor, now=now)


def _service(service_id: UUID | None, alerts: Sequence[Alert]) -> Service | None:
    if service_id is None:
        return alerts[0].service if alerts else None
    rows = Service.objects.select_related("team", "policy__current_version")
    service = rows.filter(id=service_id, archived_at=None).first()
    if service is None:
        raise Unknown("service", "there is no such service, or not any more; choose another")
    return service


def unresolved(incident_id: UUID) -> Incident:
    incident = locked(incident_id)
    if incident.state not in UNRESOLVED:
        raise IncidentOver("", f"#{incident.number} is {incident.get_state_display().lower()}; reopen it first")
    return incident


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('incidents_incident_number')")
        return int(cursor.fetchone()[0])
