"""What is published on the status page about incidents."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from watchbill.domain.communications.public_word import public_word
from watchbill.domain.status_page import actions, reads
from watchbill.domain.status_page.models import ComponentState, PublicIncident, PublicStatus, PublicUpdate
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.incident_out import incident_id
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired

router = Router(tags=["status page"])

LISTED_MAX = 100
StatusName = Literal["investigating", "identified", "monitoring", "resolved", "postmortem"]
StateName = Literal["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"]
States = Annotated[Mapping[UUID, StateName], Field(max_length=200)]
Body = Annotated[str, Field(max_length=10_000)]


class PublicationIn(Input):
    """`incident` by number or id: the first publication opens its public incident, later ones add to it.

    Without it, a public incident of its own is opened. `components`: states by the component's id.
    """

    title: Text = ""
    status: StatusName
    body: Body
    components: States = Field(default_factory=dict)
    incident: Name | None = None


class PublicUpdateIn(Input):
    status: StatusName
    body: Body
    components: States = Field(default_factory=dict)
    title: Text = ""


class CorrectedIn(Input):
    body: Body


class RetractedIn(Input):
    why: Text


class PublicUpdateOut(Output):
    id: UUID
    status: str
    body: str
    at: InstantOut
    by: str
    corrected_at: InstantOut | None


class PublicIncidentOut(Output):
    """`components`: what it says of them now. `updates`: in the order in which they were published."""

    id: UUID
    title: str
    status: str
    impact: str
    started_at: InstantOut
    resolved_at: InstantOut | None
    components: Mapping[str, str]
    updates: list[PublicUpdateOut]


@router.get("/incidents", response=list[PublicIncidentOut], summary="List public incidents")
@requires("status_page.read")
def listing(request: HttpRequest) -> list[PublicIncidentOut]:
    """The latest hundred, the newest first."""
    rows = reads.public_incidents(limit=LISTED_MAX)
    updates = reads.updates_of(row.id for row in rows)
    return [_out(row, updates[row.id]) for row in rows]


@router.get("/incidents/{public}", response=PublicIncidentOut, summary="Read one public incident")
@requires("status_page.read")
def one(request: HttpRequest, public: UUID) -> PublicIncidentOut:
    return _shown(public)


@router.post("/incidents", response={201: PublicIncidentOut}, summary="Publish on the status page")
@requires("status_page.publish")
def publish(request: HttpRequest, body: PublicationIn) -> Status[PublicIncidentOut]:
    made = actions.publish(
        incident_id=incident_id(request, body.incident) if body.incident else None,
        title=body.title,
        status=PublicStatus(body.status),
        body=body.body,
        components=_states(body.components),
        actor=caller(request).actor,
        now=now_of(request),
        may_say=_may_say(request),
    )
    return Status(201, _shown(made.public_incident_id))


@router.post("/incidents/{public}/updates", response={201: PublicIncidentOut}, summary="Publish an update")
@requires("status_page.publish")
def update(request: HttpRequest, public: UUID, body: PublicUpdateIn) -> Status[PublicIncidentOut]:
    _shown(public)
    actions.publish_update(
        public_id=public,
        title=body.title,
        status=PublicStatus(body.status),
        body=body.body,
        components=_states(body.components),
        actor=caller(request).actor,
        now=now_of(request),
        may_say=_may_say(request),
    )
    return Status(201, _shown(public))


@router.put("/updates/{update}", response=PublicIncidentOut, summary="Correct a published update")
@requires("status_page.publish")
def correct(request: HttpRequest, update: UUID, body: CorrectedIn) -> PublicIncidentOut:
    """The words are replaced and marked as corrected; the first stay in the record."""
    who, now = caller(request).actor, now_of(request)
    corrected = actions.correct(update_id=update, body=body.body, actor=who, now=now, may_say=_may_say(request))
    return _shown(corrected.public_incident_id)


@router.post("/updates/{update}/retract", response={204: None}, summary="Take a published update back")
@requires("status_page.publish")
def retract(request: HttpRequest, update: UUID, body: RetractedIn) -> Status[None]:
    actions.retract(update_id=update, why=body.why, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


def _may_say(request: HttpRequest) -> actions.MaySay:
    return public_word(actor=caller(request).actor, ways=wired().ways(), now=now_of(request))


def _states(given: Mapping[UUID, str]) -> dict[UUID, ComponentState]:
    return {component: ComponentState(state) for component, state in given.items()}


def _shown(public: UUID) -> PublicIncidentOut:
    row = reads.public_incident(public)
    if row is None:
        raise NotFound(f"There is no public incident {public}; it may have been retracted.")
    return _out(row, reads.updates_of([row.id])[row.id])


def _out(row: PublicIncident, updates: list[PublicUpdate]) -> PublicIncidentOut:
    return PublicIncidentOut(
        id=row.id,
        title=row.title,
        status=row.status,
        impact=row.impact,
        started_at=row.started_at,
        resolved_at=row.resolved_at,
        components=row.states,
        updates=[
            PublicUpdateOut(
                id=one.id,
                status=one.status,
                body=one.body,
                at=one.at,
                by=one.published_by,
                corrected_at=one.corrected_at,
            )
            for one in updates
        ],
    )
