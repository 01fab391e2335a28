"""What a statement makes of the status page: a sample beside its text, all of it in a tab, and what is amiss."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from watchbill.domain.communications import reads
from watchbill.domain.communications.models import UNPUBLISHED, Audience, Statement
from watchbill.domain.communications.public_preview import page_after, says_too_little, services_without_component
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.reads import visible_to
from watchbill.domain.status_page.document import PageDocument
from watchbill.doors.status_page.site import preview, sample
from watchbill.doors.web.forms import posted
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import now_of, viewer_id
from watchbill.doors.web.screens.incident_parts import incident_id
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused


@requires("incident.read")
def page_after_it(request: HttpRequest, number: int, statement_id: UUID) -> HttpResponse:
    """The whole status page as it would be."""
    incident = visible_to(viewer_id(request)).get(id=incident_id(request, number))
    held = reads.statement(incident, statement_id)
    page = _page_after(request, held) if held is not None and held.state in UNPUBLISHED else None
    if page is None:
        raise Http404("There is no such draft for the status page.")
    return HttpResponse(preview(page, base_url=wired().base_url, style="/status-page/style.css"))


def posted_text(request: HttpRequest) -> Text:
    chosen = {
        name.removeprefix("component "): posted(request, name)
        for name in request.POST
        if name.startswith("component ") and posted(request, name)
    }
    return Text(
        subject=posted(request, "subject"),
        body=posted(request, "body"),
        status=posted(request, "status"),
        components=chosen,
    )


def public_side(request: HttpRequest, held: Statement, *, is_open: bool) -> dict[str, Any]:
    page = _page_after(request, held) if is_open else None
    values = uncovered(request, held.incident, held.audience)
    if page is None:
        return values
    return {
        **values,
        "sample": sample(page, base_url=wired().base_url),
        "says_too_little": says_too_little(held, page),
        "sentence": page.description,
        "has_components": bool(page.components),
    }


def uncovered(request: HttpRequest, incident: Incident, audience: str) -> dict[str, Any]:
    """Services of the incident that no component stands for; nothing but the public looks at components."""
    return {
        "uncovered": services_without_component(incident) if audience == Audience.PUBLIC else [],
        "may_change_page": caller(request).may("status_page.change").allowed,
    }


def _page_after(request: HttpRequest, held: Statement) -> PageDocument | None:
    """None for what may not be published, a drill for one."""
    if held.audience != Audience.PUBLIC:
        return None
    try:
        return page_after(held, base_url=wired().base_url, now=now_of(request))
    except ChangeRefused:
        return None
