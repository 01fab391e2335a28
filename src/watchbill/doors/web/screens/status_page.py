"""The public page from the inside: how it stands, and what is published on it."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.communications.public_word import public_word
from watchbill.domain.incidents.reads import IncidentFilter, list_incidents, visible_to
from watchbill.domain.status_page import actions, reads
from watchbill.domain.status_page.document import PageDocument, page_document
from watchbill.domain.status_page.maintenance_rules import MaintenanceStatus, end_of, status_of
from watchbill.domain.status_page.models import ComponentState, PublicIncident, PublicStatus, PublicUpdate, StatusPage
from watchbill.domain.status_page.preview import page_if
from watchbill.doors.status_page.site import preview, sample_style_sheet, style_sheet
from watchbill.doors.web.forms import Field, FormPage, Group, posted, posted_id, show_form
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

TRAIL = ("/status-page", "Status page")
_PUBLISH = "status_page/publish.html"
_STATE = "state."
_CSS = "text/css; charset=utf-8"
_INCIDENTS_SHOWN = 50
# How a state looks on our screens.
STATE_ICONS = {
    ComponentState.OPERATIONAL: ("check", "is-good"),
    ComponentState.UNDER_MAINTENANCE: ("wait", "soft"),
    ComponentState.DEGRADED: ("warning", "is-warn"),
    ComponentState.PARTIAL_OUTAGE: ("warning", "is-warn"),
    ComponentState.MAJOR_OUTAGE: ("warning", "is-bad"),
}


@requires("status_page.read")
def overview(request: HttpRequest) -> HttpResponse:
    now = now_of(request)
    page, document = reads.page(), page_document(base_url=wired().base_url, now=now)
    incidents = reads.public_incidents(limit=_INCIDENTS_SHOWN)
    announced = [(one, status_of(one, now=now), end_of(one)) for one in reads.maintenances()]
    return show(
        request,
        "status_page/overview.html",
        {
            "page": page,
            "document": document,
            "address": document.address if document else f"{wired().base_url}/status",
            "is_current": page is not None and page.written_changes == page.changes,
            "trouble": reads.trouble(),
            "open": [one for one in incidents if one.resolved_at is None],
            "past": [one for one in incidents if one.resolved_at is not None],
            "planned": [row for row in announced if row[1] != MaintenanceStatus.COMPLETED],
            "components": _lines(document),
            "subscribers": reads.subscribers_count(),
            "may_publish": caller(request).may("status_page.publish").allowed,
            "may_change": caller(request).may("status_page.change").allowed,
        },
    )


@requires("status_page.publish")
def publish(request: HttpRequest) -> HttpResponse:
    page = FormPage(
        title="Publish",
        trail=[TRAIL],
        intro="Everybody can read this at once, and subscribers are told. Of an incident nothing else is public.",
        groups=[Group(fields=[*_about(request), *_said(request)]), _states_group(request, None)],
        submit="Publish",
        back="/status-page",
    )

    def act() -> PublicUpdate:
        return actions.publish(
            incident_id=_chosen_incident(request),
            title=posted(request, "title"),
            status=_status(request),
            body=posted(request, "body"),
            components=_states(request),
            actor=actor_of(request),
            now=now_of(request),
            may_say=_may_say(request),
        )

    return _published(request, page, act)


@requires("status_page.read")
def incident(request: HttpRequest, public_id: UUID) -> HttpResponse:
    public = _public(public_id)
    return show(
        request,
        "status_page/incident.html",
        {
            "public": public,
            "updates": reads.updates_of([public.id])[public.id][::-1],
            "address": f"{wired().base_url}/status/incidents/{public.id.hex}.html",
            "inner": _visible_number(request, public),
            "may_publish": caller(request).may("status_page.publish").allowed,
        },
    )


@requires("status_page.publish")
def update(request: HttpRequest, public_id: UUID) -> HttpResponse:
    public = _public(public_id)
    page = FormPage(
        title="Publish an update",
        trail=[TRAIL, (f"/status-page/incidents/{public.id}", public.title)],
        intro="Everybody can read this at once, and subscribers are told.",
        groups=[Group(fields=_said(request, held=public.status)), _states_group(request, public)],
        submit="Publish",
        back=f"/status-page/incidents/{public.id}",
    )

    def act() -> PublicUpdate:
        return actions.publish_update(
            public_id=public.id,
            status=_status(request),
            body=posted(request, "body"),
            components=_states(request),
            actor=actor_of(request),
            now=now_of(request),
            may_say=_may_say(request),
        )

    return _published(request, page, act)


@requires("status_page.publish")
def correct(request: HttpRequest, update_id: UUID) -> HttpResponse:
    held = _update(update_id)
    words = posted(request, "body") if request.method == "POST" else held.body
    page = FormPage(
        title="Correct what was said",
        trail=[TRAIL, (f"/status-page/incidents/{held.public_incident_id}", held.public_incident.title)],
        intro="The new words stand in its place, marked as corrected; our record keeps the first. Nobody is told.",
        groups=[Group(fields=[Field(name="body", label="What customers read", kind="textarea", value=words)])],
        back=f"/status-page/incidents/{held.public_incident_id}",
        more={"update": held},
    )
    if request.method != "POST":
        return show_form(request, page, template="status_page/correct.html")
    try:
        actions.correct(
            update_id=held.id,
            body=posted(request, "body"),
            actor=actor_of(request),
            now=now_of(request),
            may_say=_may_say(request),
        )
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused, template="status_page/correct.html")
    messages.success(request, "Corrected.")
    return HttpResponseRedirect(f"/status-page/incidents/{held.public_incident_id}")


@require_POST
@requires("status_page.publish")
def retract(request: HttpRequest, update_id: UUID) -> HttpResponse:
    held = _update(update_id)
    try:
        actions.retract(update_id=held.id, why=posted(request, "why"), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(f"/status-page/updates/{held.id}/correct")
    messages.success(request, "It is off the page. It stays in our record.")
    is_left = reads.public_incident(held.public_incident_id) is not None
    return HttpResponseRedirect(f"/status-page/incidents/{held.public_incident_id}" if is_left else "/status-page")


@requires("status_page.read")
def style(request: HttpRequest) -> HttpResponse:
    """For previews: before the first publication there are no files."""
    return HttpResponse(style_sheet(reads.page() or StatusPage()), content_type=_CSS)


@requires("status_page.read")
def sample_style(request: HttpRequest) -> HttpResponse:
    """For a sample of the page on a screen of ours."""
    return HttpResponse(sample_style_sheet(reads.page() or StatusPage()), content_type=_CSS)


def _may_say(request: HttpRequest) -> actions.MaySay:
    return public_word(actor=actor_of(request), ways=wired().ways(), now=now_of(request))


def _published(request: HttpRequest, page: FormPage, act: Callable[[], PublicUpdate]) -> HttpResponse:
    """The form, the page as it would be, or the public incident after it was done."""
    if request.method != "POST":
        return show_form(request, page, template=_PUBLISH)
    try:
        if posted(request, "do") == "preview":
            document = page_if(act, base_url=wired().base_url, now=now_of(request))
            return HttpResponse(preview(document, base_url=wired().base_url, style="/status-page/style.css"))
        update = act()
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused, template=_PUBLISH)
    messages.success(request, "Published. The page is written within seconds.")
    return HttpResponseRedirect(f"/status-page/incidents/{update.public_incident_id}")


def _lines(document: PageDocument | None) -> list[dict[str, object]]:
    """Every component, those too that are not shown; with the state that customers see."""
    seen = {one.id: one.state for one in document.components} if document else {}
    lines: list[dict[str, object]] = []
    for row in reads.components():
        state = ComponentState(seen.get(row.id, row.state))
        icon, look = STATE_ICONS[state]
        lines.append({"row": row, "state": state.label, "icon": icon, "look": look})
    return lines


def _about(request: HttpRequest) -> list[Field]:
    rows = list_incidents(IncidentFilter(), viewer=viewer_id(request))
    choices = [(str(one.id), f"#{one.number} {one.title[:80]}") for one in rows if not one.restricted]
    return [
        Field(
            name="title",
            label="Title",
            value=posted(request, "title"),
            help="In words that customers know. It is what they read first.",
            required=True,
        ),
        Field(
            name="incident",
            label="Our incident",
            kind="select",
            value=posted(request, "incident"),
            choices=[("", "None"), *choices],
            help="The public does not see which. What was published of it before goes on.",
        ),
    ]


def _said(request: HttpRequest, *, held: str = PublicStatus.INVESTIGATING) -> list[Field]:
    return [
        Field(
            name="status",
            label="Where it stands",
            kind="select",
            value=posted(request, "status") or held,
            choices=PublicStatus.choices,
        ),
        Field(
            name="body",
            label="What customers read",
            kind="textarea",
            value=posted(request, "body"),
            help="What they notice, what they can do meanwhile, when you say more.",
        ),
    ]


def _states_group(request: HttpRequest, public: PublicIncident | None) -> Group:
    said = public.states if public else {}
    return Group(
        legend="Components",
        help="Resolved puts all that it named back to operational.",
        fields=[
            Field(
                name=f"{_STATE}{one.id}",
                label=one.name if one.shown else f"{one.name} (not shown)",
                kind="select",
                value=posted(request, f"{_STATE}{one.id}"),
                choices=[("", _as_it_is(said.get(str(one.id), ""))), *ComponentState.choices],
            )
            for one in reads.components()
        ],
    )


def _as_it_is(state: str) -> str:
    return f"As it is: {ComponentState(state).label}" if state else "Not touched"


def _status(request: HttpRequest) -> PublicStatus:
    if posted(request, "status") not in PublicStatus.values:
        raise ChangeRefused("status", "is not one of the choices; choose again")
    return PublicStatus(posted(request, "status"))


def _states(request: HttpRequest) -> Mapping[UUID, ComponentState]:
    found = {}
    for one in reads.components():
        state = posted(request, f"{_STATE}{one.id}")
        if state and state not in ComponentState.values:
            raise ChangeRefused(f"{_STATE}{one.id}", "is not one of the choices; choose again")
        if state:
            found[one.id] = ComponentState(state)
    return found


def _chosen_incident(request: HttpRequest) -> UUID | None:
    wanted = posted_id(request, "incident")
    if wanted and all(one.id != wanted for one in list_incidents(IncidentFilter(), viewer=viewer_id(request))):
        raise ChangeRefused("incident", "is not one of the choices; choose again")
    return wanted


def _visible_number(request: HttpRequest, public: PublicIncident) -> int | None:
    if public.incident_id is None:
        return None
    rows = visible_to(viewer_id(request)).filter(id=public.incident_id)
    return rows.values_list("number", flat=True).first()


def _public(public_id: UUID) -> PublicIncident:
    found = reads.public_incident(public_id)
    if found is None:
        raise Http404("There is no such public incident; it may have been taken off the page.")
    return found


def _update(update_id: UUID) -> PublicUpdate:
    found = reads.public_update(update_id)
    if found is None:
        raise Http404("There is no such update; it may have been taken off the page.")
    return found
