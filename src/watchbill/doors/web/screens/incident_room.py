"""The room of an incident: what is written and attached there, the files themselves, and who is here."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string

from watchbill.domain.incidents import room_actions
from watchbill.domain.incidents.attachment_reads import attachment_of
from watchbill.domain.incidents.looking_reads import present_in
from watchbill.doors.attached_file import answer_with
from watchbill.doors.uploads import files_in
from watchbill.doors.web.forms import posted, posted_id, posted_instant, required_id
from watchbill.doors.web.guards import requires
from watchbill.doors.web.page import actor_of, now_of, viewer_id, zone_of
from watchbill.doors.web.screens.incident_parts import incident_id

# What a verb does; what it answers stands above the page afterwards.
Verb = Callable[[HttpRequest, UUID], str]


@requires("incident.read")
def attachment(request: HttpRequest, number: int, attachment_id: UUID) -> HttpResponse:
    found = attachment_of(incident_id(request, number), attachment_id, viewer=viewer_id(request))
    if found is None:
        raise Http404("There is no such file in this incident.")
    return answer_with(request, found)


@requires("incident.read")
def present(request: HttpRequest, number: int) -> HttpResponse:
    """A part of the incident's page, small, because all who look fetch it whenever somebody comes or goes."""
    here = present_in(incident_id(request, number), viewer=viewer_id(request), now=now_of(request))
    return HttpResponse(render_to_string("incidents/_present.html", {"present": here}))


def _write(request: HttpRequest, incident_id: UUID) -> str:
    room_actions.write(
        incident_id=incident_id,
        text=posted(request, "text"),
        thread=posted_id(request, "thread"),
        files=files_in(request),
        actor=actor_of(request),
        now=now_of(request),
    )
    return ""


def _note(request: HttpRequest, incident_id: UUID) -> str:
    now = now_of(request)
    room_actions.note(
        incident_id=incident_id,
        text=posted(request, "text"),
        at=posted_instant(request, "at", zone=zone_of(request)) if posted(request, "at") else now,
        files=files_in(request),
        actor=actor_of(request),
        now=now,
    )
    return "Noted on the timeline."


def _update(request: HttpRequest, incident_id: UUID) -> str:
    room_actions.post_update(
        incident_id=incident_id, text=posted(request, "text"), actor=actor_of(request), now=now_of(request)
    )
    return "Posted. The clock of updates begins anew."


def _pin(request: HttpRequest, incident_id: UUID) -> str:
    room_actions.pin(
        incident_id=incident_id,
        post_id=required_id(request, "post"),
        pinned=posted(request, "pinned") == "yes",
        actor=actor_of(request),
        now=now_of(request),
    )
    return ""


def _correct(request: HttpRequest, incident_id: UUID) -> str:
    room_actions.correct(
        incident_id=incident_id,
        post_id=required_id(request, "post"),
        text=posted(request, "text"),
        actor=actor_of(request),
        now=now_of(request),
    )
    return "Corrected. What stood there before is in the audit record."


ROOM_VERBS: Mapping[str, Verb] = {
    "write": _write,
    "note": _note,
    "update": _update,
    "pin": _pin,
    "correct": _correct,
}
