"""Teams: who leads, who manages, who belongs."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from watchbill.domain.people import team_actions
from watchbill.domain.people.reads import TeamDetail, team, teams
from watchbill.domain.people.rules import TeamDraft
from watchbill.domain.services.reads import uses_of_team
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import person_id, team_id
from watchbill.doors.api.pages import ListQuery, Page, page_of
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Name, Output, Text
from watchbill.doors.moment import now_of

router = Router(tags=["teams"])


class TeamIn(Input):
    """People by address."""

    name: Text
    lead: Text | None = None
    manager: Text | None = None
    members: Annotated[tuple[Text, ...], Field(max_length=1000)] = ()


class TeamOut(Output):
    id: UUID
    name: str
    lead: str | None
    manager: str | None
    members: list[str]


@router.get("", response=Page[TeamOut], summary="List teams")
@requires("team.read")
def listing(request: HttpRequest, asked: Query[ListQuery]) -> Page[TeamOut]:
    return page_of(teams(), cursor=asked.cursor, limit=asked.limit, key=lambda row: row.name, show=_out)


@router.post("", response={201: TeamOut}, summary="Create a team")
@requires("team.change")
def create(request: HttpRequest, body: TeamIn) -> Status[TeamOut]:
    made = team_actions.create_team(_draft(body), actor=caller(request).actor, now=now_of(request))
    return Status(201, _shown(made.id))


@router.get("/{name}", response=TeamOut, summary="Read one team")
@requires("team.read")
def one(request: HttpRequest, name: Name) -> TeamOut:
    return _shown(team_id(name))


@router.put("/{name}", response=TeamOut, summary="Change a team")
@requires("team.change")
def change(request: HttpRequest, name: Name, body: TeamIn) -> TeamOut:
    wanted = team_id(name)
    team_actions.change_team(wanted, _draft(body), actor=caller(request).actor, now=now_of(request))
    return _shown(wanted)


@router.delete("/{name}", response={204: None}, summary="Archive a team")
@requires("team.change")
def archive(request: HttpRequest, name: Name) -> Status[None]:
    wanted = team_id(name)
    uses = uses_of_team(wanted)
    team_actions.archive_team(wanted, uses=uses, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


def _draft(body: TeamIn) -> TeamDraft:
    return TeamDraft(
        name=body.name,
        lead_id=person_id(body.lead, field="lead") if body.lead else None,
        manager_id=person_id(body.manager, field="manager") if body.manager else None,
        member_ids=tuple(person_id(one, field=f"members[{index}]") for index, one in enumerate(body.members)),
    )


def _shown(wanted: UUID) -> TeamOut:
    found = team(wanted)
    if found is None:
        raise NotFound(f"There is no team {wanted}.")
    return _out(found)


def _out(row: TeamDetail) -> TeamOut:
    return TeamOut(
        id=row.id,
        name=row.name,
        lead=row.lead.email if row.lead else None,
        manager=row.manager.email if row.manager else None,
        members=[member.email for member in row.members],
    )
