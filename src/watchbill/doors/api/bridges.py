"""The pool of bridges, and the bridge of one incident."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from watchbill.domain.bridges import pool_actions
from watchbill.domain.bridges.actions import Choice, change
from watchbill.domain.bridges.reads import PoolLine, bridge_id_of, pool
from watchbill.domain.bridges.rules import BridgeDraft
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.incident_out import IncidentDetailOut, detail_out, incident_id
from watchbill.doors.api.names import team_id
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.ground.refusals import Unknown

router = Router(tags=["bridges"])
of_incident = Router(tags=["incidents"])


class BridgeIn(Input):
    """`kind`: zoom, google-meet, jitsi, link or phone. A `url` with {name} is another room for each incident."""

    name: Text
    kind: Name
    url: Text = ""
    phone: Text = ""
    pin: Text = ""
    order: Annotated[int, Field(ge=0, le=9999)] = 100
    team: Text = ""


class BridgeOut(Output):
    """`incidents`: those that have it now, as far as you may see them."""

    id: UUID
    name: str
    kind: str
    url: str
    phone: str
    pin: str
    order: int
    team: str | None
    in_use: bool
    incidents: list[int]


class BridgesOut(Output):
    items: list[BridgeOut]


class ChoiceIn(Input):
    """A `bridge` of the pool by name or id; or a `url`, or a `phone` with its `pin`."""

    bridge: Text = ""
    url: Text = ""
    phone: Text = ""
    pin: Text = ""
    reason: Annotated[Text, Field(max_length=1000)]


@router.get("", response=BridgesOut, summary="List the pool of bridges")
@requires("bridge.read")
def listing(request: HttpRequest) -> BridgesOut:
    """In the order in which they are taken."""
    return BridgesOut(items=[_out(line) for line in pool(viewer=caller(request).person.id)])


@router.post("", response={201: BridgeOut}, summary="Add a bridge to the pool")
@requires("bridge.change")
def add(request: HttpRequest, body: BridgeIn) -> Status[BridgeOut]:
    made = pool_actions.add_bridge(_draft(body), actor=caller(request).actor, now=now_of(request))
    return Status(201, _shown(request, made.id))


@router.get("/{name}", response=BridgeOut, summary="Read one bridge")
@requires("bridge.read")
def one(request: HttpRequest, name: Name) -> BridgeOut:
    return _shown(request, _id(name))


@router.put("/{name}", response=BridgeOut, summary="Change a bridge")
@requires("bridge.change")
def put(request: HttpRequest, name: Name, body: BridgeIn) -> BridgeOut:
    """An incident that has it keeps what it was given."""
    wanted = _id(name)
    pool_actions.change_bridge(wanted, _draft(body), actor=caller(request).actor, now=now_of(request))
    return _shown(request, wanted)


@router.delete("/{name}", response={204: None}, summary="Remove a bridge from the pool")
@requires("bridge.change")
def remove(request: HttpRequest, name: Name) -> Status[None]:
    pool_actions.remove_bridge(_id(name), actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@of_incident.post("/{incident}/bridge", response=IncidentDetailOut, summary="Change the bridge of an incident")
@requires("incident.respond")
def change_of_incident(request: HttpRequest, incident: Name, body: ChoiceIn) -> IncidentDetailOut:
    found = incident_id(request, incident)
    bridge = bridge_id_of(body.bridge) if body.bridge else None
    if body.bridge and bridge is None:
        raise Unknown("bridge", f"there is no bridge {body.bridge!r}; GET /api/v1/bridges lists them")
    choice = Choice(bridge_id=bridge, url=body.url, phone=body.phone, pin=body.pin)
    change(incident_id=found, choice=choice, reason=body.reason, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)


def _id(text: str) -> UUID:
    found = bridge_id_of(text)
    if found is None:
        raise NotFound(f"There is no bridge {text!r}. Name it by its id or its name.")
    return found


def _draft(body: BridgeIn) -> BridgeDraft:
    return BridgeDraft(
        name=body.name,
        kind=body.kind,
        url=body.url,
        phone=body.phone,
        pin=body.pin,
        order=body.order,
        team_id=team_id(body.team, field="team") if body.team else None,
    )


def _shown(request: HttpRequest, wanted: UUID) -> BridgeOut:
    for line in pool(viewer=caller(request).person.id):
        if line.bridge.id == wanted:
            return _out(line)
    raise NotFound(f"There is no bridge {wanted}.")


def _out(line: PoolLine) -> BridgeOut:
    row = line.bridge
    return BridgeOut(
        id=row.id,
        name=row.name,
        kind=row.kind,
        url=row.url,
        phone=row.phone,
        pin=row.pin,
        order=row.order,
        team=row.team.name if row.team else None,
        in_use=line.in_use,
        incidents=list(line.users),
    )
