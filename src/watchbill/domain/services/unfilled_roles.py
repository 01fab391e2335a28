"""Roles that a severity calls and that nobody fills: found before the incident finds it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from watchbill.domain.people.models import Team
from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.services.models import RoleAssignment, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfilledRole:
    """`calls`: the severities that call it, in words. `team`: whose own lead or manager it is; None: anybody's."""

    role: str
    label: str
    calls: str
    team_id: UUID | None = None
    team: str = ""


def unfilled_roles(process: ProcessDocument) -> list[UnfilledRole]:
    """Those that are found by a roster that is empty everywhere, and by the lead or manager of a team that has none."""
    calls = _calls(process)
    called = [one for one in process.roles if one.id in calls]
    named = set(RoleAssignment.objects.values_list("role", flat=True))
    found = [
        UnfilledRole(role=one.id, label=one.label, calls=calls[one.id])
        for one in called
        if one.found_by == "roster" and one.id not in named
    ]
    everywhere = set(RoleAssignment.objects.filter(team=None, service=None).values_list("role", flat=True))
    for one in called:
        if one.found_by in _HEADLESS and one.id not in everywhere:
            found += [
                UnfilledRole(role=one.id, label=one.label, calls=calls[one.id], team_id=team.id, team=team.name)
                for team in _teams_without(one.found_by, assigned_for=one.id)
            ]
    return found


_HEADLESS: Mapping[str, str] = {"team-lead": "lead", "team-manager": "manager"}


def _teams_without(found_by: str, *, assigned_for: str) -> Iterable[Team]:
    """That have services: nobody is called for a team that watches nothing."""
    named = RoleAssignment.objects.filter(role=assigned_for, team__isnull=False).values("team_id")
    nobody = Q(**{f"{_HEADLESS[found_by]}__isnull": True}) | Q(**{f"{_HEADLESS[found_by]}__is_active": False})
    watching = Service.objects.filter(archived_at=None, team__isnull=False).values("team_id")
    return Team.objects.filter(nobody, archived_at=None, id__in=watching).exclude(id__in=named).order_by("name")


def _calls(process: ProcessDocument) -> dict[str, str]:
    """By role, the labels of the severities that call it at once or by their ladder."""
    found: dict[str, list[str]] = defaultdict(list)
    for severity in process.severities:
        later = [one for one in process.time_based_escalation if one.severity == severity.id]
        roles = {*severity.pages, *(role for one in later for step in one.steps for role in step.pages)}
        for role in roles:
            found[role].append(severity.label)
    return {role: " and ".join(labels) for role, labels in found.items()}
