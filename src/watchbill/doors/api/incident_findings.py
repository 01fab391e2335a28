"""What is found out about an incident, and the changes to production that are made for it."""

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from watchbill.domain.incidents import assess_actions, change_actions, follow_up_actions
from watchbill.domain.incidents.assess_actions import ImpactDraft
from watchbill.domain.incidents.brief import facts
from watchbill.domain.incidents.change_actions import ChangeDraft
from watchbill.domain.incidents.reads import visible_to
from watchbill.domain.incidents.related_reads import may_be_affected, related_to
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.incident_out import (
    IncidentDetailOut,
    IncidentOut,
    detail_out,
    incident_id,
    person_id,
    viewer_of,
)
from watchbill.doors.api.names import service_id
from watchbill.doors.api.values import Input, Instant, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

router = Router(tags=["incidents"])

Why = Annotated[Text, Field(max_length=1000)]
Number = Annotated[int, Field(ge=1, le=32_000)]


class ImpactIn(Input):
    """`customers_affected`: a number or a share in words. `customer_facing` null: not known yet."""

    customer_impact: Text = ""
    customers_affected: Text = ""
    customer_facing: bool | None = None


class AffectedIn(Input):
    """Beside the service it was declared for."""

    services: Annotated[list[Name], Field(max_length=100)]


class AlsoAffectedIn(Input):
    service: Name


class RelatedIncidentOut(IncidentOut):
    open: bool
    because: list[str]


class DependentOut(Output):
    service: str
    because: str


class RelatedOut(Output):
    incidents: list[RelatedIncidentOut]
    may_be_affected: list[DependentOut]


class HypothesisIn(Input):
    text: Text


class SettledIn(Input):
    state: Literal["open", "confirmed", "ruled-out"]
    why: Why = ""


class MomentIn(Input):
    """`at` null: not known after all, for the beginning of the impact alone."""

    moment: Literal["started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at"]
    at: Instant | None
    reason: Why


class FollowUpIn(Input):
    text: Text
    owner: Text = ""
    due: Instant | None = None


class FollowUpSettledIn(Input):
    state: Literal["open", "done", "waived"]
    why: Why = ""


class ChangeIn(Input):
    what: Text
    where: Text
    rollback: Text


class VerbIn(Input):
    """`do`: approve or decline (with `text`: why), apply, observe (with `outcome` and `text`), or roll-back."""

    do: Literal["approve", "decline", "apply", "observe", "roll-back"]
    outcome: Literal["", "helped", "no-effect", "worse"] = ""
    text: Why = ""


