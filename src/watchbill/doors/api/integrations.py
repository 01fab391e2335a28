"""Keys by which events come into a service; among them heartbeats, whose silence raises an alert."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from watchbill.domain.heartbeats import settings_actions
from watchbill.domain.heartbeats.models import Heartbeat
from watchbill.domain.heartbeats.reads import heartbeats_of_service
from watchbill.domain.services import integration_actions
from watchbill.domain.services.models import IntegrationKind
from watchbill.domain.services.reads import ServiceDetail
from watchbill.domain.services.rules import IntegrationDraft
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import service_id
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.services import detail_of
from watchbill.doors.api.values import Duration, DurationOut, Input, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired

router = Router(tags=["integrations"])


class IntegrationIn(Input):
    """`key` left out: one is made."""

    kind: Text
    name: Text = ""
    key: Text | None = None


class RenameIn(Input):
    name: Text


class HeartbeatIn(Input):
    name: Text
    period: Duration
    grace: Duration = timedelta(0)
    key: Text | None = None


class HeartbeatChangeIn(Input):
    period: Duration
    grace: Duration


class AddedOut(Output):
    id: UUID
    key: str


class KeyOut(Output):
    key: str


class HeartbeatOut(Output):
    """`id` is its integration's."""

    id: UUID
    name: str
    period: DurationOut
    grace: DurationOut
    state: str
    last_ping_at: InstantOut | None


@router.post("/{name}/integrations", response={201: AddedOut}, summary="Add an integration to a service")
@requires("integration.change")
def add(request: HttpRequest, name: Name, body: IntegrationIn) -> Status[AddedOut]:
    """The key is in the answer, and later only behind `reveal`."""
    found = _own(request, name)
    made = integration_actions.add_integration(
        found.id,
        IntegrationDraft(kind=body.kind, name=body.name, key=body.key),
        secret_key=wired().secret_key,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return Status(201, AddedOut(id=made.id, key=made.key))


@router.patch("/{name}/integrations/{integration}", response={204: None}, summary="Rename an integration")
@requires("integration.change")
def rename(request: HttpRequest, name: Name, integration: UUID, body: RenameIn) -> Status[None]:
    _of(_own(request, name), integration)
    integration_actions.rename_integration(
        integration, name=body.name, actor=caller(request).actor, now=now_of(request)
    )
    return Status(204, None)


@router.post("/{name}/integrations/{integration}/reveal", response=KeyOut, summary="Show an integration's key")
@requires("integration.change")
def reveal(request: HttpRequest, name: Name, integration: UUID) -> KeyOut:
    """Whoever looks is on record."""
    _of(_own(request, name), integration)
    key = integration_actions.reveal_key(
        integration, secret_key=wired().secret_key, actor=caller(request).actor, now=now_of(request)
    )
    return KeyOut(key=key)


@router.delete("/{name}/integrations/{integration}", response={204: None}, summary="Remove an integration")
@requires("integration.change")
def remove(request: HttpRequest, name: Name, integration: UUID) -> Status[None]:
    """Events with its key are refused from then on."""
    kind = _of(_own(request, name), integration)
    take_away = (
        settings_actions.remove_heartbeat
        if kind == IntegrationKind.HEARTBEAT
        else integration_actions.remove_integration
    )
    take_away(integration, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@router.get("/{name}/heartbeats", response=list[HeartbeatOut], summary="List a service's heartbeats")
@requires("service.read")
def heartbeats(request: HttpRequest, name: Name) -> list[HeartbeatOut]:
    return [_heartbeat(row) for row in heartbeats_of_service(service_id(name))]


@router.post("/{name}/heartbeats", response={201: AddedOut}, summary="Add a heartbeat to a service")
@requires("integration.change")
def add_heartbeat(request: HttpRequest, name: Name, body: HeartbeatIn) -> Status[AddedOut]:
    """It waits for its first ping before silence counts."""
    found = _own(request, name)
    made = settings_actions.add_heartbeat(
        found.id,
        name=body.name,
        key=body.key,
        period=body.period,
        grace=body.grace,
        secret_key=wired().secret_key,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return Status(201, AddedOut(id=made.id, key=made.key))


@router.put("/{name}/heartbeats/{integration}", response={204: None}, summary="Change a heartbeat's period and grace")
@requires("integration.change")
def change_heartbeat(request: HttpRequest, name: Name, integration: UUID, body: HeartbeatChangeIn) -> Status[None]:
    _of(_own(request, name), integration)
    settings_actions.change_heartbeat(
        integration, period=body.period, grace=body.grace, actor=caller(request).actor, now=now_of(request)
    )
    return Status(204, None)


def _own(request: HttpRequest, name: str) -> ServiceDetail:
    found = detail_of(service_id(name))
    caller(request).check("integration.change", team_ids=[found.draft.team_id])
    return found


def _of(found: ServiceDetail, integration: UUID) -> str:
    """Its kind. Raises NotFound for another service's."""
    kind = next((one.kind for one in found.integrations if one.id == integration), None)
    if kind is None:
        raise NotFound(f"Service {found.draft.name} has no integration {integration}.")
    return kind


def _heartbeat(row: Heartbeat) -> HeartbeatOut:
    return HeartbeatOut(
        id=row.integration_id,
        name=row.integration.name,
        period=timedelta(seconds=row.period_seconds),
        grace=timedelta(seconds=row.grace_seconds),
        state=str(row.state),
        last_ping_at=row.last_ping_at,
    )
