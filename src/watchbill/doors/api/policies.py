"""Escalation policies. A change makes a new version; alerts that are escalating keep theirs."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from watchbill.domain.escalation import policy_actions
from watchbill.domain.escalation.policy_reads import PolicyDetail, policies, policy, versions
from watchbill.domain.escalation.policy_rules import LevelDraft, PolicyDraft, TargetDraft
from watchbill.domain.escalation.target_words import targets_of, word_of
from watchbill.domain.services.reads import uses_of_policy
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import policy_id, team_id
from watchbill.doors.api.pages import ListQuery, Page, page_of
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Duration, DurationOut, Input, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of

router = Router(tags=["policies"])


class LevelIn(Input):
    """Targets: user:EMAIL, schedule:NAME, team-lead:NAME, team-manager:NAME."""

    targets: Annotated[list[Text], Field(max_length=100)]
    timeout: Duration


class PolicyIn(Input):
    """`acknowledgement_timeout` left out: the usual one; "0s": an acknowledgement lasts."""

    name: Text
    team: Text | None = None
    levels: Annotated[list[LevelIn], Field(max_length=100)]
    repeat: Annotated[int, Field(ge=0, le=100)] = 0
    acknowledgement_timeout: Duration | None = None


class LevelOut(Output):
    targets: list[str]
    timeout: DurationOut


class PolicyOut(Output):
    id: UUID
    name: str
    team: str | None
    version: int
    changed_at: InstantOut
    changed_by: str
    levels: list[LevelOut]
    repeat: int
    acknowledgement_timeout: DurationOut | None


class PolicyVersionOut(Output):
    number: int
    created_at: InstantOut
    created_by: str
    levels: list[LevelOut]
    repeat: int
    acknowledgement_timeout: DurationOut | None


@router.get("", response=Page[PolicyOut], summary="List policies")
@requires("policy.read")
def listing(request: HttpRequest, asked: Query[ListQuery]) -> Page[PolicyOut]:
    return page_of(policies(), cursor=asked.cursor, limit=asked.limit, key=lambda row: row.draft.name, show=_out)


@router.post("", response={201: PolicyOut}, summary="Create a policy")
@requires("policy.change")
def create(request: HttpRequest, body: PolicyIn) -> Status[PolicyOut]:
    draft = _draft(body)
    caller(request).check("policy.change", team_ids=[draft.team_id])
    made = policy_actions.create_policy(draft, actor=caller(request).actor, now=now_of(request))
    return Status(201, _out(_detail(made.id)))


@router.get("/{name}", response=PolicyOut, summary="Read one policy")
@requires("policy.read")
def one(request: HttpRequest, name: Name) -> PolicyOut:
    return _out(_detail(policy_id(name)))


@router.get("/{name}/versions", response=list[PolicyVersionOut], summary="List a policy's versions")
@requires("policy.read")
def history(request: HttpRequest, name: Name) -> list[PolicyVersionOut]:
    """Newest first."""
    return [
        PolicyVersionOut(
            number=row.number, created_at=row.created_at, created_by=row.created_by, **_plan(row.definition)
        )
        for row in versions(policy_id(name))
    ]


@router.put("/{name}", response=PolicyOut, summary="Make a new version of a policy")
@requires("policy.change")
def change(request: HttpRequest, name: Name, body: PolicyIn) -> PolicyOut:
    found, draft = _detail(policy_id(name)), _draft(body)
    caller(request).check("policy.change", team_ids=[found.draft.team_id, draft.team_id])
    policy_actions.change_policy(found.id, draft, actor=caller(request).actor, now=now_of(request))
    return _out(_detail(found.id))


@router.delete("/{name}", response={204: None}, summary="Archive a policy")
@requires("policy.change")
def archive(request: HttpRequest, name: Name) -> Status[None]:
    found = _detail(policy_id(name))
    caller(request).check("policy.change", team_ids=[found.draft.team_id])
    uses = uses_of_policy(found.id)
    policy_actions.archive_policy(found.id, uses=uses, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


def _draft(body: PolicyIn) -> PolicyDraft:
    return PolicyDraft(
        name=body.name,
        team_id=team_id(body.team, field="team") if body.team else None,
        levels=tuple(
            LevelDraft(
                targets=tuple(
                    TargetDraft(kind=target.kind, id=UUID(target.id))
                    for target in targets_of(level.targets, field=f"levels[{index}].targets")
                ),
                timeout=level.timeout,
            )
            for index, level in enumerate(body.levels)
        ),
        repeat=body.repeat,
        acknowledgement_timeout=body.acknowledgement_timeout,
    )


def _detail(wanted: UUID) -> PolicyDetail:
    found = policy(wanted)
    if found is None:
        raise NotFound(f"There is no policy {wanted}.")
    return found


def _out(row: PolicyDetail) -> PolicyOut:
    return PolicyOut(
        id=row.id,
        name=row.draft.name,
        team=row.team,
        version=row.version,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        **_plan(row.definition),
    )


def _plan(definition: dict[str, Any]) -> dict[str, Any]:
    lasts = definition.get("acknowledgement_timeout_seconds")
    return {
        "levels": [
            LevelOut(
                targets=[word_of(target["kind"], target["label"]) for target in level["targets"]],
                timeout=timedelta(seconds=level["timeout_seconds"]),
            )
            for level in definition["levels"]
        ],
        "repeat": definition.get("repeat", 0),
        "acknowledgement_timeout": None if lasts is None else timedelta(seconds=lasts),
    }
