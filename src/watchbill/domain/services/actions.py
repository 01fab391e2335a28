"""Services: what is watched, and by which policy its alerts escalate."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.rules import difference
from watchbill.domain.escalation.models import Policy
from watchbill.domain.escalation.policy_actions import check_policy
from watchbill.domain.people.rules import clean_name, listed
from watchbill.domain.people.team_actions import check_team, team_name
from watchbill.domain.services.models import Dependency, HealthCheck, Integration, Service, UrgencyRule
from watchbill.domain.services.rules import DESCRIPTION_MAX, ServiceDraft, check_url
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown


class ServiceUnknown(Unknown):
    pass


class ServiceNameTaken(Taken):
    pass


@transaction.atomic
def create_service(draft: ServiceDraft, *, actor: Actor, now: datetime) -> Service:
    """A name that an archived service holds brings that service back, without integrations."""
    draft = _checked(draft)
    held = Service.objects.select_for_update().filter(name=draft.name).first()
    if held is not None and held.archived_at is None:
        raise ServiceNameTaken("name", f"another service is called {draft.name!r}; choose another name")
    if held is None:
        service = Service.objects.create(**_columns(draft), created_at=now)
    else:
        service = held
        Service.objects.filter(id=held.id).update(**_columns(draft), archived_at=None)
    action = "service.restored" if held else "service.created"
    _tell(action, service, difference({}, _facts(draft)), actor=actor, now=now)
    return service


@transaction.atomic
def change_service(service_id: UUID, draft: ServiceDraft, *, actor: Actor, now: datetime) -> None:
    draft = _checked(draft)
    service = locked_service(service_id)
    held = draft_of(service)
    if draft == held:
        return
    if draft.name != held.name and Service.objects.filter(name=draft.name).exists():
        raise ServiceNameTaken("name", f"another service is or was called {draft.name!r}; choose another name")
    Service.objects.filter(id=service_id, archived_at=None).update(**_columns(draft))
    _tell("service.changed", service, difference(_facts(held), _facts(draft)), actor=actor, now=now)


@transaction.atomic
def archive_service(service_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Its integrations, checks and dependencies go with it; its open alerts go on until they are resolved."""
    service = locked_service(service_id)
    remove_keys(Integration.objects.filter(service=service), now=now)
    HealthCheck.objects.filter(service=service).delete()
    Dependency.objects.filter(Q(service=service) | Q(needs=service)).delete()
    Service.objects.filter(id=service_id, archived_at=None).update(archived_at=now)
    _tell("service.archived", service, {"before": _facts(draft_of(service))}, actor=actor, now=now)


def remove_keys(integrations: QuerySet[Integration], *, now: datetime) -> None:
    """The rows stay, because alerts refer to them; they give up their digests, which must be unique."""
    tombstone = Concat(Value("removed:"), Cast("id", CharField()))
    integrations.filter(removed_at=None).update(removed_at=now, digest=tombstone)


def locked_service(service_id: UUID) -> Service:
    service = Service.objects.select_for_update().filter(id=service_id, archived_at=None).first()
    if service is None:
        raise ServiceUnknown("id", f"no service has the id {service_id}; it may have been archived")
    return service


def draft_of(service: Service) -> ServiceDraft:
    return ServiceDraft(
        name=service.name,
        description=service.description,
        team_id=service.team_id,
        policy_id=service.policy_id,
        urgency_rule=service.urgency_rule,
        runbook_url=service.runbook_url,
    )


def _checked(draft: ServiceDraft) -> ServiceDraft:
    check_team(draft.team_id)
    check_policy(draft.policy_id)
    if draft.urgency_rule not in UrgencyRule.values:
        words = listed(tuple(UrgencyRule.values))
        raise ChangeRefused("urgency", f'unknown urgency "{draft.urgency_rule}"; use {words}')
    if len(draft.description) > DESCRIPTION_MAX:
        raise ChangeRefused("description", f"use at most {DESCRIPTION_MAX} characters")
    return ServiceDraft(
        name=clean_name(draft.name),
        description=draft.description,
        team_id=draft.team_id,
        policy_id=draft.policy_id,
        urgency_rule=draft.urgency_rule,
        runbook_url=check_url(draft.runbook_url, field="runbook"),
    )


def _columns(draft: ServiceDraft) -> dict[str, object]:
    return {
        "name": draft.name,
        "description": draft.description,
        "team_id": draft.team_id,
        "policy_id": draft.policy_id,
        "urgency_rule": draft.urgency_rule,
        "runbook_url": draft.runbook_url,
    }


def _facts(draft: ServiceDraft) -> dict[str, object]:
    policy = None
    if draft.policy_id is not None:
        policy = Policy.objects.filter(id=draft.policy_id).values_list("name", flat=True).first()
    return {
        "name": draft.name,
        "description": draft.description,
        "team": team_name(draft.team_id),
        "policy": policy,
        "urgency": draft.urgency_rule,
        "runbook": draft.runbook_url,
    }


def _tell(action: str, service: Service, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    record(
        [
            Record(
                action=action,
                subject_kind="service",
                subject_id=service.id,
                subject_label=service.name,
                details=details,
            )
        ],
        actor=actor,
        now=now,
    )
