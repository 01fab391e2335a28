"""What an open page of an incident fetches again when something happened, for many who look at once.

The page says how far its record went (`X-Have`). When since then somebody only wrote, the timeline alone is the answer.
"""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from watchbill.domain.incidents.looking_actions import Looked, look
from watchbill.domain.incidents.reads import IncidentDetail, incident_detail, incident_id_of
from watchbill.domain.incidents.timeline_reads import RecordMark, mark_of
from watchbill.doors.web.guards import caller
from watchbill.doors.web.incident_room import room_of
from watchbill.doors.web.incident_shared import SHARED, Shown
from watchbill.doors.web.page import now_of, show, viewer_id, zone_of
from watchbill.doors.web.wiring import wired

# What stands on the timeline and nowhere else on the page.
_ONLY_WRITTEN = frozenset({"incident.message", "incident.noted", "page.sent"})


def timeline_alone(request: HttpRequest, number: int) -> HttpResponse | None:
    """None when more is asked for, or more happened. Raises Http404."""
    before = _mark_in(request.headers.get("X-Have", "")) if "HX-Request" in request.headers else None
    if before is None:
        return None
    found = incident_id(request, number)
    mark = mark_of(found)
    actions = SHARED.actions(found, before, mark)
    if actions is None or not actions <= _ONLY_WRITTEN:
        return None
    shown = shown_of(request, found, mark)
    detail = shown.detail
    looked = looked_before(request, found, mark)
    return show(
        request,
        "incidents/timeline_alone.html",
        {
            "detail": detail,
            "incident": detail.incident,
            "may_respond": caller(request).may("incident.respond").allowed,
            "prefix": detail.prefix_of(viewer_id(request)),
            "room": room_of(request, detail.incident, shown.lines(zone_of(request)), mark=mark, looked=looked),
        },
    )


def shown_of(request: HttpRequest, incident_id: UUID, mark: RecordMark) -> Shown:
    """For a part that is fetched again, what others are shown at this moment; a page that is opened is read anew.

    The caller has asked whether this person may see the incident. Raises Http404 when it is not there.
    """
    viewer, now = viewer_id(request), now_of(request)

    def read() -> IncidentDetail | None:
        return incident_detail(incident_id, viewer=viewer, ways=wired().ways(), now=now)

    if "HX-Request" in request.headers:
        shown = SHARED.shown(incident_id, mark, read, now=now)
    else:
        detail = read()
        shown = Shown(detail) if detail is not None else None
    if shown is None:
        raise Http404("There is no such incident.")
    return shown


def looked_before(request: HttpRequest, incident_id: UUID, mark: RecordMark) -> Looked:
    """What was read before this visit. Parts that are fetched again keep what the page began with.

    They count as read only where the page is in view.
    """
    me, now = viewer_id(request), now_of(request)
    if "HX-Request" not in request.headers:
        return look(incident_id=incident_id, user_id=me, mark=mark, now=now)
    if request.headers.get("X-In-View") == "yes":
        look(incident_id=incident_id, user_id=me, mark=mark, now=now)
    text = request.GET.get("seen", "")
    seen = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
    return Looked(before=seen, newest=seen or 0)


def detail_of(request: HttpRequest, number: int) -> IncidentDetail:
    """Raises Http404."""
    found = incident_id(request, number)
    detail = incident_detail(found, viewer=viewer_id(request), ways=wired().ways(), now=now_of(request))
    if detail is None:
        raise Http404("There is no such incident.")
    return detail


def incident_id(request: HttpRequest, number: int) -> UUID:
    """Raises Http404 for one that is not there, or not for this person."""
    found = incident_id_of(str(number), viewer=viewer_id(request))
    if found is None:
        raise Http404("There is no such incident.")
    return found


def _mark_in(text: str) -> RecordMark | None:
    newest, _, count = text.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 18 for part in (newest, count)):
        return None
    return RecordMark(newest=int(newest), count=int(count))
