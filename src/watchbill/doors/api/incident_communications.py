"""What an incident owes to whom, and what is said: drafts, their approval, their publication, their letters."""

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from watchbill.domain.communications import publishing, reads, statement_actions
from watchbill.domain.communications.models import UNPUBLISHED, Letter, Statement
from watchbill.domain.communications.proposals import proposed
from watchbill.domain.communications.reads import PlanLine
from watchbill.domain.communications.statement_actions import Text as StatementText
from watchbill.domain.communications.told_actions import note_told
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.reads import visible_to
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.incident_out import incident_id, viewer_of
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Instant, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired

router = Router(tags=["communication"])

Why = Annotated[Text, Field(max_length=1000)]
Body = Annotated[str, Field(max_length=10_000)]


class StatementOut(Output):
    """`revision`: name it again when you change, approve or publish, so that nothing goes out that you did not read.

    `elsewhere`: they were told by other means, and nothing was sent.
    """

    id: UUID
    item: str
    audience: str
    moment: str
    subject: str
    body: str
    status: str
    components: dict[str, str]
    state: str
    revision: int
    drafted_at: InstantOut
    drafted_by: str
    decided_at: InstantOut | None
    decided_by: str
    why: str
    published_at: InstantOut | None
    published_by: str
    sent_to: int
    elsewhere: bool


class LetterOut(Output):
    """`state`: queued, sending, sent, failed, or unsure when it may have arrived. `reason`: the mail server's words."""

    address: str
    name: str
    why: str
    state: str
    tries: int
    reason: str
    settled_at: InstantOut | None


class ItemOut(Output):
    """`need`: owed, due, overdue, told, undecided or not-needed; `why` says because of what."""

    item: str
    label: str
    audience: str
    need: str
    why: str
    due_at: InstantOut | None
    told_at: InstantOut | None
    draft: StatementOut | None
    last: StatementOut | None


class PlanOut(Output):
    owed: str
    customer_facing: bool | None
    a_customer_asked: bool
    items: list[ItemOut]


class StatementDetailOut(Output):
    """`goes_to`: for a draft, whom it would reach now. `letters` of customers only for whom may read their contacts."""

    statement: StatementOut
    goes_to: str
    letters: list[LetterOut]


class ProposalOut(Output):
    moment: str
    subject: str
    body: str
    status: str
    components: dict[str, str]


class AskedIn(Input):
    asked: bool = True
    who: Annotated[Text, Field(max_length=300)] = ""


class DraftIn(Input):
    """Left empty, subject and body come from the template. `status` and `components` are for the status page."""

    subject: Annotated[Text, Field(max_length=200)] = ""
    body: Body = ""
    moment: Literal["", "first", "update", "resolved", "back"] = ""
    status: Text = ""
    components: dict[str, str] | None = None
    revision: int | None = None


class DoIn(Input):
    """`do`: publish, ask (for approval), approve, decline (with `why`), discard, or send-again what failed."""

    do: Literal["publish", "ask", "approve", "decline", "discard", "send-again"]
    why: Why = ""
    revision: int | None = None


class ToldIn(Input):
    """`how`: by what means they were told, and what. `at`: left out, just now."""

    how: Body
    at: Instant | None = None


class DecideIn(Input):
    approved: bool
    why: Why = ""
    revision: int | None = None


class MomentQuery(Input):
    moment: Literal["", "first", "update", "resolved", "back"] = ""


@router.get("/{incident}/communications", response=PlanOut, summary="Read what an incident owes to whom")
@requires("incident.read")
def owed(request: HttpRequest, incident: Name) -> PlanOut:
    return _plan(request, _incident(request, incident))


@router.put("/{incident}/communications/asked", response=PlanOut, summary="Say whether a customer asked")
@requires("incident.respond")
def asked(request: HttpRequest, incident: Name, body: AskedIn) -> PlanOut:
    found = _incident(request, incident)
    statement_actions.note_inquiry(
        incident_id=found.id, asked=body.asked, who=body.who, actor=caller(request).actor, now=now_of(request)
    )
    return _plan(request, found)


@router.get("/{incident}/communications/{item}", response=StatementDetailOut, summary="Read a draft, or what went out")
@requires("incident.read")
def statement(request: HttpRequest, incident: Name, item: Name) -> StatementDetailOut:
    """The draft if there is one, otherwise what was published last, with the fate of each letter."""
    found = _incident(request, incident)
    return _detail(request, found, _held(found, item))


@router.get(
    "/{incident}/communications/{item}/proposal", response=ProposalOut, summary="Read what the template makes of it"
)
@requires("incident.respond")
def proposal(request: HttpRequest, incident: Name, item: Name, asked: Query[MomentQuery]) -> ProposalOut:
    found, now = _incident(request, incident), now_of(request)
    planned = reads.plan_item(found, item, now=now)
    moment = asked.moment or planned.moment
    text = proposed(found, planned, moment=moment, base_url=wired().base_url, now=now)
    return ProposalOut(
        moment=moment, subject=text.subject, body=text.body, status=text.status, components=text.components
    )


