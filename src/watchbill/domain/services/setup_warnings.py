"""What in the set-up would make a page reach nobody: found before an alert finds it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from watchbill.domain.access.models import Role, User
from watchbill.domain.people.models import ContactMethod, FallbackRecipient
from watchbill.domain.services.models import Service

_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupWarning:
    """`subject_kind` and `subject_id` say where it can be mended: fallback, user, service."""

    problem: str
    remedy: str
    subject_kind: str
    subject_id: UUID | None = None


def setup_warnings() -> list[SetupWarning]:
    reachable = set(
        ContactMethod.objects.filter(removed_at=None, disabled_at=None, verified_at__isnull=False).values_list(
            "user_id", flat=True
        )
    )
    return [*_fallback(reachable), *_services(), *_people(reachable)]


def _fallback(reachable: set[UUID]) -> Iterable[SetupWarning]:
    ids = set(FallbackRecipient.objects.filter(user__is_active=True).values_list("user_id", flat=True))
    if not ids:
        yield SetupWarning(
            problem="There is no fallback recipient.",
            remedy="An alert whose whole policy reaches nobody would wake nobody. Name one person or more.",
            subject_kind="fallback",
        )
    elif not ids & reachable:
        yield SetupWarning(
            problem="No fallback recipient has a contact that works.",
            remedy="The last resort would not be reached. Add a contact to one of them.",
            subject_kind="fallback",
        )


def _services() -> Iterable[SetupWarning]:
    for row in Service.objects.filter(archived_at=None, policy=None).order_by("name")[:_SHOWN_MAX]:
        yield SetupWarning(
            problem=f"Service {row.name} has no escalation policy.",
            remedy="Its alerts page the fallback at once. Choose a policy.",
            subject_kind="service",
            subject_id=row.id,
        )


def _people(reachable: set[UUID]) -> Iterable[SetupWarning]:
    rows = User.objects.filter(is_active=True).exclude(role=Role.STAKEHOLDER).exclude(id__in=reachable)
    for row in rows.order_by("name")[:_SHOWN_MAX]:
        yield SetupWarning(
            problem=f"{row} cannot be reached.",
            remedy="There is no contact that is confirmed and working. Add one.",
            subject_kind="user",
            subject_id=row.id,
        )
