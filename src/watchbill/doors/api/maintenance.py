"""Maintenance windows: alerts that open meanwhile are kept and paged when it is over."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from watchbill.domain.alerts.maintenance_actions import cancel_maintenance
from watchbill.domain.services.maintenance_actions import plan_maintenance
from watchbill.domain.services.models import MaintenanceWindow
from watchbill.domain.services.reads import maintenance
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import service_id
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.services import detail_of
from watchbill.doors.api.values import Input, Instant, InstantOut, Output, Text
from watchbill.doors.moment import now_of

router = Router(tags=["maintenance"])


class MaintenanceIn(Input):
    """`start` left out: now."""

    service: Text
    start: Instant | None = None
    end: Instant
    reason: Text


class MaintenanceOut(Output):
    id: UUID
    service: str
    start: InstantOut
    end: InstantOut
    reason: str
    created_by: str


@router.get("", response=list[MaintenanceOut], summary="List maintenance windows")
@requires("service.read")
def listing(request: HttpRequest) -> list[MaintenanceOut]:
    """Under way and to come, the next one first."""
    return [
        MaintenanceOut(
            id=row.id,
            service=row.service,
            start=row.starts_at,
            end=row.ends_at,
            reason=row.reason,
            created_by=row.created_by,
        )
        for row in maintenance(now=now_of(request))
    ]


@router.post("", response={201: MaintenanceOut}, summary="Plan a maintenance window")
@requires("maintenance.change")
def plan(request: HttpRequest, body: MaintenanceIn) -> Status[MaintenanceOut]:
    found = detail_of(service_id(body.service, field="service"))
    caller(request).check("maintenance.change", team_ids=[found.draft.team_id])
    now = now_of(request)
    made = plan_maintenance(
        found.id,
        starts_at=body.start or now,
        ends_at=body.end,
        reason=body.reason,
        actor=caller(request).actor,
        now=now,
    )
    shown = MaintenanceOut(
        id=made.id,
        service=found.draft.name,
        start=made.starts_at,
        end=made.ends_at,
        reason=made.reason,
        created_by=made.created_by,
    )
    return Status(201, shown)


@router.delete("/{window}", response={204: None}, summary="End or cancel a maintenance window")
@requires("maintenance.change")
def end(request: HttpRequest, window: UUID) -> Status[None]:
    """One under way ends now, and the alerts that waited for it go on at once."""
    found = MaintenanceWindow.objects.select_related("service").filter(id=window).first()
    if found is None:
        raise NotFound(f"There is no maintenance window {window}.")
    caller(request).check("maintenance.change", team_ids=[found.service.team_id])
    cancel_maintenance(window, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)
