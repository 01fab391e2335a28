"""Keys and maintenance of a service. A whole key is shown in one answer, to one person, on record."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.alerts.maintenance_actions import cancel_maintenance
from watchbill.domain.heartbeats.settings_actions import add_heartbeat, remove_heartbeat
from watchbill.domain.services import reads
from watchbill.domain.services.integration_actions import add_integration, remove_integration, reveal_key
from watchbill.domain.services.maintenance_actions import plan_maintenance
from watchbill.domain.services.rules import IntegrationDraft
from watchbill.doors.web.forms import posted, posted_duration
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of
from watchbill.doors.web.screens.services import detail_of, show_service
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused


@require_POST
@requires("integration.change")
def add(request: HttpRequest, service_id: UUID) -> HttpResponse:
    _check_keys(request, service_id)
    try:
        added = (
            _add_heartbeat(request, service_id) if posted(request, "kind") == "heartbeat" else _add(request, service_id)
        )
    except ChangeRefused as refused:
        return show_service(request, service_id, refused=refused)
    return show_service(request, service_id, revealed=added)


@require_POST
@requires("integration.change")
def reveal(request: HttpRequest, service_id: UUID, integration_id: UUID) -> HttpResponse:
    _check_keys(request, service_id, integration_id)
    try:
        key = reveal_key(integration_id, secret_key=wired().secret_key, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_service(request, service_id, refused=refused)
    return show_service(request, service_id, revealed=(integration_id, key))


@require_POST
@requires("integration.change")
def remove(request: HttpRequest, service_id: UUID, integration_id: UUID) -> HttpResponse:
    line = _check_keys(request, service_id, integration_id)
    verb = remove_heartbeat if line is not None and line.kind == "heartbeat" else remove_integration
    try:
        verb(integration_id, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The key is removed; events with it are refused from now on.")
    return HttpResponseRedirect(f"/services/{service_id}")


@require_POST
@requires("maintenance.change")
def maintain(request: HttpRequest, service_id: UUID) -> HttpResponse:
    detail = detail_of(service_id)
    caller(request).check("maintenance.change", team_ids=[detail.draft.team_id])
    now = now_of(request)
    try:
        window = plan_maintenance(
            service_id,
            starts_at=now,
            ends_at=now + posted_duration(request, "lasts"),
            reason=posted(request, "reason"),
            actor=actor_of(request),
            now=now,
        )
    except ChangeRefused as refused:
        return show_service(request, service_id, refused=refused)
    messages.success(request, f"{detail.draft.name} is under maintenance. It ends by itself: {window.reason}.")
    return HttpResponseRedirect(f"/services/{service_id}")


@require_POST
@requires("maintenance.change")
def end_maintenance(request: HttpRequest, service_id: UUID, window_id: UUID) -> HttpResponse:
    detail = detail_of(service_id)
    caller(request).check("maintenance.change", team_ids=[detail.draft.team_id])
    if window_id not in {one.id for one in reads.maintenance(now=now_of(request), service_id=service_id)}:
        messages.error(request, "That maintenance is over already.")
        return HttpResponseRedirect(f"/services/{service_id}")
    try:
        cancel_maintenance(window_id, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The maintenance is over; alerts that waited for its end page now.")
    return HttpResponseRedirect(f"/services/{service_id}")


def _check_keys(
    request: HttpRequest, service_id: UUID, integration_id: UUID | None = None
) -> reads.IntegrationLine | None:
    """The integration, when one is named; it must belong to the service that was checked."""
    detail = detail_of(service_id)
    caller(request).check("integration.change", team_ids=[detail.draft.team_id])
    if integration_id is None:
        return None
    found = next((line for line in detail.integrations if line.id == integration_id), None)
    if found is None:
        raise Http404("That service has no such integration.")
    return found


def _add(request: HttpRequest, service_id: UUID) -> tuple[UUID, str]:
    draft = IntegrationDraft(kind=posted(request, "kind"), name=posted(request, "name"))
    added = add_integration(
        service_id, draft, secret_key=wired().secret_key, actor=actor_of(request), now=now_of(request)
    )
    return added.id, added.key


def _add_heartbeat(request: HttpRequest, service_id: UUID) -> tuple[UUID, str]:
    grace = posted_duration(request, "grace") if posted(request, "grace").strip() else timedelta(0)
    added = add_heartbeat(
        service_id,
        name=posted(request, "name"),
        key=None,
        period=posted_duration(request, "period"),
        grace=grace,
        secret_key=wired().secret_key,
        actor=actor_of(request),
        now=now_of(request),
    )
    return added.id, added.key
