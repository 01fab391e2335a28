"""The pool of bridges that incidents get: what is there, which one is in use, and the form for one."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.bridges.models import Bridge, BridgeKind
from watchbill.domain.bridges.pool_actions import add_bridge, change_bridge, draft_of, remove_bridge
from watchbill.domain.bridges.reads import pool
from watchbill.domain.bridges.rules import BridgeDraft
from watchbill.domain.people.models import Team
from watchbill.doors.web.forms import (
    Danger,
    Field,
    FormPage,
    Group,
    posted,
    posted_id,
    posted_number,
    show_form,
)
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.ground.refusals import ChangeRefused

_ADDRESS = "/admin/bridges"
_TRAIL = (("/admin", "Admin"), (_ADDRESS, "Bridges"))


@requires("bridge.read")
def bridge_list(request: HttpRequest) -> HttpResponse:
    lines = pool(viewer=viewer_id(request))
    may_change = caller(request).may("bridge.change").allowed
    return show(request, "bridges/list.html", {"lines": lines, "may_change": may_change})


@requires("bridge.change")
def new_bridge(request: HttpRequest) -> HttpResponse:
    page = FormPage(
        title="New bridge",
        trail=_TRAIL,
        groups=_groups(request, BridgeDraft(name="", kind=BridgeKind.ZOOM)),
        submit="Add it",
        back=_ADDRESS,
        intro="A link or a number that always works. An incident takes the first one that is free.",
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        bridge = add_bridge(_draft(request), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, f"{bridge.name} is in the pool.")
    return HttpResponseRedirect(_ADDRESS)


@requires("bridge.change")
def edit_bridge(request: HttpRequest, bridge_id: UUID) -> HttpResponse:
    bridge = _found(bridge_id)
    page = FormPage(
        title=f"Edit {bridge.name}",
        trail=[*_TRAIL, ("", bridge.name)],
        groups=_groups(request, draft_of(bridge)),
        back=_ADDRESS,
        danger=Danger(
            address=f"{_ADDRESS}/{bridge_id}/remove",
            label="Remove this bridge",
            words="An incident that has it keeps it to its end; no other gets it.",
        ),
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        change_bridge(bridge_id, _draft(request), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect(_ADDRESS)


@require_POST
@requires("bridge.change")
def remove(request: HttpRequest, bridge_id: UUID) -> HttpResponse:
    bridge = _found(bridge_id)
    remove_bridge(bridge_id, actor=actor_of(request), now=now_of(request))
    messages.success(request, f"{bridge.name} is removed.")
    return HttpResponseRedirect(_ADDRESS)


def _found(bridge_id: UUID) -> Bridge:
    bridge = Bridge.objects.filter(id=bridge_id, removed_at=None).first()
    if bridge is None:
        raise Http404("There is no such bridge; it may have been removed.")
    return bridge


def _groups(request: HttpRequest, held: BridgeDraft) -> list[Group]:
    is_posted = request.method == "POST"

    def value(name: str, kept: object) -> str:
        return posted(request, name) if is_posted else str(kept)

    teams = [(str(one.id), one.name) for one in Team.objects.filter(archived_at=None).order_by("name")]
    return [
        Group(
            fields=[
                Field(name="name", label="Name", value=value("name", held.name), required=True),
                Field(
                    name="kind",
                    label="Kind",
                    kind="select",
                    value=value("kind", held.kind),
                    choices=[(str(one.value), str(one.label)) for one in BridgeKind],
                ),
                Field(
                    name="url",
                    label="Link",
                    kind="url",
                    value=value("url", held.url),
                    help="A Jitsi or other link with {name} in it, like https://meet.example.org/{name}, is another "
                    "room for each incident, so it is always free.",
                ),
                Field(name="phone", label="Number", kind="tel", value=value("phone", held.phone)),
                Field(
                    name="pin",
                    label="PIN",
                    value=value("pin", held.pin),
                    help="Dialled by itself after the number. Shown to whoever may see the incident.",
                ),
                Field(
                    name="order",
                    label="Order",
                    kind="number",
                    value=value("order", held.order),
                    help="The lowest number that is free is taken first.",
                ),
                Field(
                    name="team",
                    label="Only for incidents of the team",
                    kind="select",
                    value=value("team", held.team_id or ""),
                    choices=[("", "Everybody"), *teams],
                ),
            ]
        )
    ]


def _draft(request: HttpRequest) -> BridgeDraft:
    return BridgeDraft(
        name=posted(request, "name"),
        kind=posted(request, "kind"),
        url=posted(request, "url"),
        phone=posted(request, "phone"),
        pin=posted(request, "pin"),
        order=posted_number(request, "order", default=100),
        team_id=posted_id(request, "team"),
    )
