"""What those who work on an incident do to it."""

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from watchbill.domain.incidents import actions, ending_actions, role_actions, room_actions, workflow_actions
from watchbill.domain.incidents.process_followed import answered_words
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.incident_out import IncidentDetailOut, detail_out, incident_id, person_id
from watchbill.doors.api.values import Input, Instant, Name, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

router = Router(tags=["incidents"])

Reason = Annotated[Text, Field(max_length=1000)]
Written = Annotated[Text, Field(min_length=1, max_length=5000)]


class SeverityIn(Input):
    severity: Name
    reason: Reason = ""


class ReasonIn(Input):
    reason: Reason = ""


class TierIn(Input):
    tier: Annotated[int, Field(ge=1, le=99)]
    reason: Reason


class RoleIn(Input):
    """`do`: take it oneself, offer it to `person`, decline an offer, hand it over to `person` with a `summary`, or take
    it over from somebody who does not answer, with a `reason`."""

    role: Name
    do: Literal["take", "offer", "decline", "hand-over", "take-over"] = "take"
    person: Text = ""
    summary: Text = ""
    reason: Text = ""


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


class AnsweredOut(IncidentDetailOut):
    """`answer`: what it caused, in words."""

    answer: str


@router.post("/{incident}/acknowledge", response=AnsweredOut, summary="Say that you are on it")
@requires("incident.respond")
def acknowledge(request: HttpRequest, incident: Name) -> AnsweredOut:
    """Your pages stop, those of the others go on."""
    found, actor = incident_id(request, incident), caller(request).actor
    answered = actions.acknowledge(incident_id=found, actor=actor, now=now_of(request))
    words = answered_words(answered, person_id=actor.id)
    return AnsweredOut(**dict(detail_out(request, found)), answer=words)


