"""The organization: its name, its zone, and who is paged when nobody else could be."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from watchbill.domain.people.actions import set_organization
from watchbill.domain.people.reads import organization
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import person_id
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Output, Text
from watchbill.doors.moment import now_of

router = Router(tags=["organization"])


class OrganizationIn(Input):
    """`fallback`: addresses, in the order in which they are shown; all of them are paged."""

    name: Text
    time_zone: Text = "UTC"
    fallback: Annotated[list[Text], Field(max_length=100)]


class OrganizationOut(Output):
    name: str
    time_zone: str
    fallback: list[str]


@router.get("", response=OrganizationOut, summary="Read the organization")
@requires("organization.read")
def one(request: HttpRequest) -> OrganizationOut:
    return _shown()


@router.put("", response=OrganizationOut, summary="Change the organization and its fallback")
@requires("organization.change")
def change(request: HttpRequest, body: OrganizationIn) -> OrganizationOut:
    set_organization(
        name=body.name,
        time_zone=body.time_zone,
        fallback_ids=[person_id(one, field=f"fallback[{index}]") for index, one in enumerate(body.fallback)],
        actor=caller(request).actor,
        now=now_of(request),
    )
    return _shown()


def _shown() -> OrganizationOut:
    found = organization()
    if found is None:
        raise NotFound("The organization has not been set up yet.")
    return OrganizationOut(name=found.name, time_zone=found.time_zone, fallback=[held.email for held in found.fallback])