@router.put("/{incident}/impact", response=IncidentDetailOut, summary="Say whom it harms and how")
@requires("incident.respond")
def impact(request: HttpRequest, incident: Name, body: ImpactIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    draft = ImpactDraft(**body.model_dump())
    assess_actions.set_impact(incident_id=found, draft=draft, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.put("/{incident}/affected", response=IncidentDetailOut, summary="Name the affected services")
@requires("incident.respond")
def affected(request: HttpRequest, incident: Name, body: AffectedIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    ids = {service_id(text, field=f"services[{index}]") for index, text in enumerate(body.services)}
    assess_actions.set_affected(incident_id=found, service_ids=ids, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.post("/{incident}/affected", response=IncidentDetailOut, summary="Name one more affected service")
@requires("incident.respond")
def also_affected(request: HttpRequest, incident: Name, body: AlsoAffectedIn) -> IncidentDetailOut:
    """Beside those that are named already."""
    found = incident_id(request, incident)
    added = service_id(body.service, field="service")
    assess_actions.add_affected(incident_id=found, service_id=added, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.get("/{incident}/related", response=RelatedOut, summary="List related incidents and dependent services")
@requires("incident.read")
def related(request: HttpRequest, incident: Name) -> RelatedOut:
    """Open ones and those of the last 90 days, each with the reason; `may_be_affected`: what needs its services."""
    row = visible_to(viewer_of(request)).get(id=incident_id(request, incident))
    return RelatedOut(
        incidents=[
            RelatedIncidentOut(**facts(one.incident), open=one.is_open, because=list(one.reasons))
            for one in related_to(row, viewer=viewer_of(request), now=now_of(request))
        ],
        may_be_affected=[DependentOut(service=one.service.name, because=one.because) for one in may_be_affected(row)],
    )


@router.post("/{incident}/hypotheses", response=IncidentDetailOut, summary="Add a working hypothesis")
@requires("incident.respond")
def think(request: HttpRequest, incident: Name, body: HypothesisIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    assess_actions.think(incident_id=found, text=body.text, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.post("/{incident}/hypotheses/{hypothesis}", response=IncidentDetailOut, summary="Settle a hypothesis")
@requires("incident.respond")
def settle(request: HttpRequest, incident: Name, hypothesis: UUID, body: SettledIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    assess_actions.settle(
        incident_id=found,
        hypothesis_id=hypothesis,
        state=body.state,
        why=body.why,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return detail_out(request, found)


@router.post("/{incident}/moments", response=IncidentDetailOut, summary="Correct when something happened")
@requires("incident.respond")
def moments(request: HttpRequest, incident: Name, body: MomentIn) -> IncidentDetailOut:
    """The former time stays in the record."""
    found = incident_id(request, incident)
    assess_actions.set_moment(
        incident_id=found,
        moment=body.moment,
        at=body.at,
        reason=body.reason,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return detail_out(request, found)


@router.post("/{incident}/follow-ups", response=IncidentDetailOut, summary="Add an action item")
@requires("incident.respond")
def follow_up(request: HttpRequest, incident: Name, body: FollowUpIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    follow_up_actions.add_follow_up(
        incident_id=found,
        text=body.text,
        owner_id=person_id(body.owner, field="owner") if body.owner else None,
        due=body.due,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return detail_out(request, found)


@router.post("/{incident}/follow-ups/{follow_up}", response=IncidentDetailOut, summary="Settle a follow-up")
@requires("incident.respond")
def settle_follow_up(
    request: HttpRequest, incident: Name, follow_up: UUID, body: FollowUpSettledIn
) -> IncidentDetailOut:
    """The review of a severity that requires one cannot be waived."""
    found = incident_id(request, incident)
    follow_up_actions.settle_follow_up(
        incident_id=found,
        follow_up_id=follow_up,
        state=body.state,
        why=body.why,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return detail_out(request, found)


@router.post("/{incident}/changes", response=IncidentDetailOut, summary="Propose a change to production")
@requires("incident.respond")
def propose(request: HttpRequest, incident: Name, body: ChangeIn) -> IncidentDetailOut:
    """Whoever is in charge approves it; one's own is approved when one is in charge oneself."""
    found = incident_id(request, incident)
    change_actions.propose(
        incident_id=found,
        draft=ChangeDraft(**body.model_dump()),
        actor=caller(request).actor,
        ways=wired().ways(),
        now=now_of(request),
    )
    return detail_out(request, found)


@router.post("/{incident}/changes/{number}", response=IncidentDetailOut, summary="Approve, decline, apply a change")
@requires("incident.respond")
def change(request: HttpRequest, incident: Name, number: Number, body: VerbIn) -> IncidentDetailOut:
    found, who, now = incident_id(request, incident), caller(request).actor, now_of(request)
    if body.do in ("approve", "decline"):
        approved = body.do == "approve"
        change_actions.decide(incident_id=found, number=number, approved=approved, why=body.text, actor=who, now=now)
    elif body.do == "apply":
        change_actions.apply_change(incident_id=found, number=number, actor=who, now=now)
    elif body.do == "roll-back":
        change_actions.roll_back(incident_id=found, number=number, actor=who, now=now)
    elif not body.outcome:
        raise ChangeRefused("outcome", "say what came of it: helped, no-effect or worse")
    else:
        change_actions.observe(
            incident_id=found, number=number, outcome=body.outcome, effect=body.text, actor=who, now=now
        )
    return detail_out(request, found)
