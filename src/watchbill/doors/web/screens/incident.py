"""One incident: what is going on, who does what, what time brings next; and the buttons that change it."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.bridges.reads import bridge_of
from watchbill.domain.communications.reads import owed_words
from watchbill.domain.incidents import actions, ending_actions, page_actions, role_actions, rules, workflow_actions
from watchbill.domain.incidents.looking_reads import present_in
from watchbill.domain.incidents.models import NEVER_WAS, UNRESOLVED, Incident, IncidentState
from watchbill.domain.incidents.process_followed import answered_words, role_label, severity_in, standing_of
from watchbill.domain.incidents.reads import (
    IncidentDetail,
    IncidentFilter,
    incident_id_of,
    list_incidents,
)
from watchbill.domain.incidents.related_reads import related_to
from watchbill.domain.incidents.timeline_reads import mark_of
from watchbill.domain.warrooms.reads import rooms_of
from watchbill.doors.incident_export import KINDS, export, export_zip
from watchbill.doors.web.forms import posted, required_id
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.incident_room import responders, room_of
from watchbill.doors.web.incident_words import GROUPS
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id, zone_of
from watchbill.doors.web.screens.incident_parts import (
    detail_of,
    incident_id,
    looked_before,
    shown_of,
    timeline_alone,
)
from watchbill.doors.web.screens.incident_room import ROOM_VERBS, Verb
from watchbill.doors.web.screens.incident_verification import verification_of, verify
from watchbill.doors.web.screens.incidents import severities_of
from watchbill.doors.web.wiring import chat_label, wired
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused


@requires("incident.read")
def incident_page(request: HttpRequest, number: int) -> HttpResponse:
    return timeline_alone(request, number) or _page(request, number)


@requires("incident.read")
def export_timeline(request: HttpRequest, number: int) -> HttpResponse:
    """As a file to keep; the page itself is for people."""
    kind = request.GET.get("as") or request.GET.get("format", "markdown")
    if kind == "zip":
        whole = HttpResponse(export_zip(detail_of(request, number)), content_type="application/zip")
        whole["Content-Disposition"] = f'attachment; filename="incident-{number}.zip"'
        return whole
    if kind not in KINDS:
        raise Http404("There is no such kind of file.")
    ending, content_type = KINDS[kind]
    answer = HttpResponse(export(detail_of(request, number), kind), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="incident-{number}.{ending}"'
    return answer


@require_POST
@requires("incident.respond")
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """A refused change shows the page again with what was typed, the reason above it."""
    if verb not in VERBS:
        raise Http404("An incident has no such button.")
    found = incident_id(request, number)
    try:
        told = VERBS[verb](request, found)
    except ChangeRefused as refused:
        if _is_upload(request):
            return HttpResponse(refused.reason, status=422, content_type="text/plain; charset=utf-8")
        return _page(request, number, refused=refused, verb=verb)
    if _is_upload(request):
        return HttpResponse(status=204)
    if told:
        messages.success(request, told)
    thread = uuid_in(posted(request, "thread"))
    if thread is not None:
        return HttpResponseRedirect(f"/incidents/{number}?thread={thread}#thread-{thread}")
    anchor = {
        "write": "#room",
        "update": "#room",
        "note": "#room",
        "pin": "#room",
        "step": "#workflow",
        "verify": "#verify",
    }.get(verb, "")
    return HttpResponseRedirect(f"/incidents/{number}{anchor}")


def _is_upload(request: HttpRequest) -> bool:
    """Sent by our own script, which shows how far it is and takes the reason alone."""
    return request.headers.get("X-Upload") == "yes"


def _acknowledge(request: HttpRequest, incident_id: UUID) -> str:
    incident = actions.acknowledge(incident_id=incident_id, actor=actor_of(request), now=now_of(request))
    return answered_words(incident, person_id=viewer_id(request))


def _severity(request: HttpRequest, incident_id: UUID) -> str:
    before = Incident.objects.values_list("severity", flat=True).get(id=incident_id)
    incident = actions.change_severity(
        incident_id=incident_id,
        severity=posted(request, "severity"),
        reason=posted(request, "reason"),
        actor=actor_of(request),
        now=now_of(request),
    )
    label = severity_in(incident).label
    if incident.severity == before:
        return f"It is {label} as it was: nothing changed."
    return f"It is {label} now. Who is due by its ladder and was not paged yet is paged now."


def _room(request: HttpRequest, incident_id: UUID) -> str:
    actions.open_room(incident_id=incident_id, actor=actor_of(request), ways=wired().ways(), now=now_of(request))
    return "The war room is open, and the roles are offered."


def _tier(request: HttpRequest, incident_id: UUID) -> str:
    text = posted(request, "tier")
    called = actions.escalate_to_tier(
        incident_id=incident_id,
        tier=int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0,
        reason=posted(request, "reason"),
        actor=actor_of(request),
        ways=wired().ways(),
        now=now_of(request),
    )
    return f"Tier {text}: {called.words}"


def _mitigate(request: HttpRequest, incident_id: UUID) -> str:
    incident = ending_actions.mitigate(incident_id=incident_id, actor=actor_of(request), now=now_of(request))
    rests = "The ladder rests; if" if standing_of(incident).restored else "It goes on until it is resolved; if"
    return f"Mitigated. {rests} it comes back, say so here."


def _not_mitigated(request: HttpRequest, incident_id: UUID) -> str:
    ending_actions.not_mitigated(
        incident_id=incident_id, reason=posted(request, "reason"), actor=actor_of(request), now=now_of(request)
    )
    return "It is back: the ladder goes on."


def _resolve(request: HttpRequest, incident_id: UUID) -> str:
    ending_actions.resolve(
        incident_id=incident_id,
        actor=actor_of(request),
        now=now_of(request),
        pass_over=posted(request, "reason"),
    )
    return "Resolved. What follows up stands under the workflow."


def _reopen(request: HttpRequest, incident_id: UUID) -> str:
    ending_actions.reopen(
        incident_id=incident_id, reason=posted(request, "reason"), actor=actor_of(request), now=now_of(request)
    )
    return "It is open again."


def _close(request: HttpRequest, incident_id: UUID) -> str:
    ending_actions.close(
        incident_id=incident_id,
        actor=actor_of(request),
        now=now_of(request),
        pass_over=posted(request, "reason"),
    )
    return "Closed."


def _cancel(request: HttpRequest, incident_id: UUID) -> str:
    ending_actions.cancel(
        incident_id=incident_id, reason=posted(request, "reason"), actor=actor_of(request), now=now_of(request)
    )
    return "Cancelled: no incident after all. The record stays."


def _merge(request: HttpRequest, incident_id: UUID) -> str:
    into = incident_id_of(posted(request, "into"), viewer=viewer_id(request))
    if into is None:
        raise ChangeRefused("into", "there is no such incident; choose the one that stays")
    other = ending_actions.merge(
        incident_id=incident_id, into=into, actor=actor_of(request), ways=wired().ways(), now=now_of(request)
    )
    return f"Merged into #{other.number}. Its record stays here."


def _step(request: HttpRequest, incident_id: UUID) -> str:
    how, _, step = posted(request, "step").partition(" ")
    workflow_actions.tick_step(
        incident_id=incident_id,
        step=step,
        done=how == "done",
        evidence=posted(request, f"evidence {step}"),
        actor=actor_of(request),
        now=now_of(request),
    )
    return ""


def _take(request: HttpRequest, incident_id: UUID) -> str:
    role_actions.take(
        incident_id=incident_id, role=posted(request, "role"), actor=actor_of(request), now=now_of(request)
    )
    return "You have the role."


def _take_over(request: HttpRequest, incident_id: UUID) -> str:
    seat = role_actions.take_over(
        incident_id=incident_id,
        role=posted(request, "role"),
        reason=posted(request, "reason"),
        actor=actor_of(request),
        ways=wired().ways(),
        now=now_of(request),
    )
    return f"You are {role_label(seat.incident, seat.role).lower()} now. Whoever was it before is told."


def _page_person(request: HttpRequest, incident_id: UUID) -> str:
    _, user = page_actions.page_person(
        incident_id=incident_id,
        user_id=required_id(request, "person"),
        reason=posted(request, "reason"),
        actor=actor_of(request),
        ways=wired().ways(),
        now=now_of(request),
    )
    return f"{user.name} is being paged."


def _decline(request: HttpRequest, incident_id: UUID) -> str:
    role_actions.decline(
        incident_id=incident_id,
        role=posted(request, "role"),
        actor=actor_of(request),
        ways=wired().ways(),
        now=now_of(request),
    )
    return "Declined. The next one is asked."


def _offer(request: HttpRequest, incident_id: UUID) -> str:
    """A role that somebody has is handed over, which takes a summary; another is offered."""
    role, to, who = posted(request, "role"), required_id(request, "to"), actor_of(request)
    ways, now = wired().ways(), now_of(request)
    try:
        seat = role_actions.offer(incident_id=incident_id, role=role, user_id=to, actor=who, ways=ways, now=now)
    except role_actions.SeatTaken:
        summary = posted(request, "summary")
        seat = role_actions.hand_over(
            incident_id=incident_id, role=role, to=to, summary=summary, actor=who, ways=ways, now=now
        )
        return f"{seat.user.name} is asked to take over. Until then the role stays where it is."
    return f"{seat.user.name} is asked and has five minutes to answer."


VERBS: Mapping[str, Verb] = {
    "acknowledge": _acknowledge,
    "severity": _severity,
    "room": _room,
    "tier": _tier,
    "mitigate": _mitigate,
    "not-mitigated": _not_mitigated,
    "resolve": _resolve,
    "reopen": _reopen,
    "close": _close,
    "cancel": _cancel,
    "merge": _merge,
    "step": _step,
    "take": _take,
    "take-over": _take_over,
    "decline": _decline,
    "page": _page_person,
    "offer": _offer,
    **ROOM_VERBS,
    "verify": verify,
}


def _page(request: HttpRequest, number: int, *, refused: ChangeRefused | None = None, verb: str = "") -> HttpResponse:
    now = now_of(request)
    found = incident_id(request, number)
    mark = mark_of(found)
    shown = shown_of(request, found, mark)
    detail = shown.detail
    incident = detail.incident
    me = viewer_id(request)
    people = list(responders())
    others, related = _others(incident, me), related_to(incident, viewer=me, now=now)
    return show(
        request,
        "incidents/incident.html",
        {
            "detail": detail,
            "incident": incident,
            "tab": "room",
            "is_open": incident.state in UNRESOLVED,
            "is_resolved": incident.state == IncidentState.RESOLVED,
            "may_respond": caller(request).may("incident.respond").allowed,
            "waits_for_me": any(page.user_id == me and page.state == "active" for page in detail.pages),
            "my_offers": [line for line in detail.seats if line.offered is not None and line.offered.user_id == me],
            "prefix": detail.prefix_of(me),
            "room": room_of(
                request, incident, shown.lines(zone_of(request)), mark=mark, looked=looked_before(request, found, mark)
            ),
            "may_tick": caller(request).may("incident.respond").allowed and incident.state not in NEVER_WAS,
            "groups": GROUPS,
            "owed": owed_words(incident, now=now),
            "present": present_in(incident.id, viewer=me, now=now),
            "no_commander": any(
                line.role == rules.COMMANDER and line.held is None and line.offered is None for line in detail.seats
            ),
            "next_rung": next((line for line in detail.ladder if line.state == "next"), None),
            "prompted": _prompted(detail),
            "severities": severities_of(incident),
            "responders": people,
            "others": others,
            "bridge": bridge_of(incident.id),
            "chat": [(chat_label(room.host), room) for room in rooms_of(incident.id)],
            "unrelated": [one for one in others if one.id not in {known.incident.id for known in related}],
            "verification": verification_of(incident),
            "related": related,
            "may_verify": incident.state not in (*NEVER_WAS, IncidentState.CLOSED),
            "refused": refused,
            "refused_verb": verb,
            "typed": request.POST if refused else {},
            "since": stamp_of(now),
        },
        status=422 if refused else 200,
    )


def _prompted(detail: IncidentDetail) -> str:
    """The number of the tier that time says to go to, as long as it is not resolved."""
    due = [line for line in detail.ladder if line.prompts and line.state == "done"]
    tiers = {tier.id: str(tier.tier) for tier in detail.tiers}
    return tiers.get(due[-1].prompts, "") if due and detail.incident.state in UNRESOLVED else ""


def _others(incident: Incident, viewer: UUID) -> list[Incident]:
    found = list_incidents(IncidentFilter(status="open"), viewer=viewer)
    return [one for one in found if one.id != incident.id]
