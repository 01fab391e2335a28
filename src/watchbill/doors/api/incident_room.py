"""Files in the room of an incident, who has its page open, and paging somebody by name."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile
from pydantic import Field

from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents import page_actions, room_actions
from watchbill.domain.incidents.attachment_reads import attachment_of, attachments_of
from watchbill.domain.incidents.looking_reads import present_in
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.incident_out import (
    AttachmentOut,
    IncidentDetailOut,
    attachment_out,
    detail_out,
    incident_id,
    person_id,
    viewer_of,
)
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Instant, Name, Output, Text
from watchbill.doors.attached_file import answer_with
from watchbill.doors.moment import now_of
from watchbill.doors.uploads import files_in
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

router = Router(tags=["incidents"])

Reason = Annotated[Text, Field(max_length=1000)]


class AttachIn(Input):
    """`at` makes it an entry for the past. Without `text` the names of the files stand there."""

    text: Annotated[Text, Field(max_length=5000)] = ""
    alt: Annotated[Text, Field(max_length=300)] = ""
    thread: UUID | None = None
    at: Instant | None = None


class AttachmentsOut(Output):
    items: list[AttachmentOut]


class PresentOut(Output):
    people: list[str]


class PagePersonIn(Input):
    person: Name
    reason: Reason


@router.get("/{incident}/attachments", response=AttachmentsOut, summary="List the files of an incident")
@requires("incident.read")
def listing(request: HttpRequest, incident: Name) -> AttachmentsOut:
    found = attachments_of(incident_id(request, incident), viewer=viewer_of(request))
    return AttachmentsOut(items=[attachment_out(one) for one in found])


@router.post("/{incident}/attachments", response={201: AttachmentsOut}, summary="Attach screenshots or log excerpts")
@requires("incident.respond")
def attach(
    request: HttpRequest, incident: Name, body: Form[AttachIn], files: File[list[UploadedFile]]
) -> Status[AttachmentsOut]:
    """As `multipart/form-data`: PNG, JPEG, WebP, GIF or plain text, found out from the content."""
    found, who, now = incident_id(request, incident), caller(request).actor, now_of(request)
    if body.at is not None and body.thread is not None:
        raise ChangeRefused("thread", "an entry for the past stands in no thread; leave out one of the two")
    given = files_in(request)
    if not given.new:
        raise ChangeRefused("files", "send at least one file in the field `files`")
    post = _post(found, body, body.at, given, actor=who, now=now)
    made = attachments_of(found, viewer=viewer_of(request))
    return Status(201, AttachmentsOut(items=[attachment_out(one) for one in made if one.post_id == post]))


def _post(
    found: UUID, body: AttachIn, at: datetime | None, given: room_actions.Files, *, actor: Actor, now: datetime
) -> UUID:
    if at is not None:
        return room_actions.note(incident_id=found, text=body.text, at=at, files=given, actor=actor, now=now).id
    return room_actions.write(
        incident_id=found, text=body.text, thread=body.thread, files=given, actor=actor, now=now
    ).id


@router.get("/{incident}/attachments/{attachment}", summary="Read one file of an incident")
@requires("incident.read")
def content(request: HttpRequest, incident: Name, attachment: UUID) -> HttpResponse:
    found = attachment_of(incident_id(request, incident), attachment, viewer=viewer_of(request))
    if found is None:
        raise NotFound(f"There is no file {attachment} in this incident.")
    return answer_with(request, found)


@router.get("/{incident}/present", response=PresentOut, summary="Who has the page of an incident open now")
@requires("incident.read")
def present(request: HttpRequest, incident: Name) -> PresentOut:
    here = present_in(incident_id(request, incident), viewer=viewer_of(request), now=now_of(request))
    return PresentOut(people=[user.email for user in here])


@router.post("/{incident}/page", response=IncidentDetailOut, summary="Page one person for an incident")
@requires("incident.respond")
def page(request: HttpRequest, incident: Name, body: PagePersonIn) -> IncidentDetailOut:
    """`reason` is what that person reads first."""
    found = incident_id(request, incident)
    page_actions.page_person(
        incident_id=found,
        user_id=person_id(body.person, field="person"),
        reason=body.reason,
        actor=caller(request).actor,
        ways=wired().ways(),
        now=now_of(request),
    )
    return detail_out(request, found)
