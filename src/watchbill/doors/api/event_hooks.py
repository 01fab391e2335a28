"""Endpoints to which events of incidents are sent."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from watchbill.domain.event_hooks import actions, reads
from watchbill.domain.event_hooks.models import EventDelivery
from watchbill.domain.event_hooks.rules import HookDraft
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired

router = Router(tags=["event hooks"])


class HookIn(Input):
    """`severities` empty: any; `service` empty: any. `restricted` takes an owner."""

    name: Name
    url: Annotated[Text, Field(max_length=2048)]
    events: Annotated[tuple[Text, ...], Field(max_length=50)]
    service: Text = ""
    severities: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    restricted: bool = False

    def draft(self) -> HookDraft:
        return HookDraft(
            name=self.name,
            url=self.url,
            events=self.events,
            service_name=self.service,
            severities=self.severities,
            restricted=self.restricted,
        )


class HookOut(Output):
    """`failing_since`: since then nothing was delivered. `waiting` and `given_up` count deliveries."""

    id: UUID
    name: str
    url: str
    events: list[str]
    service: str | None
    severities: list[str]
    restricted: bool
    created_at: InstantOut
    created_by: str
    failing_since: InstantOut | None
    paused_at: InstantOut | None
    paused_why: str
    waiting: int
    given_up: int


class NewHookOut(Output):
    """`secret` is shown only now."""

    id: UUID
    secret: str


class HookSecretOut(Output):
    """`former_until`: until then the secret before it signs along."""

    secret: str
    former_until: InstantOut | None


class EventDeliveryOut(Output):
    """`status`: what the receiver answered last. `state`: pending, delivered, given-up or withheld."""

    id: UUID
    event: str
    incident: int
    state: str
    queued_at: InstantOut
    attempts: int
    tried_at: InstantOut | None
    next_try_at: InstantOut
    status: int | None
    error: str


class HooksOut(Output):
    items: list[HookOut]


class DeliveriesOut(Output):
    items: list[EventDeliveryOut]


@router.get("", response=HooksOut, summary="List endpoints for events")
@requires("event_hook.read")
def listing(request: HttpRequest) -> HooksOut:
    return HooksOut(items=[_out(line) for line in reads.hooks()])


@router.post("", response={201: NewHookOut}, summary="Add an endpoint for events")
@requires("event_hook.change")
def add(request: HttpRequest, body: HookIn) -> Status[NewHookOut]:
    """The secret is made here and shown only now."""
    if body.restricted:
        caller(request).check("event_hook.restricted")
    made = actions.add(body.draft(), secret_key=wired().secret_key, actor=caller(request).actor, now=now_of(request))
    return Status(201, NewHookOut(id=made.id, secret=made.secret))


@router.get("/{hook}", response=HookOut, summary="Read one endpoint")
@requires("event_hook.read")
def one(request: HttpRequest, hook: Name) -> HookOut:
    return _out(_line(hook))


@router.put("/{hook}", response=HookOut, summary="Change an endpoint")
@requires("event_hook.change")
def change(request: HttpRequest, hook: Name, body: HookIn) -> HookOut:
    """What happened before is still told by the choice of then."""
    found = _changeable(request, hook, restricted=body.restricted)
    actions.change(found, body.draft(), actor=caller(request).actor, now=now_of(request))
    return _out(_line(str(found)))


@router.delete("/{hook}", response={204: None}, summary="Remove an endpoint")
@requires("event_hook.change")
def remove(request: HttpRequest, hook: Name) -> Status[None]:
    actions.remove(_line(hook).hook.id, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@router.post("/{hook}/secret", response=HookSecretOut, summary="Renew the secret of an endpoint")
@requires("event_hook.change")
def secret(request: HttpRequest, hook: Name) -> HookSecretOut:
    """For a day both sign, so that the receiver is changed without a gap."""
    found = _changeable(request, hook)
    made = actions.renew_secret(found, secret_key=wired().secret_key, actor=caller(request).actor, now=now_of(request))
    return HookSecretOut(secret=made, former_until=_line(str(found)).hook.former_until)


@router.post("/{hook}/pause", response=HookOut, summary="Pause an endpoint")
@requires("event_hook.change")
def pause(request: HttpRequest, hook: Name) -> HookOut:
    found = _line(hook).hook.id
    actions.pause(found, actor=caller(request).actor, now=now_of(request))
    return _out(_line(str(found)))


@router.post("/{hook}/resume", response=HookOut, summary="Resume an endpoint, and send what waits now")
@requires("event_hook.change")
def resume(request: HttpRequest, hook: Name) -> HookOut:
    found = _line(hook).hook.id
    actions.resume(found, actor=caller(request).actor, now=now_of(request))
    return _out(_line(str(found)))


@router.get("/{hook}/deliveries", response=DeliveriesOut, summary="What was sent to an endpoint lately")
@requires("event_hook.read")
def deliveries(request: HttpRequest, hook: Name) -> DeliveriesOut:
    """The newest first, of incidents that the caller may see."""
    rows = reads.recent_deliveries(_line(hook).hook.id, viewer=caller(request).person.id)
    return DeliveriesOut(items=[_delivery(row) for row in rows])


@router.post("/{hook}/deliveries/{delivery}/redeliver", response={202: None}, summary="Send an event once more")
@requires("event_hook.change")
def redeliver(request: HttpRequest, hook: Name, delivery: UUID) -> Status[None]:
    found = _line(hook).hook.id
    if not reads.delivery_is_visible(found, delivery, viewer=caller(request).person.id):
        raise NotFound(f"There is no delivery {delivery}.")
    actions.redeliver(found, delivery, actor=caller(request).actor, now=now_of(request))
    return Status(202, None)


def _changeable(request: HttpRequest, hook: str, *, restricted: bool = False) -> UUID:
    """Whoever may lead an endpoint elsewhere may read what it is sent. Raises Forbidden."""
    held = _line(hook).hook
    if restricted or held.restricted:
        caller(request).check("event_hook.restricted")
    return held.id


def _line(text: str) -> reads.HookLine:
    found = reads.hook_id_of(text)
    line = reads.hook_line(found) if found is not None else None
    if line is None:
        raise NotFound(f"There is no endpoint {text!r}. Name it by its id or its name.")
    return line


def _out(line: reads.HookLine) -> HookOut:
    hook = line.hook
    counted = ("service", "waiting", "given_up")
    named = {name: getattr(hook, name) for name in HookOut.model_fields if name not in counted}
    service = hook.service.name if hook.service else None
    return HookOut(service=service, waiting=line.waiting, given_up=line.given_up, **named)


def _delivery(row: EventDelivery) -> EventDeliveryOut:
    named = {name: getattr(row, name) for name in EventDeliveryOut.model_fields if name != "incident"}
    return EventDeliveryOut(incident=row.incident.number, **named)
