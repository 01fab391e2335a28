"""An incident as the API shows it, and how one is named in an address."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from watchbill.domain.incidents.brief import facts
from watchbill.domain.incidents.models import Attachment
from watchbill.domain.incidents.reads import IncidentDetail, incident_detail, incident_id_of
from watchbill.domain.people.reads import person_id_of
from watchbill.doors.api.auth import caller
from watchbill.doors.api.bridge_out import IncidentBridgeOut, bridge_out
from watchbill.doors.api.chat_out import ChatRoomOut, rooms_out
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import InstantOut, Output
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import Unknown


class IncidentOut(Output):
    id: UUID
    number: int
    title: str
    severity: str
    severity_label: str
    status: str
    phase: str
    service: str | None
    restricted: bool
    drill: bool
    merged_into: int | None
    declared_at: InstantOut
    declared_by: str
    detected_at: InstantOut | None
    acknowledged_at: InstantOut | None
    acknowledged_by: str | None
    mitigated_at: InstantOut | None
    resolved_at: InstantOut | None
    closed_at: InstantOut | None
    updated_at: InstantOut | None


class ClockOut(Output):
    """`state`: met, missed, green, due or overdue. `due_at` null: it depends on planning."""

    id: str
    label: str
    limit: str
    due_at: InstantOut | None
    met_at: InstantOut | None
    state: str


class CalledOut(Output):
    """`nobody` says why nobody stands behind the role."""

    role: str
    source: str
    people: list[str]
    nobody: str


class RungOut(Output):
    """`state`: done, skipped, next or later. `prompts`: the tier that is asked for; nobody is paged."""

    at: InstantOut
    label: str
    condition: str
    state: str
    prompts: str
    calls: list[CalledOut]


class RoleOut(Output):
    role: str
    label: str
    held_by: str | None
    offered_to: str | None
    responsibilities: list[str]


class WorkflowStepOut(Output):
    phase: str
    step: str
    label: str
    done_at: InstantOut | None
    done_by: str | None
    evidence: str
    overridden: bool


class IncidentPageOut(Output):
    person: str
    email: str
    reason: str
    urgency: str
    state: str
    created_at: InstantOut
    closed_at: InstantOut | None


class AttachmentOut(Output):
    """`entry`: the id of the message or note that it came with. `kind`: image or text."""

    id: UUID
    entry: UUID
    kind: str
    content_type: str
    name: str
    size: int
    sha256: str
    alt: str
    width: int | None
    height: int | None
    added_at: InstantOut
    added_by: str


class IncidentEntryOut(Output):
    """`at` is when it happened, `recorded_at` when it was written down. `text`: what somebody wrote.

    `thread` is the message that this one answers.
    """

    id: str | None
    thread: str | None
    attachments: list[AttachmentOut]
    at: InstantOut
    recorded_at: InstantOut
    action: str
    actor: str
    via: str
    kind: str
    prefix: str
    text: str
    details: Any


class HypothesisOut(Output):
    id: UUID
    text: str
    state: str
    thought_by: str
    thought_at: InstantOut
    why: str


class ChangeOut(Output):
    """A change to production. `state`: proposed, approved, declined, applied, helped, no-effect, worse, rolled-back."""

    number: int
    what: str
    where: str
    rollback: str
    state: str
    proposed_by: str
    proposed_at: InstantOut
    decided_by: str
    decided_at: InstantOut | None
    why: str
    applied_at: InstantOut | None
    effect: str
    rolled_back_at: InstantOut | None


class FollowUpOut(Output):
    id: UUID
    kind: str
    text: str
    owner: str | None
    optional: bool
    due_at: InstantOut | None
    state: str
    why: str


class IncidentDetailOut(IncidentOut):
    """`timeline` has the newest entries; `timeline_left` more stand before them."""

    summary: str
    in_charge: str
    started_at: InstantOut | None
    customer_impact: str
    customers_affected: str
    customer_facing: bool | None
    affected_services: list[str]
    bridge: IncidentBridgeOut
    chat: list[ChatRoomOut]
    hypotheses: list[HypothesisOut]
    changes: list[ChangeOut]
    follow_ups: list[FollowUpOut]
    alerts: list[int]
    clocks: list[ClockOut]
    ladder: list[RungOut]
    roles: list[RoleOut]
    steps: list[WorkflowStepOut]
    pages: list[IncidentPageOut]
    timeline: list[IncidentEntryOut]
    timeline_left: int


class IncidentsOut(Output):
    items: list[IncidentOut]


def viewer_of(request: HttpRequest) -> UUID:
    return caller(request).person.id


def incident_id(request: HttpRequest, text: str) -> UUID:
    found = incident_id_of(text, viewer=viewer_of(request))
    if found is None:
        raise NotFound(f"There is no incident {text!r}. Name it by its id or number.")
    return found


def person_id(text: str, *, field: str) -> UUID:
    found = person_id_of(text) if text else None
    if found is None:
        raise Unknown(field, f"there is nobody {text!r}; name a person by address or id")
    return found


def detail_out(request: HttpRequest, incident_id: UUID) -> IncidentDetailOut:
    detail = incident_detail(incident_id, viewer=viewer_of(request), ways=wired().ways(), now=now_of(request))
    if detail is None:
        raise NotFound(f"There is no incident {incident_id}.")
    return IncidentDetailOut(
        **facts(detail.incident),
        summary=detail.incident.summary,
        in_charge=detail.in_charge.name,
        started_at=detail.incident.started_at,
        customer_impact=detail.incident.customer_impact,
        customers_affected=detail.incident.customers_affected,
        customer_facing=detail.incident.customer_facing,
        affected_services=[service.name for service in detail.affected],
        bridge=bridge_out(detail.incident.id),
        chat=rooms_out(detail.incident.id),
        hypotheses=[
            HypothesisOut(**{name: getattr(one, name) for name in HypothesisOut.model_fields})
            for one in detail.hypotheses
        ],
        changes=[ChangeOut(**{name: getattr(one, name) for name in ChangeOut.model_fields}) for one in detail.changes],
        follow_ups=_follow_ups(detail),
        alerts=[alert.number for alert in detail.alerts],
        clocks=[
            ClockOut(
                id=one.id, label=one.label, limit=one.limit, due_at=one.due_at, met_at=one.met_at, state=one.tone.value
            )
            for one in detail.clocks
        ],
        ladder=_ladder(detail),
        roles=[
            RoleOut(
                role=line.role,
                label=line.label,
                held_by=line.held.user.email if line.held else None,
                offered_to=line.offered.user.email if line.offered else None,
                responsibilities=list(line.responsibilities),
            )
            for line in detail.seats
        ],
        steps=_steps(detail),
        pages=_pages(detail),
        timeline=_timeline(detail),
        timeline_left=detail.timeline_left,
    )


def _follow_ups(detail: IncidentDetail) -> list[FollowUpOut]:
    return [
        FollowUpOut(
            id=one.id,
            kind=one.kind,
            text=one.text,
            owner=one.owner.email if one.owner else None,
            optional=one.is_optional,
            due_at=one.due_at,
            state=one.state,
            why=one.why,
        )
        for one in detail.follow_ups
    ]


def _pages(detail: IncidentDetail) -> list[IncidentPageOut]:
    return [
        IncidentPageOut(
            person=page.user.name,
            email=page.user.email,
            reason=page.reason,
            urgency=page.urgency,
            state=str(page.state),
            created_at=page.created_at,
            closed_at=page.closed_at,
        )
        for page in detail.pages
    ]


def attachment_out(one: Attachment) -> AttachmentOut:
    named = {name: getattr(one, name) for name in AttachmentOut.model_fields if name != "entry"}
    return AttachmentOut(entry=one.post_id, **named)


def _timeline(detail: IncidentDetail) -> list[IncidentEntryOut]:
    return [
        IncidentEntryOut(
            id=str(line.post.id) if line.post else None,
            thread=str(line.post.thread_id) if line.post and line.post.thread_id else None,
            attachments=[attachment_out(one) for one in line.files],
            at=line.at,
            recorded_at=line.entry.at,
            action=line.entry.action,
            actor=line.entry.actor_label,
            via=line.entry.via,
            kind=str(line.post.kind) if line.post else "",
            prefix=line.post.prefix if line.post else "",
            text=line.post.text if line.post else "",
            details=line.entry.details,
        )
        for line in detail.timeline
    ]


def _ladder(detail: IncidentDetail) -> list[RungOut]:
    return [
        RungOut(
            at=rung.at,
            label=rung.label,
            condition=rung.condition,
            state=rung.state,
            prompts=rung.prompts,
            calls=[
                CalledOut(
                    role=found.role.id,
                    source=found.source,
                    people=[person.email for person in found.people],
                    nobody=found.nobody,
                )
                for found in rung.roles
            ],
        )
        for rung in detail.ladder
    ]


def _steps(detail: IncidentDetail) -> list[WorkflowStepOut]:
    return [
        WorkflowStepOut(
            phase=phase.id,
            step=step.id,
            label=step.label,
            done_at=step.done.done_at if step.done else None,
            done_by=step.done.done_by if step.done else None,
            evidence=step.done.evidence if step.done else "",
            overridden=step.done.overridden if step.done else False,
        )
        for phase in detail.phases
        for step in phase.steps
    ]
