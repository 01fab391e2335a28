"""The public status page: how it looks, its components, announced maintenance. What is published: `publications`."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from watchbill.domain.errands.actions import try_now
from watchbill.domain.status_page import (
    component_actions,
    maintenance_actions,
    reads,
    settings_actions,
    subscriber_actions,
)
from watchbill.domain.status_page.component_actions import ComponentDraft
from watchbill.domain.status_page.maintenance_actions import MaintenanceDraft
from watchbill.domain.status_page.maintenance_rules import end_of, status_of
from watchbill.domain.status_page.models import Component, PublicMaintenance
from watchbill.domain.status_page.page_actions import write_again
from watchbill.domain.status_page.rules import WRITE
from watchbill.domain.status_page.settings_actions import PageDraft
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import service_id
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Instant, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

router = Router(tags=["status page"])

_LOGO_TEXT_MAX = 300_000


class StatusPageIn(Input):
    """`address` empty: under this instance's own, at /status."""

    name: Text
    address: Text = ""
    support_url: Text = ""
    time_zone: Text = ""
    accent_light: Text = "#1f4fd8"
    accent_dark: Text = "#8fb0ff"


class StatusPageOut(Output):
    """`trouble`: why the files could not be written, if they could not. `subscribers`: how many, by kind."""

    name: str
    address: str
    support_url: str
    time_zone: str
    accent_light: str
    accent_dark: str
    has_logo: bool
    last_written: InstantOut | None
    is_current: bool
    trouble: str
    subscribers: Mapping[str, int]


class LogoIn(Input):
    """PNG or JPEG in base64; empty takes it away."""

    image: Annotated[str, Field(max_length=_LOGO_TEXT_MAX)]


class ComponentIn(Input):
    """`service` by name or id. `position` left out: the last."""

    name: Text
    description: Text = ""
    group: Text = ""
    service: Text | None = None
    position: Annotated[int, Field(ge=1, le=9999)] | None = None
    shown: bool = True


class ComponentOut(Output):
    id: UUID
    name: str
    description: str
    group: str
    service: str | None
    position: int
    shown: bool
    state: str


class PositionIn(Input):
    position: Annotated[int, Field(ge=1, le=9999)]


class PublicMaintenanceIn(Input):
    """Either the `window` of a service, or `start` and `end`. `components` by id."""

    title: Text
    body: Text
    components: Annotated[tuple[UUID, ...], Field(max_length=200)]
    window: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None


class PublicMaintenanceOut(Output):
    id: UUID
    title: str
    body: str
    status: str
    start: InstantOut
    end: InstantOut
    components: list[str]


class SubscriberOut(Output):
    id: UUID
    kind: str
    address: str
    asked_at: InstantOut
    confirmed_at: InstantOut | None


@router.get("", response=StatusPageOut, summary="Read the status page's settings and state")
@requires("status_page.read")
def shown(request: HttpRequest) -> StatusPageOut:
    return _page_out()


@router.put("", response=StatusPageOut, summary="Change the status page's settings")
@requires("status_page.change")
def change(request: HttpRequest, body: StatusPageIn) -> StatusPageOut:
    draft = PageDraft(**body.model_dump())
    settings_actions.change_page(draft, actor=caller(request).actor, now=now_of(request))
    return _page_out()


@router.put("/logo", response=StatusPageOut, summary="Set the status page's logo")
@requires("status_page.change")
def logo(request: HttpRequest, body: LogoIn) -> StatusPageOut:
    try:
        image = base64.b64decode(body.image, validate=True)
    except binascii.Error as error:
        raise ChangeRefused("image", "is not base64; encode the file's bytes") from error
    settings_actions.set_logo(image, actor=caller(request).actor, now=now_of(request))
    return _page_out()


@router.post("/write", response=StatusPageOut, summary="Write the status page's files now")
@requires("status_page.publish")
def write(request: HttpRequest) -> StatusPageOut:
    write_again(now=now_of(request))
    page = reads.page()
    if page is not None:
        try_now(WRITE, page.id, now=now_of(request))
    return _page_out()


@router.get("/components", response=list[ComponentOut], summary="List components")
@requires("status_page.read")
def components(request: HttpRequest) -> list[ComponentOut]:
    return [_component_out(one) for one in reads.components()]


@router.post("/components", response={201: ComponentOut}, summary="Add a component")
@requires("status_page.change")
def add_component(request: HttpRequest, body: ComponentIn) -> Status[ComponentOut]:
    made = component_actions.add_component(_draft(body), actor=caller(request).actor, now=now_of(request))
    return Status(201, _component(made.id))


