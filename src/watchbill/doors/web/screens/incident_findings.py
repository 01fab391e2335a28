"""What is found out about an incident, and the changes to production that are made for it."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.incidents import assess_actions, change_actions, follow_up_actions
from watchbill.domain.incidents.assess_actions import MOMENTS, ImpactDraft
from watchbill.domain.incidents.change_actions import ChangeDraft
from watchbill.domain.incidents.models import NEVER_WAS, UNRESOLVED, Incident, IncidentState
from watchbill.domain.incidents.related_reads import may_be_affected
from watchbill.domain.services.models import Service
from watchbill.doors.web.forms import local_input, posted, posted_id, posted_instant, required_id
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.incident_room import responders
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id, zone_of
from watchbill.doors.web.screens.incident_parts import detail_of, incident_id
from watchbill.doors.web.wiring import wired
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused

_FACING = {"yes": True, "no": False}


@requires("incident.read")
def findings_page(request: HttpRequest, number: int) -> HttpResponse:
    return _page(request, number)


@require_POST
@requires("incident.respond")
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """A refused change shows the page again with what was typed, the reason above it."""
    try:
        told = VERBS[verb](request, incident_id(request, number))
    except ChangeRefused as refused:
        if posted(request, "back"):
            messages.error(request, f"Not done. {refused.reason[:1].upper()}{refused.reason[1:]}")
            return HttpResponseRedirect(_back(request, number) or f"/incidents/{number}")
        return _page(request, number, refused=refused, verb=verb)
    messages.success(request, told)
    if verb == "facing":
        return HttpResponseRedirect(f"/incidents/{number}/communication")
    return HttpResponseRedirect(_back(request, number) or f"/incidents/{number}/findings#{verb.partition('-')[0]}")


def _back(request: HttpRequest, number: int) -> str:
    """Where it was decided; the page of the findings otherwise."""
    return {"room": f"/incidents/{number}", "now": "/"}.get(posted(request, "back"), "")


def _impact(request: HttpRequest, found: UUID) -> str:
    draft = ImpactDraft(
        customer_impact=posted(request, "customer_impact"),
        customers_affected=posted(request, "customers_affected"),
        customer_facing=_FACING.get(posted(request, "customer_facing")),
    )
    assess_actions.set_impact(incident_id=found, draft=draft, actor=actor_of(request), now=now_of(request))
    return "Saved. It stands on the timeline."


def _facing(request: HttpRequest, found: UUID) -> str:
    """The one question, from where it decides what is owed; the words beside it stay."""
    assess_actions.set_customer_facing(
        incident_id=found,
        customer_facing=_FACING.get(posted(request, "customer_facing")),
        actor=actor_of(request),
        now=now_of(request),
    )
    return "Saved. It stands on the timeline."


def _affected(request: HttpRequest, found: UUID) -> str:
    ids = {one for text in request.POST.getlist("services") if (one := uuid_in(text)) is not None}
    assess_actions.set_affected(incident_id=found, service_ids=ids, actor=actor_of(request), now=now_of(request))
    return "Saved. It stands on the timeline."


def _also_affected(request: HttpRequest, found: UUID) -> str:
    assess_actions.add_affected(
        incident_id=found, service_id=required_id(request, "service"), actor=actor_of(request), now=now_of(request)
    )
    return "Named as affected. It stands on the timeline."


def _think(request: HttpRequest, found: UUID) -> str:
    assess_actions.think(incident_id=found, text=posted(request, "text"), actor=actor_of(request), now=now_of(request))
    return "Noted. Confirm it or rule it out when more is known."


def _settle(request: HttpRequest, found: UUID) -> str:
    assess_actions.settle(
        incident_id=found,
        hypothesis_id=required_id(request, "hypothesis"),
        state=posted(request, "state"),
        why=posted(request, "why"),
        actor=actor_of(request),
        now=now_of(request),
    )
    return "Noted."


def _moment(request: HttpRequest, found: UUID) -> str:
    at = posted_instant(request, "at", zone=zone_of(request)) if posted(request, "at").strip() else None
    assess_actions.set_moment(
        incident_id=found,
        moment=posted(request, "moment"),
        at=at,
        reason=posted(request, "reason"),
        actor=actor_of(request),
        now=now_of(request),
    )
    return "Corrected. The former time stays in the record."


def _follow_up(request: HttpRequest, found: UUID) -> str:
    due = posted_instant(request, "due", zone=zone_of(request)) if posted(request, "due").strip() else None
    follow_up_actions.add_follow_up(
        incident_id=found,
        text=posted(request, "text"),
        owner_id=posted_id(request, "owner"),
        due=due,
        actor=actor_of(request),
        now=now_of(request),
    )
    return "Noted."


def _follow_up_settle(request: HttpRequest, found: UUID) -> str:
    follow_up_actions.settle_follow_up(
        incident_id=found,
        follow_up_id=required_id(request, "follow_up"),
        state=posted(request, "state"),
        why=posted(request, "why"),
        actor=actor_of(request),
        now=now_of(request),
    )
    return "Noted."


def _propose(request: HttpRequest, found: UUID) -> str:
    draft = ChangeDraft(
        what=posted(request, "what"), where=posted(request, "where"), rollback=posted(request, "rollback")
    )
    change = change_actions.propose(
        incident_id=found, draft=draft, actor=actor_of(request), ways=wired().ways(), now=now_of(request)
    )
    if change.decided_at is not None:
        return f"Change {change.number} is approved, because you are in charge. Say when it is applied."
    return f"Change {change.number} waits for approval; whoever is in charge was told."


def _approve(request: HttpRequest, found: UUID) -> str:
    return _decided(request, found, approved=True)


def _decline(request: HttpRequest, found: UUID) -> str:
    return _decided(request, found, approved=False)


def _decided(request: HttpRequest, found: UUID, *, approved: bool) -> str:
    change_actions.decide(
        incident_id=found,
        number=_number(request),
        approved=approved,
        why=posted(request, "why"),
        actor=actor_of(request),
        now=now_of(request),
    )
    return "Approved." if approved else "Declined."


def _apply(request: HttpRequest, found: UUID) -> str:
    change_actions.apply_change(
        incident_id=found, number=_number(request), actor=actor_of(request), now=now_of(request)
    )
    return "Noted as applied just now. Say what came of it."


def _observe(request: HttpRequest, found: UUID) -> str:
    change_actions.observe(
        incident_id=found,
        number=_number(request),
        outcome=posted(request, "outcome"),
        effect=posted(request, "effect"),
        actor=actor_of(request),
        now=now_of(request),
    )
    return "Noted. Roll it back now." if posted(request, "outcome") == "worse" else "Noted."


def _roll_back(request: HttpRequest, found: UUID) -> str:
    change_actions.roll_back(incident_id=found, number=_number(request), actor=actor_of(request), now=now_of(request))
    return "Noted as rolled back just now."


VERBS: Mapping[str, Callable[[HttpRequest, UUID], str]] = {
    "impact": _impact,
    "facing": _facing,
    "affected": _affected,
    "affected-add": _also_affected,
    "hypotheses": _think,
    "hypotheses-settle": _settle,
    "moments": _moment,
    "follow": _follow_up,
    "follow-settle": _follow_up_settle,
    "changes": _propose,
    "changes-approve": _approve,
    "changes-decline": _decline,
    "changes-apply": _apply,
    "changes-observe": _observe,
    "changes-roll-back": _roll_back,
}


def _page(request: HttpRequest, number: int, *, refused: ChangeRefused | None = None, verb: str = "") -> HttpResponse:
    detail = detail_of(request, number)
    incident = detail.incident
    in_charge = detail.in_charge.user_id
    return show(
        request,
        "incidents/findings.html",
        {
            "detail": detail,
            "incident": incident,
            "tab": "findings",
            "is_open": incident.state in UNRESOLVED,
            "may_note_effect": incident.state in UNRESOLVED or incident.state == IncidentState.RESOLVED,
            "may_respond": caller(request).may("incident.respond").allowed,
            "may_decide": in_charge is None or in_charge == viewer_id(request),
            "moments": _moments(request, incident),
            "affected_ids": {service.id for service in detail.affected},
            "may_tick": caller(request).may("incident.respond").allowed and incident.state not in NEVER_WAS,
            "may_be_affected": may_be_affected(incident),
            "responders": responders(),
            "services": Service.objects.filter(archived_at=None).order_by("name").only("id", "name"),
            "refused": refused,
            "refused_verb": verb,
            "typed": request.POST if refused else {},
            "since": stamp_of(now_of(request)),
        },
        status=422 if refused else 200,
    )


def _moments(request: HttpRequest, incident: Incident) -> list[dict[str, Any]]:
    return [
        {
            "id": name,
            "label": label,
            "at": getattr(incident, name),
            "typed": local_input(getattr(incident, name), zone=zone_of(request)),
        }
        for name, label in MOMENTS.items()
    ]


def _number(request: HttpRequest) -> int:
    text = posted(request, "number")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Http404("There is no such change.")
    return int(text)
