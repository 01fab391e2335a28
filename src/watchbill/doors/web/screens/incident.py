"""One incident: what is going on, who does what, what time brings next; and the buttons that change it."""

from collections.abc import Mapping
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.incidents import actions, ending_actions, page_actions, role_actions, workflow_actions
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import answered_words, role_label, severity_in, standing_of
from watchbill.domain.incidents.reads import (
    incident_id_of,
)
from watchbill.doors.incident_export import KINDS, export, export_zip
from watchbill.doors.web.forms import posted, required_id
from watchbill.doors.web.guards import requires
from watchbill.doors.web.page import actor_of, now_of, viewer_id
from watchbill.doors.web.screens.incident_page import show_incident
from watchbill.doors.web.screens.incident_parts import (
    detail_of,
    incident_id,
    timeline_alone,
)
from watchbill.doors.web.screens.incident_room import ROOM_VERBS, Verb
from watchbill.doors.web.screens.incident_verification import verify
from watchbill.doors.web.wiring import wired
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused


@requires("incident.read")
def incident_page(request: HttpRequest, number: int) -> HttpResponse:
    return timeline_alone(request, number) or show_incident(request, number)


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
        return show_incident(request, number, refused=refused, verb=verb)
    if _is_upload(request):
        return HttpResponse(status=204)
    if told:
        messages.success(request, told)
    thread = uuid_in(posted(request, "thread"))
    if thread is not None:
        return HttpResponseRedirect(f"/incidents/{number}?thread={thread}#thread-{thread}")
    if verb == "step":  # the phase in which somebody works stays open
        phase = posted(request, "step").rpartition(" ")[2].partition("/")[0]
        return HttpResponseRedirect(f"/incidents/{number}?phase={quote(phase)}#phase-{quote(phase)}")
    anchor = {
        "write": "#room",
        "update": "#room",
        "note": "#room",
        "pin": "#room",
        "insider": "#insiders",
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
    return called.words(f"Tier {text}")


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


def _insider(request: HttpRequest, incident_id: UUID) -> str:
    actions.add_insider(
        incident_id=incident_id, user_id=required_id(request, "person"), actor=actor_of(request), now=now_of(request)
    )
    return "That person sees it from now on."


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
    "insider": _insider,
    **ROOM_VERBS,
    "verify": verify,
}