@router.put("/{incident}/communications/{item}", response=StatementDetailOut, summary="Draft a statement, or change it")
@requires("incident.respond")
def draft(request: HttpRequest, incident: Name, item: Name, body: DraftIn) -> StatementDetailOut:
    """`item` of the plan, or an audience. A changed text has to be approved again."""
    found, now = _incident(request, incident), now_of(request)
    planned = reads.plan_item(found, item, now=now)
    otherwise = proposed(found, planned, moment=body.moment or planned.moment, base_url=wired().base_url, now=now)
    text = StatementText(
        subject=body.subject or otherwise.subject,
        body=body.body or otherwise.body,
        status=body.status or otherwise.status,
        components=otherwise.components if body.components is None else body.components,
    )
    made = statement_actions.save_draft(
        incident_id=found.id,
        item=item,
        text=text,
        moment=body.moment,
        revision=body.revision,
        actor=caller(request).actor,
        now=now,
    )
    return _detail(request, found, made)


@router.post("/{incident}/communications/{item}", response=StatementDetailOut, summary="Publish, approve, discard it")
@requires("incident.respond")
def act(request: HttpRequest, incident: Name, item: Name, body: DoIn) -> StatementDetailOut:
    found, who, now = _incident(request, incident), caller(request).actor, now_of(request)
    held, ways = _held(found, item), wired().ways()
    if body.do == "publish":
        publishing.publish(
            incident_id=found.id, statement_id=held.id, revision=body.revision, actor=who, ways=ways, now=now
        )
    elif body.do == "ask":
        statement_actions.ask_approval(
            incident_id=found.id, statement_id=held.id, revision=body.revision, actor=who, ways=ways, now=now
        )
    elif body.do == "discard":
        statement_actions.discard(incident_id=found.id, statement_id=held.id, actor=who, now=now)
    elif body.do == "send-again":
        publishing.send_again(incident_id=found.id, statement_id=held.id, actor=who, now=now)
    else:
        _decide(request, found, held, approved=body.do == "approve", why=body.why, revision=body.revision)
    return _detail(request, found, reads.statement(found, held.id) or held)


@router.post(
    "/{incident}/communications/{item}/decision", response=StatementDetailOut, summary="Approve or decline a statement"
)
@requires("communication.approve")
def decide(request: HttpRequest, incident: Name, item: Name, body: DecideIn) -> StatementDetailOut:
    """For those who are asked and do not work on incidents, too."""
    found = _incident(request, incident)
    held = _held(found, item)
    _decide(request, found, held, approved=body.approved, why=body.why, revision=body.revision)
    return _detail(request, found, reads.statement(found, held.id) or held)


@router.post(
    "/{incident}/communications/{item}/told", response=StatementDetailOut, summary="Note that they were told otherwise"
)
@requires("incident.respond")
def told(request: HttpRequest, incident: Name, item: Name, body: ToldIn) -> StatementDetailOut:
    """By telephone, for instance: nothing is sent, and the plan counts it."""
    found = _incident(request, incident)
    noted = note_told(
        incident_id=found.id, item=item, how=body.how, at=body.at, actor=caller(request).actor, now=now_of(request)
    )
    return _detail(request, found, noted)


def _decide(
    request: HttpRequest, found: Incident, held: Statement, *, approved: bool, why: str, revision: int | None
) -> None:
    statement_actions.decide(
        incident_id=found.id,
        statement_id=held.id,
        approved=approved,
        why=why,
        revision=revision,
        actor=caller(request).actor,
        ways=wired().ways(),
        now=now_of(request),
    )


def _incident(request: HttpRequest, text: str) -> Incident:
    return visible_to(viewer_of(request)).get(id=incident_id(request, text))


def _held(found: Incident, item: str) -> Statement:
    held = reads.statement_of_item(found, item)
    if held is None:
        raise NotFound(f"Nothing was written for {item!r} in this incident yet.")
    return held


def _plan(request: HttpRequest, found: Incident) -> PlanOut:
    plan = reads.plan_of(found, now=now_of(request))
    return PlanOut(
        owed=plan.owed_words,
        customer_facing=found.customer_facing,
        a_customer_asked=plan.inquiry is not None,
        items=[_item(line) for line in plan.lines],
    )


def _item(line: PlanLine) -> ItemOut:
    one = line.plan
    return ItemOut(
        item=one.item,
        label=one.label,
        audience=one.audience,
        need=one.need.value,
        why=one.why,
        due_at=one.due_at,
        told_at=one.told_at,
        draft=_statement(line.draft) if line.draft is not None else None,
        last=_statement(line.last) if line.last is not None else None,
    )


def _detail(request: HttpRequest, found: Incident, held: Statement) -> StatementDetailOut:
    goes_to = ""
    if held.state in UNPUBLISHED:
        reach = publishing.reach_of(found, held.audience, ways=wired().ways(), now=now_of(request))
        goes_to = reach.words
    may_see = held.audience != "customers" or caller(request).may("customer_contact.read").allowed
    letters = [_letter(one) for one in reads.letters_of(held)] if may_see else []
    return StatementDetailOut(statement=_statement(held), goes_to=goes_to, letters=letters)


def _statement(held: Statement) -> StatementOut:
    return StatementOut(
        id=held.id,
        item=held.item,
        audience=held.audience,
        moment=held.moment,
        subject=held.subject,
        body=held.body,
        status=held.status,
        components=held.components,
        state=held.state,
        revision=held.revision,
        drafted_at=held.drafted_at,
        drafted_by=held.drafted_by,
        decided_at=held.decided_at,
        decided_by=held.decided_by,
        why=held.why,
        published_at=held.published_at,
        published_by=held.published_by,
        sent_to=held.sent_to,
        elsewhere=held.elsewhere,
    )


def _letter(one: Letter) -> LetterOut:
    return LetterOut(
        address=one.address,
        name=one.name,
        why=one.why,
        state=one.state,
        tries=one.tries,
        reason=one.reason,
        settled_at=one.settled_at,
    )
