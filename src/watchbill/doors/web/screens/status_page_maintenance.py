"""Maintenance as it is announced on the public page: with times of its own, or those of a service's."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.services.reads import maintenance
from watchbill.domain.status_page import maintenance_actions, reads
from watchbill.domain.status_page.maintenance_actions import MaintenanceDraft
from watchbill.doors.web.forms import Field, FormPage, Group, local_input, posted, posted_id, posted_instant, show_form
from watchbill.doors.web.guards import requires
from watchbill.doors.web.page import actor_of, now_of, zone_of
from watchbill.doors.web.screens.status_page import TRAIL
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused


@requires("status_page.publish")
def announce(request: HttpRequest) -> HttpResponse:
    page = FormPage(
        title="Announce maintenance",
        trail=[TRAIL],
        intro="It is public at once, begins and ends by itself, and subscribers are told now.",
        groups=[Group(fields=_maintenance_fields(request))],
        submit="Announce",
        back="/status-page",
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        maintenance_actions.publish_maintenance(
            _maintenance_draft(request), actor=actor_of(request), now=now_of(request)
        )
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, "Announced.")
    return HttpResponseRedirect("/status-page")


@require_POST
@requires("status_page.publish")
def end_announced(request: HttpRequest, maintenance_id: UUID) -> HttpResponse:
    try:
        maintenance_actions.end_public_maintenance(maintenance_id, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "It is over, and the page says so.")
    return HttpResponseRedirect("/status-page")


def _maintenance_fields(request: HttpRequest) -> list[Field]:
    zone, now = zone_of(request), now_of(request)
    return [
        Field(name="title", label="Title", value=posted(request, "title"), required=True),
        Field(
            name="body",
            label="What customers read",
            kind="textarea",
            value=posted(request, "body"),
            help="What they may notice, and what goes on as always.",
        ),
        Field(
            name="window",
            label="When",
            kind="select",
            value=posted(request, "window"),
            choices=[("", "As written below"), *_windows(request)],
            help="With a service's maintenance, its times hold, and its early end is the announcement's too.",
        ),
        Field(
            name="start",
            label="Begins",
            kind="datetime-local",
            value=posted(request, "start") or local_input(now, zone=zone),
            help=f"In your time zone, {zone.key}.",
        ),
        Field(name="end", label="Ends", kind="datetime-local", value=posted(request, "end")),
        Field(
            name="components",
            label="Components",
            kind="checks",
            values=request.POST.getlist("components"),
            choices=[(str(one.id), one.name) for one in reads.components()],
        ),
    ]


def _windows(request: HttpRequest) -> list[tuple[str, str]]:
    zone = zone_of(request)

    def words(at: datetime) -> str:
        return f"{at.astimezone(zone):%d %b %H:%M}"

    rows = maintenance(now=now_of(request))
    return [(str(one.id), f"{one.service}, {words(one.starts_at)} to {words(one.ends_at)}") for one in rows]


def _maintenance_draft(request: HttpRequest) -> MaintenanceDraft:
    zone, window = zone_of(request), posted_id(request, "window")
    chosen = [uuid_in(text) for text in request.POST.getlist("components")]
    return MaintenanceDraft(
        title=posted(request, "title"),
        body=posted(request, "body"),
        component_ids=[one for one in chosen if one is not None],
        window_id=window,
        starts_at=None if window else posted_instant(request, "start", zone=zone),
        ends_at=None if window else posted_instant(request, "end", zone=zone),
    )
