"""What an incident owes to whom: the plan, writing a statement, and the page on which it is approved and published."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.communications import publishing, reads, statement_actions
from watchbill.domain.communications.approval import approvers_of
from watchbill.domain.communications.models import UNPUBLISHED, Audience, Moment, Statement, StatementState
from watchbill.domain.communications.proposals import proposed
from watchbill.domain.communications.public_part import STATUSES, component_choices
from watchbill.domain.communications.rules import PlanItem
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.communications.template_rules import BODY_MAX, SUBJECT_MAX
from watchbill.domain.communications.told_actions import note_told
from watchbill.domain.incidents.models import NEVER_WAS, Incident
from watchbill.domain.incidents.process_followed import severity_in
from watchbill.domain.incidents.reads import visible_to
from watchbill.domain.status_page.models import ComponentState
from watchbill.doors.web.forms import posted, posted_instant
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id, zone_of
from watchbill.doors.web.screens.incident_parts import incident_id
from watchbill.doors.web.screens.incident_public import posted_text, public_side, uncovered
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused, Unknown

_PEOPLE_SHOWN = 200


@requires("incident.read")
def communication_page(request: HttpRequest, number: int) -> HttpResponse:
    return _plan(request, incident_of(request, number))


def _plan(request: HttpRequest, incident: Incident, *, refused: ChangeRefused | None = None) -> HttpResponse:
    return show(
        request,
        "incidents/communication.html",
        {
            **_frame(request, incident),
            "plan": reads.plan_of(incident, now=now_of(request)),
            "refused": refused,
            "typed": request.POST if refused else {},
        },
        status=422 if refused else 200,
    )


@require_POST
@requires("incident.respond")
def asked(request: HttpRequest, number: int) -> HttpResponse:
    statement_actions.note_inquiry(
        incident_id=incident_of(request, number).id,
        asked=posted(request, "asked") == "yes",
        who=posted(request, "who"),
        actor=actor_of(request),
        now=now_of(request),
    )
    messages.success(request, "Noted. What is owed follows from it.")
    return HttpResponseRedirect(f"/incidents/{number}/communication")


@require_POST
@requires("incident.respond")
def told(request: HttpRequest, number: int) -> HttpResponse:
    """By telephone, for instance. A refusal shows the plan again with what was typed."""
    incident = incident_of(request, number)
    try:
        noted = note_told(
            incident_id=incident.id,
            item=posted(request, "item"),
            how=posted(request, "how"),
            at=posted_instant(request, "at", zone=zone_of(request)) if posted(request, "at") else None,
            actor=actor_of(request),
            now=now_of(request),
        )
    except ChangeRefused as refused:
        return _plan(request, incident, refused=refused)
    messages.success(request, f"Noted: {noted.label[:1].lower()}{noted.label[1:]}, told by other means.")
    return HttpResponseRedirect(f"/incidents/{number}/communication")


@requires("incident.respond")
def write(request: HttpRequest, number: int, item: str) -> HttpResponse:
    """The draft that is there, or the template filled from the record; saved when it is looked at as a whole."""
    incident = incident_of(request, number)
    planned = _planned(request, incident, item)
    if request.method != "POST":
        return _editor(request, incident, planned)
    try:
        draft = statement_actions.save_draft(
            incident_id=incident.id,
            item=item,
            text=posted_text(request),
            revision=_revision(request),
            moment=posted(request, "moment"),
            actor=actor_of(request),
            now=now_of(request),
        )
    except ChangeRefused as refused:
        return _editor(request, incident, planned, refused=refused)
    return HttpResponseRedirect(f"/incidents/{number}/communication/{draft.id}")


def _editor(
    request: HttpRequest, incident: Incident, planned: PlanItem, *, refused: ChangeRefused | None = None
) -> HttpResponse:
    held = reads.statement_of_item(incident, planned.item)
    draft = held if held is not None and held.state in UNPUBLISHED else None
    again = request.GET.get("moment", "")
    moment = posted(request, "moment") or again or (draft.moment if draft is not None else planned.moment)
    if moment not in Moment.values:
        raise Http404("There is no such moment.")
    text = _text(request, incident, planned, draft, moment=moment, from_template=bool(again))
    choices = component_choices(incident, text.components, moment=moment) if planned.audience == Audience.PUBLIC else []
    return show(
        request,
        "incidents/communication_write.html",
        {
            **_frame(request, incident),
            "planned": planned,
            "draft": draft,
            "moment": moment,
            "moments": Moment.choices,
            "text": text,
            "subject_max": SUBJECT_MAX,
            "body_max": BODY_MAX,
            "statuses": [(one.value, one.label) for one in STATUSES],
            "components": choices,
            **uncovered(request, incident, planned.audience),
            "states": ComponentState.choices,
            "revision": posted(request, "revision") if refused else draft.revision if draft is not None else "",
            "refused": refused,
        },
        status=422 if refused else 200,
    )


def _text(
    request: HttpRequest,
    incident: Incident,
    planned: PlanItem,
    draft: Statement | None,
    *,
    moment: str,
    from_template: bool,
) -> Text:
    if request.method == "POST":
        return posted_text(request)
    if draft is not None and not from_template:
        return Text(subject=draft.subject, body=draft.body, status=draft.status, components=draft.components)
    return proposed(incident, planned, moment=moment, base_url=wired().base_url, now=now_of(request))


@requires("incident.read")
def statement_page(request: HttpRequest, number: int, statement_id: UUID) -> HttpResponse:
    return _statement(request, number, statement_id)


@require_POST
@requires("incident.respond")
def act(request: HttpRequest, number: int, statement_id: UUID, verb: str) -> HttpResponse:
    return _act(request, number, statement_id, VERBS[verb])


@require_POST
@requires("communication.approve")
def decide(request: HttpRequest, number: int, statement_id: UUID, verb: str) -> HttpResponse:
    """Whoever is asked need not be somebody who works on incidents."""
    return _act(request, number, statement_id, DECISIONS[verb])


# Takes the request, the incident and the statement's id; what it answers stands above the page afterwards.
Verb = Callable[[HttpRequest, Incident, UUID], str]


def _act(request: HttpRequest, number: int, statement_id: UUID, verb: Verb) -> HttpResponse:
    incident = incident_of(request, number)
    try:
        told = verb(request, incident, statement_id)
    except Unknown as unknown:
        raise Http404(unknown.reason) from unknown
    except ChangeRefused as refused:
        return _statement(request, number, statement_id, refused=refused)
    messages.success(request, told)
    return HttpResponseRedirect(f"/incidents/{number}/communication/{statement_id}")


def _publish(request: HttpRequest, incident: Incident, statement_id: UUID) -> str:
    done = publishing.publish(
        incident_id=incident.id,
        statement_id=statement_id,
        revision=_revision(request),
        actor=actor_of(request),
        ways=wired().ways(),
        now=now_of(request),
    )
    if incident.drill:
        return "Recorded. It is a drill: nothing left but what stands below."
    if done.audience == Audience.PUBLIC:
        return "Published on the status page."
    if not done.sent_to:
        return "Published on this page. Nobody is mailed."
    return f"Published. Letters on their way: {done.sent_to}."


def _ask(request: HttpRequest, incident: Incident, statement_id: UUID) -> str:
    asked = statement_actions.ask_approval(
        incident_id=incident.id,
        statement_id=statement_id,
        revision=_revision(request),
        actor=actor_of(request),
        ways=wired().ways(),
        now=now_of(request),
    )
    return "Asked. They were told." if asked.state == StatementState.WAITING else "Approved by your own word."


def _discard(request: HttpRequest, incident: Incident, statement_id: UUID) -> str:
    statement_actions.discard(
        incident_id=incident.id, statement_id=statement_id, actor=actor_of(request), now=now_of(request)
    )
    return "Discarded. Nothing went out."


def _again(request: HttpRequest, incident: Incident, statement_id: UUID) -> str:
    count = publishing.send_again(
        incident_id=incident.id, statement_id=statement_id, actor=actor_of(request), now=now_of(request)
    )
    return f"{count} on their way once more."


def _approve(request: HttpRequest, incident: Incident, statement_id: UUID) -> str:
    _decided(request, incident, statement_id, approved=True)
    return "Approved. It can be published now."


def _decline(request: HttpRequest, incident: Incident, statement_id: UUID) -> str:
    _decided(request, incident, statement_id, approved=False)
    return "Declined. Whoever wrote it reads your reason here."


def _decided(request: HttpRequest, incident: Incident, statement_id: UUID, *, approved: bool) -> None:
    statement_actions.decide(
        incident_id=incident.id,
        statement_id=statement_id,
        approved=approved,
        why=posted(request, "why"),
        revision=_revision(request),
        actor=actor_of(request),
        ways=wired().ways(),
        now=now_of(request),
    )


VERBS: Mapping[str, Verb] = {"publish": _publish, "ask": _ask, "discard": _discard, "send-again": _again}
DECISIONS: Mapping[str, Verb] = {"approve": _approve, "decline": _decline}


def _statement(
    request: HttpRequest, number: int, statement_id: UUID, *, refused: ChangeRefused | None = None
) -> HttpResponse:
    incident, now, ways = incident_of(request, number), now_of(request), wired().ways()
    held = reads.statement(incident, statement_id)
    if held is None:
        raise Http404("This incident has no such statement.")
    is_open = held.state in UNPUBLISHED
    who = approvers_of(incident, held.audience, ways=ways, now=now)
    reach = publishing.reach_of(incident, held.audience, ways=ways, now=now) if is_open else None
    names = {str(one.id): one.name for one in component_choices(incident, {}, moment=held.moment)}
    counts = reads.letter_counts(held)
    return show(
        request,
        "incidents/communication_statement.html",
        {
            **_frame(request, incident),
            "held": held,
            "is_open": is_open,
            "who": who,
            "needs_approval": bool(who.role)
            and held.state != StatementState.APPROVED
            and not who.include(actor_of(request)),
            "may_decide": is_open and bool(who.role) and who.include(actor_of(request)),
            "reach": reach,
            "reaches_nobody": reach is not None and publishing.reaches_nobody(held, reach),
            **public_side(request, held, is_open=is_open),
            "people": reach.people[:_PEOPLE_SHOWN] if reach is not None and _may_see_people(request, held) else (),
            "components": [
                (names.get(one, one), ComponentState(state).label) for one, state in held.components.items()
            ],
            "status_label": {one.value: one.label for one in STATUSES}.get(held.status, ""),
            "letters": reads.letters_of(held) if _may_see_people(request, held) else [],
            "counts": counts,
            "under_way": counts.get("queued", 0) + counts.get("sending", 0),
            "troubled": counts.get("failed", 0) + counts.get("unsure", 0),
            "can_mail": wired().can_mail() or held.audience == Audience.PUBLIC,
            "refused": refused,
            "typed": request.POST if refused else {},
        },
        status=422 if refused else 200,
    )


def _may_see_people(request: HttpRequest, held: Statement) -> bool:
    return held.audience != Audience.CUSTOMERS or caller(request).may("customer_contact.read").allowed


def _frame(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident,
        "severity": severity_in(incident),
        "tab": "communication",
        "may_respond": caller(request).may("incident.respond").allowed and incident.state not in NEVER_WAS,
        "since": stamp_of(now_of(request)),
    }


def incident_of(request: HttpRequest, number: int) -> Incident:
    """Raises Http404 for one that is not there, or not for this person."""
    return visible_to(viewer_id(request)).get(id=incident_id(request, number))


def _planned(request: HttpRequest, incident: Incident, item: str) -> PlanItem:
    try:
        return reads.plan_item(incident, item, now=now_of(request))
    except Unknown as unknown:
        raise Http404(unknown.reason) from unknown


def _revision(request: HttpRequest) -> int | None:
    text = posted(request, "revision")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None
