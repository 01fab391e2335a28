"""Policies as screens, the API and the command line show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from watchbill.domain.escalation.models import Policy, PolicyVersion
from watchbill.domain.escalation.policy_actions import draft_of
from watchbill.domain.escalation.policy_rules import PolicyDraft
from watchbill.ground.identity import uuid_in


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDetail:
    """`definition` is the current version's, with the labels of its targets."""

    id: UUID
    team: str | None
    version_id: UUID
    version: int
    changed_at: datetime
    changed_by: str
    draft: PolicyDraft
    definition: dict[str, Any]


def policies(*, ids: Iterable[UUID] | None = None) -> list[PolicyDetail]:
    """By name, without the archived ones."""
    rows = Policy.objects.filter(archived_at=None).select_related("current_version", "team").order_by("name")
    if ids is not None:
        rows = rows.filter(id__in=list(ids))
    return [
        PolicyDetail(
            id=row.id,
            team=row.team.name if row.team else None,
            version_id=row.current_version.id,
            version=row.current_version.number,
            changed_at=row.current_version.created_at,
            changed_by=row.current_version.created_by,
            draft=draft_of(row),
            definition=row.current_version.definition,
        )
        for row in rows
        if row.current_version is not None
    ]


def policy(policy_id: UUID) -> PolicyDetail | None:
    return next(iter(policies(ids=[policy_id])), None)


def policy_id_of(name_or_id: str) -> UUID | None:
    """By id, or by the exact name; not the archived ones."""
    identity = uuid_in(name_or_id)
    named = Q(name=name_or_id) if identity is None else Q(id=identity)
    return Policy.objects.filter(named, archived_at=None).values_list("id", flat=True).first()


def versions(policy_id: UUID) -> list[PolicyVersion]:
    """Newest first."""
    return list(PolicyVersion.objects.filter(policy_id=policy_id).order_by("-number"))


def uses_of_target(*, kinds: Iterable[str], target_id: UUID) -> list[str]:
    """The policies, in words, whose current version pages this schedule, person or team."""
    return [f"policy {detail.draft.name}" for detail in policies_paging(kinds=kinds, target_id=target_id)]


def policies_paging(*, kinds: Iterable[str], target_id: UUID) -> list[PolicyDetail]:
    wanted = set(kinds)
    return [
        detail
        for detail in policies()
        if any(
            target.kind in wanted and target.id == target_id
            for level in detail.draft.levels
            for target in level.targets
        )
    ]
