"""Incidents: declare, look, and do what those who work on one do."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from watchbill.domain.alerts.listing import alert_id_of
from watchbill.domain.incidents import actions, role_actions, room_actions, workflow_actions
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import severity_label
from watchbill.domain.incidents.reads import (
    IncidentDetail,
    IncidentFilter,
    incident_detail,
    incident_id_of,
    list_incidents,
)
from watchbill.domain.people.reads import person_id_of
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import service_id
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Instant, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused, Unknown

router = Router(tags=["incidents"])

Reason = Annotated[Text, Field(max_length=1000)]
Written = Annotated[Text, Field(min_length=1, max_length=5000)]


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


class StepOut(Output):
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


class IncidentEntryOut(Output):
    """`at` is when it happened, `recorded_at` when it was written down. `text`: what somebody wrote."""

    id: str | None
    at: InstantOut
    recorded_at: InstantOut
    action: str
    actor: str
    via: str
    kind: str
    prefix: str
    text: str
    details: Any


class IncidentDetailOut(IncidentOut):
    """`timeline` has the newest entries; `timeline_left` more stand before them."""

    summary: str
    alerts: list[int]
    clocks: list[ClockOut]
    ladder: list[RungOut]
    roles: list[RoleOut]
    steps: list[StepOut]
    pages: list[IncidentPageOut]
    timeline: list[IncidentEntryOut]
    timeline_left: int


class IncidentsOut(Output):
    items: list[IncidentOut]


class DeclareIn(Input):
    """`severity` by its id or label; `alerts` by number or id; `insiders` by address, for a restricted one."""

    title: Annotated[Text, Field(max_length=1000)]
    severity: Name
    service: Text = ""
    alerts: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    drill: bool = False
    restricted: bool = False
    insiders: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    summary: Text = ""


class SeverityIn(Input):
    severity: Name
    reason: Reason = ""


class ReasonIn(Input):
    reason: Reason = ""


class TierIn(Input):
    tier: Annotated[int, Field(ge=1, le=99)]
    reason: Reason


class RoleIn(Input):
    """`do`: take it oneself, offer it to `person`, decline an offer, or hand it over to `person` with a `summary`."""

    role: Name
    do: Literal["take", "offer", "decline", "hand-over"] = "take"
    person: Text = ""
    summary: Text = ""


class StepIn(Input):
    """`step` as `phase/step`."""

    step: Name
    done: bool = True
    evidence: Text = ""


class EntryIn(Input):
    """`at` makes it an entry for the past; without, it is a message to the room, perhaps in a `thread`."""

    text: Written
    at: Instant | None = None
    thread: UUID | None = None


class CorrectionIn(Input):
    text: Written


class PinIn(Input):
    pinned: bool = True


class UpdateIn(Input):
    text: Written


class MergeIn(Input):
    into: Name


class InsiderIn(Input):
    person: Name


class IncidentQuery(Input):
    status: Literal["open", "ended", "all"] = "open"
    severity: Text = ""
    service: Text = ""


@router.get("", response=IncidentsOut, summary="List incidents")
@requires("incident.read")
def listing(request: HttpRequest, asked: Query[IncidentQuery]) -> IncidentsOut:
    """The newest first, at most 200."""
    wanted = IncidentFilter(
        status=asked.status,
        severity=asked.severity.lower(),
        service=service_id(asked.service, field="service") if asked.service else None,
    )
    return IncidentsOut(items=[IncidentOut(**_facts(one)) for one in list_incidents(wanted, viewer=_viewer(request))])


@router.post("", response={201: IncidentDetailOut, 200: IncidentDetailOut}, summary="Declare an incident")
@requires("incident.declare")
def declare(request: HttpRequest, body: DeclareIn) -> tuple[int, IncidentDetailOut]:
    """Those whom the severity names are paged at once. 200: one of the alerts has an incident, which was joined."""
    made = actions.declare(
        actions.Declaration(
            title=body.title,
            severity=body.severity,
            service_id=service_id(body.service, field="service") if body.service else None,
            alert_ids=tuple(_alert(text, field=f"alerts[{index}]") for index, text in enumerate(body.alerts)),
            drill=body.drill,
            restricted=body.restricted,
            insiders=tuple(_person(text, field=f"insiders[{index}]") for index, text in enumerate(body.insiders)),
            summary=body.summary,
        ),
        actor=caller(request).actor,
        now=now_of(request),
    )
    return (200 if made.joined else 201), _detail_out(request, made.incident.id)


@router.get("/{incident}", response=IncidentDetailOut, summary="Read one incident with everything about it")
@requires("incident.read")
def one(request: HttpRequest, incident: Name) -> IncidentDetailOut:
    return _detail_out(request, _id(request, incident))


@router.post("/{incident}/acknowledge", response=IncidentDetailOut, summary="Say that you are on it")
@requires("incident.respond")
def acknowledge(request: HttpRequest, incident: Name) -> IncidentDetailOut:
    """Your pages stop, those of the others go on."""
    found = _id(request, incident)
    actions.acknowledge(incident_id=found, actor=caller(request).actor, now=now_of(request))
    return _detail_out(request, found)


@router.post("/{incident}/severity", response=IncidentDetailOut, summary="Change the severity of an incident")
@requires("incident.respond")
def severity(request: HttpRequest, incident: Name, body: SeverityIn) -> IncidentDetailOut:
    """The ladder counts from the declaration: who is due already is paged once, nobody twice for the same."""
    found = _id(request, incident)
    actions.change_severity(
        incident_id=found,
        severity=body.severity,
        reason=body.reason,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return _detail_out(request, found)


@router.post("/{incident}/room", response=IncidentDetailOut, summary="Open the war room and offer the roles")
@requires("incident.respond")
def room(request: HttpRequest, incident: Name) -> IncidentDetailOut:
    found = _id(request, incident)
    actions.open_room(incident_id=found, actor=caller(request).actor, ways=wired().ways(), now=now_of(request))
    return _detail_out(request, found)


@router.post("/{incident}/tier", response=IncidentDetailOut, summary="Escalate an incident to a tier")
@requires("incident.respond")
def tier(request: HttpRequest, incident: Name, body: TierIn) -> IncidentDetailOut:
    found = _id(request, incident)
    actions.escalate_to_tier(
        incident_id=found,
        tier=body.tier,
        reason=body.reason,
        actor=caller(request).actor,
        ways=wired().ways(),
        now=now_of(request),
    )
    return _detail_out(request, found)


@router.post("/{incident}/roles", response=IncidentDetailOut, summary="Take, offer, decline or hand over a role")
@requires("incident.respond")
def roles(request: HttpRequest, incident: Name, body: RoleIn) -> IncidentDetailOut:
    found, who, now = _id(request, incident), caller(request).actor, now_of(request)
    if body.do == "take":
        role_actions.take(incident_id=found, role=body.role, actor=who, now=now)
    elif body.do == "decline":
        role_actions.decline(incident_id=found, role=body.role, actor=who, ways=wired().ways(), now=now)
    elif body.do == "offer":
        role_actions.offer(
            incident_id=found,
            role=body.role,
            user_id=_person(body.person, field="person"),
            actor=who,
            ways=wired().ways(),
            now=now,
        )
    else:
        role_actions.hand_over(
            incident_id=found,
            role=body.role,
            to=_person(body.person, field="person"),
            summary=body.summary,
            actor=who,
            ways=wired().ways(),
            now=now,
        )
    return _detail_out(request, found)


@router.post("/{incident}/steps", response=IncidentDetailOut, summary="Say that a step of the workflow is done")
@requires("incident.respond")
def steps(request: HttpRequest, incident: Name, body: StepIn) -> IncidentDetailOut:
    found = _id(request, incident)
    workflow_actions.tick_step(
        incident_id=found,
        step=body.step,
        done=body.done,
        evidence=body.evidence,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return _detail_out(request, found)


@router.post("/{incident}/timeline", response=IncidentDetailOut, summary="Write to the room, or add to the timeline")
@requires("incident.respond")
def timeline(request: HttpRequest, incident: Name, body: EntryIn) -> IncidentDetailOut:
    found, who, now = _id(request, incident), caller(request).actor, now_of(request)
    if body.at is not None and body.thread is not None:
        raise ChangeRefused("thread", "an entry for the past stands in no thread; leave out one of the two")
    if body.at is not None:
        room_actions.note(incident_id=found, text=body.text, at=body.at, actor=who, now=now)
    else:
        room_actions.write(incident_id=found, text=body.text, thread=body.thread, actor=who, now=now)
    return _detail_out(request, found)


@router.put("/{incident}/timeline/{entry}", response=IncidentDetailOut, summary="Correct what you wrote")
@requires("incident.respond")
def correct(request: HttpRequest, incident: Name, entry: UUID, body: CorrectionIn) -> IncidentDetailOut:
    """What stood there before stays in the audit record."""
    found = _id(request, incident)
    room_actions.correct(
        incident_id=found, post_id=entry, text=body.text, actor=caller(request).actor, now=now_of(request)
    )
    return _detail_out(request, found)


@router.post("/{incident}/timeline/{entry}/pin", response=IncidentDetailOut, summary="Pin or unpin a message")
@requires("incident.respond")
def pin(request: HttpRequest, incident: Name, entry: UUID, body: PinIn) -> IncidentDetailOut:
    found = _id(request, incident)
    room_actions.pin(
        incident_id=found, post_id=entry, pinned=body.pinned, actor=caller(request).actor, now=now_of(request)
    )
    return _detail_out(request, found)


@router.post("/{incident}/updates", response=IncidentDetailOut, summary="Post a status update")
@requires("incident.respond")
def updates(request: HttpRequest, incident: Name, body: UpdateIn) -> IncidentDetailOut:
    found = _id(request, incident)
    room_actions.post_update(incident_id=found, text=body.text, actor=caller(request).actor, now=now_of(request))
    return _detail_out(request, found)


@router.post("/{incident}/mitigate", response=IncidentDetailOut, summary="Say that customers are no longer harmed")
@requires("incident.respond")
def mitigate(request: HttpRequest, incident: Name) -> IncidentDetailOut:
    found = _id(request, incident)
    actions.mitigate(incident_id=found, actor=caller(request).actor, now=now_of(request))
    return _detail_out(request, found)


@router.post("/{incident}/not-mitigated", response=IncidentDetailOut, summary="Say that it is back")
@requires("incident.respond")
def not_mitigated(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    found = _id(request, incident)
    actions.not_mitigated(incident_id=found, reason=body.reason, actor=caller(request).actor, now=now_of(request))
    return _detail_out(request, found)


@router.post("/{incident}/resolve", response=IncidentDetailOut, summary="Resolve an incident")
@requires("incident.respond")
def resolve(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    """`reason` passes over what is not done yet; only whoever is in charge may."""
    found = _id(request, incident)
    actions.resolve(incident_id=found, pass_over=body.reason, actor=caller(request).actor, now=now_of(request))
    return _detail_out(request, found)


@router.post("/{incident}/reopen", response=IncidentDetailOut, summary="Reopen an incident")
@requires("incident.respond")
def reopen(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    found = _id(request, incident)
    actions.reopen(incident_id=found, reason=body.reason, actor=caller(request).actor, now=now_of(request))
    return _detail_out(request, found)


@router.post("/{incident}/close", response=IncidentDetailOut, summary="Close an incident")
@requires("incident.respond")
def close(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    """`reason` passes over what is not done yet; only whoever is in charge may."""
    found = _id(request, incident)
    actions.close(incident_id=found, pass_over=body.reason, actor=caller(request).actor, now=now_of(request))
    return _detail_out(request, found)


@router.post("/{incident}/cancel", response=IncidentDetailOut, summary="Say that it is no incident after all")
@requires("incident.respond")
def cancel(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    found = _id(request, incident)
    actions.cancel(incident_id=found, reason=body.reason, actor=caller(request).actor, now=now_of(request))
    return _detail_out(request, found)


@router.post("/{incident}/merge", response=IncidentDetailOut, summary="Merge a duplicate into another incident")
@requires("incident.respond")
def merge(request: HttpRequest, incident: Name, body: MergeIn) -> IncidentDetailOut:
    """Answers the one that stays."""
    other = actions.merge(
        incident_id=_id(request, incident),
        into=_id(request, body.into),
        actor=caller(request).actor,
        now=now_of(request),
    )
    return _detail_out(request, other.id)


@router.post("/{incident}/insiders", response=IncidentDetailOut, summary="Let somebody see a restricted incident")
@requires("incident.respond")
def insiders(request: HttpRequest, incident: Name, body: InsiderIn) -> IncidentDetailOut:
    found = _id(request, incident)
    actions.add_insider(
        incident_id=found,
        user_id=_person(body.person, field="person"),
        actor=caller(request).actor,
        now=now_of(request),
    )
    return _detail_out(request, found)


def _viewer(request: HttpRequest) -> UUID:
    return caller(request).person.id


def _id(request: HttpRequest, text: str) -> UUID:
    found = incident_id_of(text, viewer=_viewer(request))
    if found is None:
        raise NotFound(f"There is no incident {text!r}. Name it by its id or number.")
    return found


def _alert(text: str, *, field: str) -> UUID:
    found = alert_id_of(text)
    if found is None:
        raise Unknown(field, f"there is no alert {text!r}; name it by its id or number")
    return found


def _person(text: str, *, field: str) -> UUID:
    found = person_id_of(text) if text else None
    if found is None:
        raise Unknown(field, f"there is nobody {text!r}; name a person by address or id")
    return found


def _facts(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "number": incident.number,
        "title": incident.title,
        "severity": incident.severity,
        "severity_label": severity_label(incident),
        "status": str(incident.state),
        "phase": incident.phase,
        "service": incident.service.name if incident.service else None,
        "restricted": incident.restricted,
        "drill": incident.drill,
        "merged_into": incident.merged_into.number if incident.merged_into else None,
        "declared_at": incident.declared_at,
        "declared_by": incident.declared_by,
        "detected_at": incident.detected_at,
        "acknowledged_at": incident.acknowledged_at,
        "acknowledged_by": incident.acknowledged_by or None,
        "mitigated_at": incident.mitigated_at,
        "resolved_at": incident.resolved_at,
        "closed_at": incident.closed_at,
        "updated_at": incident.updated_at,
    }


def _detail_out(request: HttpRequest, incident_id: UUID) -> IncidentDetailOut:
    detail = incident_detail(incident_id, viewer=_viewer(request), ways=wired().ways(), now=now_of(request))
    if detail is None:
        raise NotFound(f"There is no incident {incident_id}.")
    return IncidentDetailOut(
        **_facts(detail.incident),
        summary=detail.incident.summary,
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
        pages=[
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
        ],
        timeline=[
            IncidentEntryOut(
                id=str(line.post.id) if line.post else None,
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
        ],
        timeline_left=detail.timeline_left,
    )


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


def _steps(detail: IncidentDetail) -> list[StepOut]:
    return [
        StepOut(
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
