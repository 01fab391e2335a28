"""Services, their integrations and maintenance as screens, the API and the command line show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q

from watchbill.domain.escalation.models import Policy
from watchbill.domain.escalation.policy_reads import uses_of_target
from watchbill.domain.oncall.models import Override, Rotation, Schedule
from watchbill.domain.people.actions import FALLBACK
from watchbill.domain.people.models import FallbackRecipient, Team
from watchbill.domain.services.actions import draft_of
from watchbill.domain.services.check_rules import CheckDraft
from watchbill.domain.services.models import Dependency, HealthCheck, Integration, MaintenanceWindow, Service
from watchbill.domain.services.role_lookup import uses_in_roles
from watchbill.domain.services.rules import ServiceDraft
from watchbill.ground.identity import uuid_in


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationLine:
    """`hint` is all that is shown of a key; `integration_actions.reveal_key` gives the whole, on record."""

    id: UUID
    kind: str
    name: str
    hint: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceLine:
    id: UUID
    service_id: UUID
    service: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceName:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDetail:
    """`depends_on` and `needed_by`: the services next to it, by name."""

    id: UUID
    draft: ServiceDraft
    team: str | None
    policy: str | None
    integrations: tuple[IntegrationLine, ...]
    checks: tuple[CheckDraft, ...]
    depends_on: tuple[ServiceName, ...]
    needed_by: tuple[ServiceName, ...]


def services(*, ids: Iterable[UUID] | None = None) -> list[ServiceDetail]:
    """By name, without the archived ones."""
    rows = Service.objects.filter(archived_at=None).select_related("team", "policy").order_by("name")
    if ids is not None:
        rows = rows.filter(id__in=list(ids))
    kept = Integration.objects.filter(removed_at=None).order_by("created_at", "id")
    return [
        ServiceDetail(
            id=row.id,
            draft=draft_of(row),
            team=row.team.name if row.team else None,
            policy=row.policy.name if row.policy else None,
            integrations=tuple(_integration_line(integration) for integration in row.integrations.all()),
            checks=tuple(_check(check) for check in row.checks.all()),
            depends_on=tuple(_name(link.needs) for link in row.dependencies.all()),
            needed_by=tuple(_name(link.service) for link in row.dependents.all()),
        )
        for row in rows.prefetch_related(
            Prefetch("integrations", kept),
            Prefetch("checks", HealthCheck.objects.order_by("position")),
            Prefetch("dependencies", Dependency.objects.select_related("needs").order_by("needs__name")),
            Prefetch("dependents", Dependency.objects.select_related("service").order_by("service__name")),
        )
    ]


def service(service_id: UUID) -> ServiceDetail | None:
    return next(iter(services(ids=[service_id])), None)


def service_id_of(name_or_id: str) -> UUID | None:
    """By id, or by the exact name; not the archived ones."""
    identity = uuid_in(name_or_id)
    named = Q(name=name_or_id) if identity is None else Q(id=identity)
    return Service.objects.filter(named, archived_at=None).values_list("id", flat=True).first()


def maintenance(*, now: datetime, service_id: UUID | None = None) -> list[MaintenanceLine]:
    """Under way and to come, the next one first."""
    rows = MaintenanceWindow.objects.filter(cancelled_at=None, ends_at__gt=now).select_related("service")
    if service_id is not None:
        rows = rows.filter(service_id=service_id)
    return [
        MaintenanceLine(
            id=row.id,
            service_id=row.service_id,
            service=row.service.name,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            reason=row.reason,
            created_by=row.created_by,
        )
        for row in rows.order_by("starts_at", "id")
    ]


def uses_of_person(user_id: UUID, *, now: datetime) -> list[str]:
    """Where the person is needed, in words: what `people.actions.disable_person` wants to know."""
    rotations = (
        Rotation.objects.filter(members__user_id=user_id, retired_at=None, schedule__archived_at=None)
        .select_related("schedule")
        .order_by("schedule__name", "position")
        .distinct()
    )
    overrides = (
        Override.objects.filter(user_id=user_id, cancelled_at=None, ends_at__gt=now, schedule__archived_at=None)
        .select_related("schedule")
        .order_by("schedule__name", "starts_at", "id")
    )
    leads = Team.objects.filter(Q(lead_id=user_id) | Q(manager_id=user_id), archived_at=None).order_by("name")
    return [
        *(f"rotation {row.name} of schedule {row.schedule.name}" for row in rotations),
        *(f"the override of schedule {row.schedule.name} until {row.ends_at:%Y-%m-%d %H:%M} UTC" for row in overrides),
        *(f"team {row.name} (lead or manager)" for row in leads),
        *uses_of_target(kinds=["user"], target_id=user_id),
        *uses_in_roles(kinds=["user"], target_id=user_id),
        *(FALLBACK for _ in FallbackRecipient.objects.filter(user_id=user_id)),
    ]


def uses_of_team(team_id: UUID) -> list[str]:
    return [
        *(f"schedule {row.name}" for row in Schedule.objects.filter(team_id=team_id, archived_at=None)),
        *(f"policy {row.name}" for row in Policy.objects.filter(team_id=team_id, archived_at=None)),
        *(f"service {row.name}" for row in Service.objects.filter(team_id=team_id, archived_at=None)),
        *uses_of_target(kinds=["team-lead", "team-manager"], target_id=team_id),
        *uses_in_roles(kinds=["team-lead", "team-manager"], target_id=team_id),
    ]


def uses_of_schedule(schedule_id: UUID) -> list[str]:
    return [
        *uses_of_target(kinds=["schedule"], target_id=schedule_id),
        *uses_in_roles(kinds=["schedule"], target_id=schedule_id),
    ]


def uses_of_policy(policy_id: UUID) -> list[str]:
    rows = Service.objects.filter(policy_id=policy_id, archived_at=None).order_by("name")
    return [f"service {row.name}" for row in rows]


def _check(row: HealthCheck) -> CheckDraft:
    return CheckDraft(name=row.name, query=row.query, healthy_when=row.healthy_when, unit=row.unit)


def _name(row: Service) -> ServiceName:
    return ServiceName(id=row.id, name=row.name)


def _integration_line(row: Integration) -> IntegrationLine:
    return IntegrationLine(id=row.id, kind=row.kind, name=row.name, hint=row.hint, created_at=row.created_at)