@router.post("/{incident}/severity", response=IncidentDetailOut, summary="Change the severity of an incident")
@requires("incident.respond")
def severity(request: HttpRequest, incident: Name, body: SeverityIn) -> IncidentDetailOut:
    """The ladder counts from the declaration: who is due already is paged once, nobody twice for the same."""
    found = incident_id(request, incident)
    actions.change_severity(
        incident_id=found,
        severity=body.severity,
        reason=body.reason,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return detail_out(request, found)


@router.post("/{incident}/room", response=IncidentDetailOut, summary="Open the war room and offer the roles")
@requires("incident.respond")
def room(request: HttpRequest, incident: Name) -> IncidentDetailOut:
    found = incident_id(request, incident)
    actions.open_room(incident_id=found, actor=caller(request).actor, ways=wired().ways(), now=now_of(request))
    return detail_out(request, found)


@router.post("/{incident}/tier", response=IncidentDetailOut, summary="Escalate an incident to a tier")
@requires("incident.respond")
def tier(request: HttpRequest, incident: Name, body: TierIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    actions.escalate_to_tier(
        incident_id=found,
        tier=body.tier,
        reason=body.reason,
        actor=caller(request).actor,
        ways=wired().ways(),
        now=now_of(request),
    )
    return detail_out(request, found)


@router.post("/{incident}/roles", response=IncidentDetailOut, summary="Take, offer, decline or hand over a role")
@requires("incident.respond")
def roles(request: HttpRequest, incident: Name, body: RoleIn) -> IncidentDetailOut:
    found, who, now = incident_id(request, incident), caller(request).actor, now_of(request)
    if body.do == "take":
        role_actions.take(incident_id=found, role=body.role, actor=who, now=now)
    elif body.do == "take-over":
        role_actions.take_over(
            incident_id=found, role=body.role, reason=body.reason, actor=who, ways=wired().ways(), now=now
        )
    elif body.do == "decline":
        role_actions.decline(incident_id=found, role=body.role, actor=who, ways=wired().ways(), now=now)
    elif body.do == "offer":
        role_actions.offer(
            incident_id=found,
            role=body.role,
            user_id=person_id(body.person, field="person"),
            actor=who,
            ways=wired().ways(),
            now=now,
        )
    else:
        role_actions.hand_over(
            incident_id=found,
            role=body.role,
            to=person_id(body.person, field="person"),
            summary=body.summary,
            actor=who,
            ways=wired().ways(),
            now=now,
        )
    return detail_out(request, found)


@router.post("/{incident}/steps", response=IncidentDetailOut, summary="Say that a step of the workflow is done")
@requires("incident.respond")
def steps(request: HttpRequest, incident: Name, body: StepIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    workflow_actions.tick_step(
        incident_id=found,
        step=body.step,
        done=body.done,
        evidence=body.evidence,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return detail_out(request, found)


@router.post("/{incident}/timeline", response=IncidentDetailOut, summary="Write to the room, or add to the timeline")
@requires("incident.respond")
def timeline(request: HttpRequest, incident: Name, body: EntryIn) -> IncidentDetailOut:
    found, who, now = incident_id(request, incident), caller(request).actor, now_of(request)
    if body.at is not None and body.thread is not None:
        raise ChangeRefused("thread", "an entry for the past stands in no thread; leave out one of the two")
    if body.at is not None:
        room_actions.note(incident_id=found, text=body.text, at=body.at, actor=who, now=now)
    else:
        room_actions.write(incident_id=found, text=body.text, thread=body.thread, actor=who, now=now)
    return detail_out(request, found)


@router.put("/{incident}/timeline/{entry}", response=IncidentDetailOut, summary="Correct what you wrote")
@requires("incident.respond")
def correct(request: HttpRequest, incident: Name, entry: UUID, body: CorrectionIn) -> IncidentDetailOut:
    """What stood there before stays in the audit record."""
    found = incident_id(request, incident)
    room_actions.correct(
        incident_id=found, post_id=entry, text=body.text, actor=caller(request).actor, now=now_of(request)
    )
    return detail_out(request, found)


@router.post("/{incident}/timeline/{entry}/pin", response=IncidentDetailOut, summary="Pin or unpin a message")
@requires("incident.respond")
def pin(request: HttpRequest, incident: Name, entry: UUID, body: PinIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    room_actions.pin(
        incident_id=found, post_id=entry, pinned=body.pinned, actor=caller(request).actor, now=now_of(request)
    )
    return detail_out(request, found)


@router.post("/{incident}/updates", response=IncidentDetailOut, summary="Post a status update")
@requires("incident.respond")
def updates(request: HttpRequest, incident: Name, body: UpdateIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    room_actions.post_update(incident_id=found, text=body.text, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.post("/{incident}/mitigate", response=IncidentDetailOut, summary="Say that customers are no longer harmed")
@requires("incident.respond")
def mitigate(request: HttpRequest, incident: Name) -> IncidentDetailOut:
    found = incident_id(request, incident)
    ending_actions.mitigate(incident_id=found, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.post("/{incident}/not-mitigated", response=IncidentDetailOut, summary="Say that it is back")
@requires("incident.respond")
def not_mitigated(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    ending_actions.not_mitigated(
        incident_id=found, reason=body.reason, actor=caller(request).actor, now=now_of(request)
    )
    return detail_out(request, found)


@router.post("/{incident}/resolve", response=IncidentDetailOut, summary="Resolve an incident")
@requires("incident.respond")
def resolve(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    """`reason` passes over what is not done yet; only whoever is in charge may."""
    found = incident_id(request, incident)
    ending_actions.resolve(incident_id=found, pass_over=body.reason, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.post("/{incident}/reopen", response=IncidentDetailOut, summary="Reopen an incident")
@requires("incident.respond")
def reopen(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    ending_actions.reopen(incident_id=found, reason=body.reason, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.post("/{incident}/close", response=IncidentDetailOut, summary="Close an incident")
@requires("incident.respond")
def close(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    """`reason` passes over what is not done yet; only whoever is in charge may."""
    found = incident_id(request, incident)
    ending_actions.close(incident_id=found, pass_over=body.reason, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.post("/{incident}/cancel", response=IncidentDetailOut, summary="Say that it is no incident after all")
@requires("incident.respond")
def cancel(request: HttpRequest, incident: Name, body: ReasonIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    ending_actions.cancel(incident_id=found, reason=body.reason, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


@router.post("/{incident}/merge", response=IncidentDetailOut, summary="Merge a duplicate into another incident")
@requires("incident.respond")
def merge(request: HttpRequest, incident: Name, body: MergeIn) -> IncidentDetailOut:
    """Answers the one that stays."""
    other = ending_actions.merge(
        incident_id=incident_id(request, incident),
        into=incident_id(request, body.into),
        actor=caller(request).actor,
        ways=wired().ways(),
        now=now_of(request),
    )
    return detail_out(request, other.id)


@router.post("/{incident}/insiders", response=IncidentDetailOut, summary="Let somebody see a restricted incident")
@requires("incident.respond")
def insiders(request: HttpRequest, incident: Name, body: InsiderIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    actions.add_insider(
        incident_id=found,
        user_id=person_id(body.person, field="person"),
        actor=caller(request).actor,
        now=now_of(request),
    )
    return detail_out(request, found)
