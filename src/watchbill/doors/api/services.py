"""Services: what is watched, who would be paged for it, and why."""

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from watchbill.domain.services import actions, check_actions, dependency_actions
from watchbill.domain.services.check_rules import CHECKS_PER_SERVICE_MAX, CheckDraft
from watchbill.domain.services.dependency_rules import DEPENDENCIES_MAX
from watchbill.domain.services.explain import explain
from watchbill.domain.services.models import Service, UrgencyRule
from watchbill.domain.services.reads import ServiceDetail, service, services
from watchbill.domain.services.rules import ServiceDraft
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.ladder import StepOut, step_out
from watchbill.doors.api.names import policy_id, service_id, team_id
from watchbill.doors.api.pages import ListQuery, Page, page_of
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Instant, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired

router = Router(tags=["services"])


class ServiceIn(Input):
    """`urgency`: high, low or by-severity."""

    name: Text
    description: Text = ""
    team: Text | None = None
    policy: Text | None = None
    urgency: Text = UrgencyRule.HIGH.value
    runbook: Text = ""


class IntegrationOut(Output):
    """`hint` is all that is shown of a key."""

    id: UUID
    kind: str
    name: str
    hint: str
    created_at: InstantOut


class CheckPart(Input):
    """`query` is PromQL; `healthy_when` an operator and a number, like `< 0.01`."""

    name: Text
    query: Text
    healthy_when: Text
    unit: Text = ""


class ChecksIn(Input):
    checks: Annotated[list[CheckPart], Field(max_length=CHECKS_PER_SERVICE_MAX)]


class DependenciesIn(Input):
    """The services that it does not work without."""

    depends_on: Annotated[list[Name], Field(max_length=DEPENDENCIES_MAX)]


class ServiceOut(Output):
    id: UUID
    name: str
    description: str
    team: str | None
    policy: str | None
    urgency: str
    runbook: str
    integrations: list[IntegrationOut]
    checks: list[CheckPart]
    depends_on: list[str]
    needed_by: list[str]


class ExplanationOut(Output):
    """The ladder of an alert at that time, if nobody acknowledged it."""

    service: str
    policy: str
    urgency: str
    at: InstantOut
    maintenance_until: InstantOut | None
    reaches_somebody: bool
    steps: list[StepOut]


class ExplainQuery(Input):
    at: Instant | None = None
    urgency: Literal["high", "low"] = "high"


@router.get("", response=Page[ServiceOut], summary="List services")
@requires("service.read")
def listing(request: HttpRequest, asked: Query[ListQuery]) -> Page[ServiceOut]:
    return page_of(services(), cursor=asked.cursor, limit=asked.limit, key=lambda row: row.draft.name, show=_out)


@router.post("", response={201: ServiceOut}, summary="Create a service")
@requires("service.change")
def create(request: HttpRequest, body: ServiceIn) -> Status[ServiceOut]:
    draft = _draft(body)
    caller(request).check("service.change", team_ids=[draft.team_id])
    made = actions.create_service(draft, actor=caller(request).actor, now=now_of(request))
    return Status(201, _out(detail_of(made.id)))


@router.get("/{name}", response=ServiceOut, summary="Read one service")
@requires("service.read")
def one(request: HttpRequest, name: Name) -> ServiceOut:
    return _out(detail_of(service_id(name)))


@router.put("/{name}", response=ServiceOut, summary="Change a service")
@requires("service.change")
def change(request: HttpRequest, name: Name, body: ServiceIn) -> ServiceOut:
    found, draft = detail_of(service_id(name)), _draft(body)
    caller(request).check("service.change", team_ids=[found.draft.team_id, draft.team_id])
    actions.change_service(found.id, draft, actor=caller(request).actor, now=now_of(request))
    return _out(detail_of(found.id))


@router.delete("/{name}", response={204: None}, summary="Archive a service")
@requires("service.change")
def archive(request: HttpRequest, name: Name) -> Status[None]:
    """Events for its keys are refused from then on; its open alerts go on until they are resolved."""
    found = detail_of(service_id(name))
    caller(request).check("service.change", team_ids=[found.draft.team_id])
    actions.archive_service(found.id, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@router.put("/{name}/checks", response=ServiceOut, summary="Say when a service is healthy")
@requires("service.change")
def checks(request: HttpRequest, name: Name, body: ChecksIn) -> ServiceOut:
    """Exactly these: verifying an incident asks the metrics source each of them."""
    found = _to_change(request, name)
    drafts = [CheckDraft(**one.model_dump()) for one in body.checks]
    check_actions.set_checks(found.id, drafts, actor=caller(request).actor, now=now_of(request))
    return _out(detail_of(found.id))


@router.put("/{name}/dependencies", response=ServiceOut, summary="Say which services a service needs")
@requires("service.change")
def dependencies(request: HttpRequest, name: Name, body: DependenciesIn) -> ServiceOut:
    """Exactly these. Circles are refused."""
    found = _to_change(request, name)
    needs = [service_id(text, field=f"depends_on[{index}]") for index, text in enumerate(body.depends_on)]
    dependency_actions.set_dependencies(found.id, needs, actor=caller(request).actor, now=now_of(request))
    return _out(detail_of(found.id))


def _to_change(request: HttpRequest, name: str) -> ServiceDetail:
    found = detail_of(service_id(name))
    caller(request).check("service.change", team_ids=[found.draft.team_id])
    return found


@router.get("/{name}/explain", response=ExplanationOut, summary="Explain who would be paged for a service")
@requires("service.read")
def explained(request: HttpRequest, name: Name, asked: Query[ExplainQuery]) -> ExplanationOut:
    """Who would be paged, when, on which device, and why."""
    row = Service.objects.select_related("policy__current_version__policy").get(id=service_id(name))
    at = asked.at or now_of(request)
    found = explain(row, urgency=asked.urgency, at=at, ways=wired().ways())
    return ExplanationOut(
        service=found.service,
        policy=found.ladder.policy,
        urgency=found.ladder.urgency,
        at=at,
        maintenance_until=found.maintenance_until,
        reaches_somebody=found.ladder.reaches_somebody,
        steps=[step_out(step) for step in found.ladder.steps],
    )


def detail_of(wanted: UUID) -> ServiceDetail:
    found = service(wanted)
    if found is None:
        raise NotFound(f"There is no service {wanted}.")
    return found


def _draft(body: ServiceIn) -> ServiceDraft:
    return ServiceDraft(
        name=body.name,
        description=body.description,
        team_id=team_id(body.team, field="team") if body.team else None,
        policy_id=policy_id(body.policy, field="policy") if body.policy else None,
        urgency_rule=body.urgency,
        runbook_url=body.runbook,
    )


def _out(row: ServiceDetail) -> ServiceOut:
    return ServiceOut(
        id=row.id,
        name=row.draft.name,
        description=row.draft.description,
        team=row.team,
        policy=row.policy,
        urgency=row.draft.urgency_rule,
        runbook=row.draft.runbook_url,
        integrations=[
            IntegrationOut(id=one.id, kind=one.kind, name=one.name, hint=one.hint, created_at=one.created_at)
            for one in row.integrations
        ],
        checks=[
            CheckPart(name=one.name, query=one.query, healthy_when=one.healthy_when, unit=one.unit)
            for one in row.checks
        ],
        depends_on=[one.name for one in row.depends_on],
        needed_by=[one.name for one in row.needed_by],
    )
