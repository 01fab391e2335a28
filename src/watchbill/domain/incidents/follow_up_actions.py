"""What is left to do after an incident, or instead of paging: tickets, action items, the review, the summary."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import ENGINE, Actor
from watchbill.domain.incidents.locking import locked
from watchbill.domain.incidents.models import (
    NEVER_WAS,
    FollowUp,
    FollowUpKind,
    FollowUpState,
    Incident,
    Seat,
    SeatState,
)
from watchbill.domain.incidents.process_followed import process_of, role_label, severity_in
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.workflow_actions import mark_step
from watchbill.domain.process.calendars import due_at
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Unknown
from watchbill.ground.text import cut_words

_TEXT_MAX = 10_000
_WHY_MAX = 1000
_DUE_MAX = timedelta(days=730)
_STEPS = {
    FollowUpKind.REVIEW: "follow-up/schedule-review",
    FollowUpKind.SUMMARY: "follow-up/internal-summary",
    FollowUpKind.ACTION_ITEM: "follow-up/first-action-items",
}


def open_ticket(incident: Incident, *, now: datetime) -> None:
    """For a severity that pages nobody. In the transaction of the declaration."""
    severity = severity_in(incident)
    if severity.opens_ticket:
        due = due_at(severity.respond, incident.declared_at, process_of(incident).calendars)
        _make(incident, FollowUpKind.TICKET, incident.title, due=due, actor=ENGINE, now=now)


def plan_follow_up(incident: Incident, *, now: datetime) -> None:
    """At resolution: the review by the severity's deadline, and a draft of the internal summary."""
    planned = {row.kind for row in incident.follow_ups.filter(kind__in=(FollowUpKind.REVIEW, FollowUpKind.SUMMARY))}
    rule = next((one for one in process_of(incident).review.scheduling if one.severity == incident.severity), None)
    if rule is not None and rule.within is not None and FollowUpKind.REVIEW not in planned:
        optional = rule.requirement == "optional"
        _make(
            incident,
            FollowUpKind.REVIEW,
            f"Post-mortem of incident {incident.number}: {incident.title}",
            due=now + rule.within,
            optional=optional,
            actor=ENGINE,
            now=now,
        )
    if severity_in(incident).pages and FollowUpKind.SUMMARY not in planned:
        _make(incident, FollowUpKind.SUMMARY, summary_draft(incident), due=None, actor=ENGINE, now=now)


def summary_draft(incident: Incident) -> str:
    """What the record knows, to be finished by a person."""
    lines = [f"{severity_in(incident).label}: {incident.title}"]
    if incident.service is not None:
        lines.append(f"Service: {incident.service.name}")
    began = incident.started_at or incident.detected_at or incident.declared_at
    ended = incident.mitigated_at or incident.resolved_at
    if ended is not None:
        minutes = max(1, round((ended - began).total_seconds() / 60))
        lines.append(f"From {began:%Y-%m-%d %H:%M} to {ended:%Y-%m-%d %H:%M} UTC, {minutes} min until mitigated")
    if incident.customers_affected or incident.customer_impact:
        lines.append(f"Impact: {incident.customers_affected} {incident.customer_impact}".replace("  ", " ").strip())
    for seat in Seat.objects.filter(incident=incident, state=SeatState.HELD).select_related("user").order_by("held_at"):
        lines.append(f"{role_label(incident, seat.role)}: {seat.user.name}")
    lines += [f"Cause: {one.text}" for one in incident.hypotheses.filter(state="confirmed")]
    lines += [f"Change: {one.what} ({one.get_state_display().lower()})" for one in incident.changes.order_by("number")]
    return "\n".join(lines)


def add_follow_up(
    *, incident_id: UUID, text: str, owner_id: UUID | None, due: datetime | None, actor: Actor, now: datetime
) -> FollowUp:
    """An action item. Raises ChangeRefused, Unknown."""
    with transaction.atomic():
        incident = _incident(incident_id)
        if due is not None and not now - timedelta(days=1) <= due <= now + _DUE_MAX:
            raise ChangeRefused("due", "choose a day from today on, within two years")
        made = _make(incident, FollowUpKind.ACTION_ITEM, text, due=due, owner=_owner(owner_id), actor=actor, now=now)
        mark_step(incident, _STEPS[FollowUpKind.ACTION_ITEM], actor=actor, now=now)
    return made


def settle_follow_up(
    *, incident_id: UUID, follow_up_id: UUID, state: str, why: str, actor: Actor, now: datetime
) -> FollowUp:
    """Done, waived with a reason, or open again. The review and the summary do their steps of the workflow."""
    with transaction.atomic():
        incident = _incident(incident_id)
        one = FollowUp.objects.filter(incident=incident, id=follow_up_id).first()
        if one is None:
            raise Unknown("", "there is no such follow-up in this incident")
        if state not in FollowUpState.values:
            raise ChangeRefused("state", f"use one of {', '.join(FollowUpState.values)}")
        if state == FollowUpState.WAIVED and not why.strip():
            raise ChangeRefused("why", "say why it is not needed")
        if state == FollowUpState.WAIVED and one.kind == FollowUpKind.REVIEW and not one.is_optional:
            label = severity_in(incident).label
            raise ChangeRefused("state", f"the post-mortem of a {label} is required; hold it, or change the process")
        if one.state == state:
            return one
        one.state, one.why = state, why.strip()[:_WHY_MAX]
        settled = state != FollowUpState.OPEN
        one.settled_at, one.settled_by = (now, actor.label[:254]) if settled else (None, "")
        one.save(update_fields=["state", "why", "settled_at", "settled_by"])
        told = entry(
            incident, "incident.follow_up_settled", text=cut_words(one.text, 300), after=one.state, why=one.why
        )
        record([told], actor=actor, now=now)
        if settled and one.kind in _STEPS:
            mark_step(incident, _STEPS[FollowUpKind(one.kind)], actor=actor, now=now)
    return one


def _make(
    incident: Incident,
    kind: FollowUpKind,
    text: str,
    *,
    due: datetime | None,
    actor: Actor,
    now: datetime,
    owner: User | None = None,
    optional: bool = False,
) -> FollowUp:
    made = FollowUp.objects.create(
        id=new_id(),
        incident=incident,
        kind=kind,
        text=_clean(text),
        owner=owner,
        is_optional=optional,
        made_at=now,
        made_by=actor.label[:254],
        due_at=due,
    )
    told = entry(
        incident,
        "incident.follow_up",
        kind=made.get_kind_display(),
        text=cut_words(made.text.partition("\n")[0], 300),
        due=due.isoformat() if due else None,
    )
    record([told], actor=actor, now=now)
    return made


def _clean(text: str) -> str:
    clean = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not clean:
        raise ChangeRefused("text", "say what is to be done")
    if len(clean) > _TEXT_MAX:
        raise ChangeRefused("text", f"has {len(clean)} characters; use at most {_TEXT_MAX}")
    return clean


def _owner(owner_id: UUID | None) -> User | None:
    if owner_id is None:
        return None
    owner = User.objects.filter(id=owner_id, is_active=True).first()
    if owner is None:
        raise Unknown("owner", "there is nobody of that name, or not any more; choose another")
    return owner


def _incident(incident_id: UUID) -> Incident:
    incident = locked(incident_id)
    if incident.state in NEVER_WAS:
        raise Unknown("", "it was no incident after all; add it where it belongs")
    return incident
