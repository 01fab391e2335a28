"""Whom the roles of the process stand for."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from watchbill.domain.escalation.target_words import targets_of, word_of
from watchbill.domain.services.assignment_actions import TARGETS_MAX, Where, assign_role
from watchbill.domain.services.models import RoleAssignment
from watchbill.domain.services.role_lookup import assignments
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import service_id, team_id
from watchbill.doors.api.values import Input, Name, Output, Text
from watchbill.doors.moment import now_of

router = Router(tags=["roles"])


class AssignmentOut(Output):
    """Neither team nor service: it holds everywhere where nothing narrower does."""

    role: str
    team: str | None
    service: str | None
    targets: list[str]


class AssignmentsOut(Output):
    items: list[AssignmentOut]


class AssignmentIn(Input):
    """No targets: the role is looked for elsewhere again."""

    team: Text = ""
    service: Text = ""
    targets: Annotated[
        list[Text],
        Field(max_length=TARGETS_MAX, description="user:EMAIL, schedule:NAME, team-lead:NAME, team-manager:NAME"),
    ]


@router.get("", response=AssignmentsOut, summary="List whom the roles of the process stand for")
@requires("policy.read")
def listing(request: HttpRequest) -> AssignmentsOut:
    return AssignmentsOut(items=[_out(row) for row in assignments()])


@router.put("/{role}", response=AssignmentsOut, summary="Say whom a role stands for")
@requires("policy.change")
def assign(request: HttpRequest, role: Name, body: AssignmentIn) -> AssignmentsOut:
    """In one team or one service; with neither, in the whole organization."""
    where = Where(
        team_id=team_id(body.team, field="team") if body.team else None,
        service_id=service_id(body.service, field="service") if body.service else None,
    )
    caller(request).check("policy.change", team_ids=[where.owning_team()])
    assign_role(role, targets_of(body.targets), where=where, actor=caller(request).actor, now=now_of(request))
    return AssignmentsOut(items=[_out(row) for row in assignments() if row.role == role])


def _out(row: RoleAssignment) -> AssignmentOut:
    return AssignmentOut(
        role=row.role,
        team=row.team.name if row.team else None,
        service=row.service.name if row.service else None,
        targets=[word_of(one["kind"], one["label"]) for one in row.targets],
    )
