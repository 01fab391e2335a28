"""How people in an incident talk to each other: another bridge by hand, from the pool or any other."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from watchbill.domain.bridges.actions import Choice, change
from watchbill.domain.bridges.reads import pool
from watchbill.domain.bridges.rules import is_shared
from watchbill.doors.web.forms import Field, FormPage, Group, posted, posted_id, show_form
from watchbill.doors.web.guards import requires
from watchbill.doors.web.page import actor_of, now_of, viewer_id
from watchbill.doors.web.screens.incident_parts import incident_id
from watchbill.ground.refusals import ChangeRefused


@requires("incident.respond")
def change_bridge(request: HttpRequest, number: int) -> HttpResponse:
    found = incident_id(request, number)
    if request.method != "POST":
        return show_form(request, _form(request, number))
    try:
        use = change(
            incident_id=found,
            choice=_choice(request),
            reason=posted(request, "reason"),
            actor=actor_of(request),
            now=now_of(request),
        )
    except ChangeRefused as refused:
        return show_form(request, _form(request, number), refused=refused)
    messages.success(request, f"The bridge is {use.name} now. Tell those who are in the one before.")
    return HttpResponseRedirect(f"/incidents/{number}")


def _choice(request: HttpRequest) -> Choice:
    return Choice(
        bridge_id=posted_id(request, "bridge"),
        url=posted(request, "url"),
        phone=posted(request, "phone"),
        pin=posted(request, "pin"),
    )


def _form(request: HttpRequest, number: int) -> FormPage:
    free = [
        (str(line.bridge.id), line.bridge.name)
        for line in pool(viewer=viewer_id(request))
        if is_shared(line.bridge) or not line.in_use or number in line.users
    ]
    fields = [
        Field(
            name="bridge",
            label="Which",
            kind="select",
            value=posted(request, "bridge"),
            choices=[*free, ("", "The link or number below")],
        ),
        Field(name="url", label="Another link", kind="url", value=posted(request, "url")),
        Field(name="phone", label="Or a number", kind="tel", value=posted(request, "phone")),
        Field(name="pin", label="PIN of the number", value=posted(request, "pin")),
        Field(
            name="reason",
            label="Why",
            value=posted(request, "reason"),
            required=True,
            help="Those who are in the bridge before have to know; it stands on the timeline.",
        ),
    ]
    return FormPage(
        title="Change the bridge",
        trail=[("/incidents", "Incidents"), (f"/incidents/{number}", f"#{number}")],
        intro="The one before is free for others then.",
        groups=[Group(fields=fields)],
        submit="Change it",
        back=f"/incidents/{number}",
    )
