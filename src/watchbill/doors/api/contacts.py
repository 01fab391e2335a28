"""Confirm a contact by the code that was sent to it, and try one out."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from watchbill.domain.paging import contact_messages
from watchbill.domain.paging.contact_message_reads import LastMessage, last_messages
from watchbill.domain.people.reads import person
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import person_id
from watchbill.doors.api.people import held_contact, reached
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired

router = Router(tags=["people"])


class CodeIn(Input):
    code: Annotated[Text, Field(max_length=20)]


class LastMessageOut(Output):
    """The newest code or test page. `state`: queued, sending, sent or failed, then with `error`."""

    id: UUID
    kind: str
    state: str
    error: str
    asked_at: InstantOut
    finished_at: InstantOut | None
    awaits_code: bool


@router.post(
    "/{name}/contacts/{contact}/send-code",
    response={202: LastMessageOut},
    summary="Send a code to a contact to confirm it",
)
@requires("contact.change_own")
def send_code(request: HttpRequest, name: Name, contact: UUID) -> Status[LastMessageOut]:
    """Six digits that hold for ten minutes; those before them are worth nothing any more."""
    found, _ = reached(request, name)
    held = held_contact(found, contact)
    contact_messages.send_code(held.id, actor=caller(request).actor, now=now_of(request))
    return Status(202, _last(request, held.id))


@router.post("/{name}/contacts/{contact}/confirm", response={204: None}, summary="Confirm a contact with its code")
@requires("contact.change_own")
def confirm(request: HttpRequest, name: Name, contact: UUID, body: CodeIn) -> Status[None]:
    """Five tries; then a new code is needed."""
    found, _ = reached(request, name)
    contact_messages.confirm(
        held_contact(found, contact).id,
        body.code,
        secret_key=wired().secret_key,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return Status(204, None)


@router.post("/{name}/contacts/{contact}/test", response={202: LastMessageOut}, summary="Send a test page to a contact")
@requires("contact.change_own")
def test(request: HttpRequest, name: Name, contact: UUID) -> Status[LastMessageOut]:
    """A page that says it is a test. Ask `last-message` what became of it."""
    found, _ = reached(request, name)
    held = held_contact(found, contact)
    contact_messages.send_test(held.id, actor=caller(request).actor, now=now_of(request))
    return Status(202, _last(request, held.id))


@router.get(
    "/{name}/contacts/{contact}/last-message",
    response=LastMessageOut,
    summary="Read what became of the last message to a contact",
)
@requires("contact.read_own")
def last_message(request: HttpRequest, name: Name, contact: UUID) -> LastMessageOut:
    wanted = person_id(name)
    if wanted != caller(request).user.id:
        caller(request).check("contact.read")
    found = person(wanted)
    if found is None:
        raise NotFound(f"There is no person {name}.")
    return _last(request, held_contact(found, contact).id)


def _last(request: HttpRequest, contact_id: UUID) -> LastMessageOut:
    last: LastMessage | None = last_messages([contact_id], now=now_of(request)).get(contact_id)
    if last is None:
        raise NotFound(f"Neither a code nor a test page was asked for contact {contact_id}.")
    return LastMessageOut(**{name: getattr(last, name) for name in LastMessageOut.model_fields})
