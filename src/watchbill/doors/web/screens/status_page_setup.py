"""What the public page is made of: its look, its components, and who is told."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.services.models import Service
from watchbill.domain.status_page import component_actions, reads, settings_actions
from watchbill.domain.status_page.component_actions import ComponentDraft
from watchbill.domain.status_page.settings_actions import LOGO_BYTES_MAX, PageDraft
from watchbill.domain.status_page.subscriber_actions import remove_subscriber
from watchbill.doors.web.forms import (
    Danger,
    Field,
    FormPage,
    Group,
    posted,
    posted_id,
    posted_number,
    show_form,
    zone_choices,
)
from watchbill.doors.web.guards import requires
from watchbill.doors.web.page import actor_of, now_of, show
from watchbill.doors.web.screens.status_page import TRAIL
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

_LOOK = "status_page/look.html"


@requires("status_page.change")
def look(request: HttpRequest) -> HttpResponse:
    """With `do=preview` the samples are drawn with what was typed, and nothing is saved."""
    page = _look_form(request)
    if request.method != "POST":
        return show_form(request, page, template=_LOOK)
    is_sample = posted(request, "do") == "preview"
    try:
        draft = settings_actions.checked(_page_draft(request))
        if not is_sample:
            settings_actions.change_page(draft, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused, template=_LOOK)
    if is_sample:
        page.more["samples"] = _samples(draft)
        return show_form(request, page, template=_LOOK)
    messages.success(request, "Saved. The page is written within seconds.")
    return HttpResponseRedirect("/status-page")


@require_POST
@requires("status_page.change")
def logo(request: HttpRequest) -> HttpResponse:
    """Without a file it is taken away."""
    given = request.FILES.get("logo")
    # One byte more than there may be is enough to be refused.
    image = given.read(LOGO_BYTES_MAX + 1) if given is not None else b""
    try:
        settings_actions.set_logo(image, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, f"The logo {refused.reason}.")
    else:
        messages.success(request, "The logo is set." if given else "The page has no logo.")
    return HttpResponseRedirect("/status-page/look")


@requires("status_page.change")
def new_component(request: HttpRequest) -> HttpResponse:
    page = FormPage(
        title="New component",
        trail=[TRAIL],
        intro="What customers know by name and see the state of. It need not be one of our services.",
        groups=[Group(fields=_component_fields(request, None))],
        submit="Add it",
        back="/status-page",
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        made = component_actions.add_component(_component_draft(request), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, f"{made.name} is on the page." if made.shown else f"{made.name} is made, not shown yet.")
    return HttpResponseRedirect("/status-page")


@requires("status_page.change")
def edit_component(request: HttpRequest, component_id: UUID) -> HttpResponse:
    held = _component(component_id)
    page = FormPage(
        title=f"Edit {held.name}",
        trail=[TRAIL],
        groups=[Group(fields=_component_fields(request, held))],
        back="/status-page",
        danger=Danger(
            address=f"/status-page/components/{component_id}/remove",
            label="Take it off the page",
            words="Its history of 90 days goes with it. Incidents that named it keep their words.",
        ),
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        component_actions.change_component(
            component_id, _component_draft(request), actor=actor_of(request), now=now_of(request)
        )
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect("/status-page")


@require_POST
@requires("status_page.change")
def remove_component(request: HttpRequest, component_id: UUID) -> HttpResponse:
    name = _component(component_id).name
    component_actions.remove_component(component_id, actor=actor_of(request), now=now_of(request))
    messages.success(request, f"{name} is off the page.")
    return HttpResponseRedirect("/status-page")


@requires("status_page.change")
def subscribers(request: HttpRequest) -> HttpResponse:
    rows = reads.subscribers()
    return show(
        request,
        "status_page/subscribers.html",
        {
            "rows": rows,
            "is_cut": len(rows) == reads.SUBSCRIBERS_MAX,
            "counts": reads.subscribers_count(),
            "names": {str(one.id): one.name for one in reads.components()},
            "address": f"{wired().base_url}/status/subscribe",
        },
    )


@require_POST
@requires("status_page.change")
def remove_one(request: HttpRequest, subscriber_id: UUID) -> HttpResponse:
    try:
        remove_subscriber(subscriber_id, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Nothing more is sent there.")
    return HttpResponseRedirect("/status-page/subscribers")


def _look_form(request: HttpRequest) -> FormPage:
    page = reads.page()
    held = settings_actions.draft_of(page) if page else PageDraft(name="Status")
    is_posted = request.method == "POST"

    def field(name: str, label: str, **more: Any) -> Field:
        value = posted(request, name) if is_posted else str(getattr(held, name))
        return Field(name=name, label=label, value=value, **more)

    return FormPage(
        title="Look and address",
        trail=[TRAIL],
        back="/status-page",
        groups=[
            Group(
                fields=[
                    field("name", "Name"),
                    field("accent_light", "Colour on light", help="Like #1f4fd8. Buttons and links have it."),
                    field("accent_dark", "Colour on dark", help="Where the reader's device is set to dark."),
                    field(
                        "time_zone",
                        "Time zone",
                        kind="select",
                        choices=[("", "The organization’s"), ("Etc/UTC", "Etc/UTC"), *zone_choices()],
                    ),
                    field("support_url", "Support", help="A web address or mailto: behind the link Support."),
                    field(
                        "address",
                        "Address",
                        help="Only if it is served elsewhere: where the public finds it. Mails and feeds lead there.",
                    ),
                ]
            )
        ],
        more={
            "samples": _samples(held),
            "has_logo": bool(page and page.logo),
            "logo_kilobytes": LOGO_BYTES_MAX // 1000,
        },
    )


def _samples(draft: PageDraft) -> dict[str, str]:
    return {"name": draft.name, "light": draft.accent_light, "dark": draft.accent_dark}


def _page_draft(request: HttpRequest) -> PageDraft:
    return PageDraft(**{name: posted(request, name) for name in PageDraft.__dataclass_fields__})


def _component(component_id: UUID) -> ComponentDraft:
    found = next((one for one in reads.components() if one.id == component_id), None)
    if found is None:
        raise Http404("The page has no such component; it may have been removed.")
    return component_actions.draft_of(found)


def _component_fields(request: HttpRequest, held: ComponentDraft | None) -> list[Field]:
    is_posted = request.method == "POST"

    def value(name: str, kept: object) -> str:
        return posted(request, name) if is_posted else str(kept or "")

    services = Service.objects.filter(archived_at=None).order_by("name")
    shown = request.POST.getlist("shown") if is_posted else ["yes"] if held is None or held.shown else []
    return [
        Field(name="name", label="Name", value=value("name", held and held.name), required=True),
        Field(name="description", label="Description", value=value("description", held and held.description)),
        Field(
            name="group",
            label="Group",
            value=value("group", held and held.group),
            help="Components of one group stand together; a group is made by naming it.",
        ),
        Field(
            name="service",
            label="Our service behind it",
            kind="select",
            value=value("service", held and held.service_id),
            choices=[("", "None"), *((str(one.id), one.name) for one in services)],
            help="The public does not see it.",
        ),
        Field(
            name="position",
            label="Position",
            kind="number",
            value=value("position", held and held.position),
            help="The smallest stands first. Empty: the last.",
        ),
        Field(name="shown", label="Public", kind="checks", values=shown, choices=[("yes", "Customers see it")]),
    ]


def _component_draft(request: HttpRequest) -> ComponentDraft:
    return ComponentDraft(
        name=posted(request, "name"),
        description=posted(request, "description"),
        group=posted(request, "group"),
        service_id=posted_id(request, "service"),
        position=posted_number(request, "position") if posted(request, "position").strip() else None,
        shown="yes" in request.POST.getlist("shown"),
    )