@router.put("/components/{component}", response=ComponentOut, summary="Change a component")
@requires("status_page.change")
def change_component(request: HttpRequest, component: UUID, body: ComponentIn) -> ComponentOut:
    _component(component)
    draft = _draft(body)
    component_actions.change_component(component, draft, actor=caller(request).actor, now=now_of(request))
    return _component(component)


@router.delete("/components/{component}", response={204: None}, summary="Take a component off the page")
@requires("status_page.change")
def remove_component(request: HttpRequest, component: UUID) -> Status[None]:
    _component(component)
    component_actions.remove_component(component, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@router.put("/groups/{name}", response=list[ComponentOut], summary="Place a group among the groups")
@requires("status_page.change")
def place_group(request: HttpRequest, name: Name, body: PositionIn) -> list[ComponentOut]:
    component_actions.place_group(name, position=body.position, actor=caller(request).actor, now=now_of(request))
    return [_component_out(one) for one in reads.components()]


@router.get("/maintenance", response=list[PublicMaintenanceOut], summary="List announced maintenance")
@requires("status_page.read")
def maintenance(request: HttpRequest) -> list[PublicMaintenanceOut]:
    return [_maintenance_out(request, one) for one in reads.maintenances()]


@router.post("/maintenance", response={201: PublicMaintenanceOut}, summary="Announce maintenance")
@requires("status_page.publish")
def announce(request: HttpRequest, body: PublicMaintenanceIn) -> Status[PublicMaintenanceOut]:
    draft = MaintenanceDraft(
        title=body.title,
        body=body.body,
        component_ids=body.components,
        window_id=body.window,
        starts_at=body.start,
        ends_at=body.end,
    )
    made = maintenance_actions.publish_maintenance(draft, actor=caller(request).actor, now=now_of(request))
    return Status(201, _maintenance_out(request, made))


@router.delete("/maintenance/{maintenance}", response={204: None}, summary="End or call off announced maintenance")
@requires("status_page.publish")
def end(request: HttpRequest, maintenance: UUID) -> Status[None]:
    maintenance_actions.end_public_maintenance(maintenance, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@router.get("/subscribers", response=list[SubscriberOut], summary="List the status page's subscribers")
@requires("status_page.change")
def subscribers(request: HttpRequest) -> list[SubscriberOut]:
    """Those that are told, and those that were asked and did not answer yet. The latest five hundred."""
    return [
        SubscriberOut(
            id=one.id, kind=one.kind, address=one.address, asked_at=one.asked_at, confirmed_at=one.confirmed_at
        )
        for one in reads.subscribers()
    ]


@router.delete("/subscribers/{subscriber}", response={204: None}, summary="Remove a subscriber")
@requires("status_page.change")
def remove_subscriber(request: HttpRequest, subscriber: UUID) -> Status[None]:
    subscriber_actions.remove_subscriber(subscriber, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


def _page_out() -> StatusPageOut:
    page = reads.page()
    draft = settings_actions.draft_of(page) if page else PageDraft(name="Status")
    trouble = reads.trouble()
    return StatusPageOut(
        name=draft.name,
        address=draft.address or f"{wired().base_url}/status",
        support_url=draft.support_url,
        time_zone=draft.time_zone,
        accent_light=draft.accent_light,
        accent_dark=draft.accent_dark,
        has_logo=bool(page and page.logo),
        last_written=page.written_at if page else None,
        is_current=page is not None and page.written_changes == page.changes,
        trouble=trouble.last_error if trouble else "",
        subscribers=reads.subscribers_count(),
    )


def _draft(body: ComponentIn) -> ComponentDraft:
    return ComponentDraft(
        name=body.name,
        description=body.description,
        group=body.group,
        service_id=service_id(body.service, field="service") if body.service else None,
        position=body.position,
        shown=body.shown,
    )


def _component(wanted: UUID) -> ComponentOut:
    found = next((one for one in reads.components() if one.id == wanted), None)
    if found is None:
        raise NotFound(f"The page has no component {wanted}.")
    return _component_out(found)


def _component_out(row: Component) -> ComponentOut:
    return ComponentOut(
        id=row.id,
        name=row.name,
        description=row.description,
        group=row.group.name if row.group else "",
        service=row.service.name if row.service else None,
        position=row.position,
        shown=row.shown,
        state=row.state,
    )


def _maintenance_out(request: HttpRequest, row: PublicMaintenance) -> PublicMaintenanceOut:
    return PublicMaintenanceOut(
        id=row.id,
        title=row.title,
        body=row.body,
        status=status_of(row, now=now_of(request)),
        start=row.starts_at,
        end=end_of(row),
        components=[one.name for one in row.components.all()],
    )
