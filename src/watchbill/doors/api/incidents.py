"""Incidents: declare one, and look at them. What those who work on one do is in `incident_work`."""

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from watchbill.domain.alerts.listing import alert_id_of
from watchbill.domain.incidents import actions
from watchbill.domain.incidents.brief import facts
from watchbill.domain.incidents.reads import IncidentFilter, incident_detail, list_incidents
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.incident_out import (
    IncidentDetailOut,
    IncidentOut,
    IncidentsOut,
    detail_out,
    incident_id,
    person_id,
    viewer_of,
)
from watchbill.doors.api.names import service_id
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Name, Output, Text
from watchbill.doors.incident_export import export, export_zip
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import Unknown

router = Router(tags=["incidents"])


class DeclareIn(Input):
    """`severity` by its id or label; `alerts` by number or id; `insiders` by address, for a restricted one."""

    title: Annotated[Text, Field(max_length=1000)]
    severity: Name
    service: Text = ""
    alerts: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    drill: bool = False
    restricted: bool = False
    insiders: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    summary: Text = ""


class ExportOut(Output):
    text: str


class ExportQuery(Input):
    kind: Annotated[Literal["markdown", "csv", "json"], Field(alias="as")] = "markdown"


class IncidentQuery(Input):
    status: Literal["open", "ended", "all"] = "open"
    severity: Text = ""
    service: Text = ""


@router.get("", response=IncidentsOut, summary="List incidents")
@requires("incident.read")
def listing(request: HttpRequest, asked: Query[IncidentQuery]) -> IncidentsOut:
    """The newest first, at most 200."""
    wanted = IncidentFilter(
        status=asked.status,
        severity=asked.severity.lower(),
        service=service_id(asked.service, field="service") if asked.service else None,
    )
    return IncidentsOut(items=[IncidentOut(**facts(one)) for one in list_incidents(wanted, viewer=viewer_of(request))])


@router.post("", response={201: IncidentDetailOut, 200: IncidentDetailOut}, summary="Declare an incident")
@requires("incident.declare")
def declare(request: HttpRequest, body: DeclareIn) -> Status[IncidentDetailOut]:
    """Those whom the severity names are paged at once. 200: one of the alerts has an incident, which was joined."""
    made = actions.declare(
        actions.Declaration(
            title=body.title,
            severity=body.severity,
            service_id=service_id(body.service, field="service") if body.service else None,
            alert_ids=tuple(_alert(text, field=f"alerts[{index}]") for index, text in enumerate(body.alerts)),
            drill=body.drill,
            restricted=body.restricted,
            insiders=tuple(person_id(text, field=f"insiders[{index}]") for index, text in enumerate(body.insiders)),
            summary=body.summary,
        ),
        actor=caller(request).actor,
        now=now_of(request),
    )
    return Status(200 if made.joined else 201, detail_out(request, made.incident.id))


@router.get("/{incident}/export", response=ExportOut, summary="Export the record of an incident")
@requires("incident.read")
def exported(request: HttpRequest, incident: Name, asked: Query[ExportQuery]) -> ExportOut:
    found = incident_id(request, incident)
    detail = incident_detail(found, viewer=viewer_of(request), ways=wired().ways(), now=now_of(request))
    if detail is None:
        raise NotFound(f"There is no incident {incident!r}.")
    return ExportOut(text=export(detail, asked.kind))


@router.get("/{incident}/export.zip", summary="Export the record of an incident with its files")
@requires("incident.read")
def exported_zip(request: HttpRequest, incident: Name) -> HttpResponse:
    found = incident_id(request, incident)
    detail = incident_detail(found, viewer=viewer_of(request), ways=wired().ways(), now=now_of(request))
    if detail is None:
        raise NotFound(f"There is no incident {incident!r}.")
    answer = HttpResponse(export_zip(detail), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="incident-{detail.incident.number}.zip"'
    return answer


@router.get("/{incident}", response=IncidentDetailOut, summary="Read one incident with everything about it")
@requires("incident.read")
def one(request: HttpRequest, incident: Name) -> IncidentDetailOut:
    return detail_out(request, incident_id(request, incident))


def _alert(text: str, *, field: str) -> UUID:
    found = alert_id_of(text)
    if found is None:
        raise Unknown(field, f"there is no alert {text!r}; name it by its id or number")
    return found
