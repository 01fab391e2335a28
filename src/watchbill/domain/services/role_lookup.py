"""Who stands behind a role of the process, for one service at one instant: the one answer for calling and explaining.

What is named for the service wins over what is named for its team, and that over what is named for the organization.
Where nothing is named, the role's `found_by` in the process says where to look.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.access.models import Role as AccountRole
from watchbill.domain.access.models import User
from watchbill.domain.escalation.rules import Target, plan_from_json, targets_from_json
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.escalation.targets import Found, Lookup
from watchbill.domain.paging.reads import Reachable
from watchbill.domain.people.models import FallbackRecipient
from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.process.schema.severities import Role
from watchbill.domain.services.models import RoleAssignment, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Where a role is looked for: `groups` in this order, until one of them is somebody. `source` says why there."""

    role: Role
    groups: tuple[tuple[Target, ...], ...]
    source: str
    nobody: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFound:
    """`people` behind the role now. Nobody: `nobody` says why and what to do."""

    role: Role
    source: str
    people: tuple[Reachable, ...]
    nobody: str


class RoleLookup:
    """Reads what the roles need once. `in_incident`: the people whom the incident itself gives a role."""

    def __init__(
        self,
        roles: Iterable[str],
        *,
        process: ProcessDocument,
        service: Service | None,
        ways: Ways,
        in_incident: Mapping[str, Sequence[Target]] | None = None,
    ) -> None:
        known = {one.id: one for one in process.roles}
        wanted = [known[role] for role in dict.fromkeys(roles)]
        self._named = {named.role.id: named for named in _named(wanted, service=service, in_incident=in_incident or {})}
        targets = {target for named in self._named.values() for group in named.groups for target in group}
        self._lookup = Lookup(targets, families=ways.families, defaults=ways.defaults)

    def find(self, role: str, *, urgency: str, at: datetime) -> RoleFound:
        named = self._named[role]
        missing = [named.nobody] if named.nobody else []
        for group in named.groups:
            found = [self._lookup.find(target, urgency=urgency, at=at) for target in group]
            people = _each_once(found)
            missing += [one.nobody for one in found if one.nobody]
            if people:
                return RoleFound(role=named.role, source=named.source, people=people, nobody="")
        return RoleFound(role=named.role, source=named.source, people=(), nobody="; ".join(dict.fromkeys(missing)))


def _each_once(found: Iterable[Found]) -> tuple[Reachable, ...]:
    return tuple({person.user_id: person for one in found for person in one.people}.values())


def _named(
    roles: Sequence[Role], *, service: Service | None, in_incident: Mapping[str, Sequence[Target]]
) -> Iterable[Named]:
    assigned = _assigned([role.id for role in roles], service=service)
    for role in roles:
        if in_incident.get(role.id):
            yield Named(role=role, groups=(tuple(in_incident[role.id]),), source="has the role in this incident")
        elif role.id in assigned:
            targets, source = assigned[role.id]
            yield Named(role=role, groups=(targets,), source=source)
        else:
            yield _derived(role, service)


def _assigned(role_ids: Sequence[str], *, service: Service | None) -> dict[str, tuple[tuple[Target, ...], str]]:
    found: dict[str, tuple[int, tuple[Target, ...], str]] = {}
    for row in RoleAssignment.objects.filter(role__in=role_ids).select_related("team", "service"):
        if row.service is not None:
            rank, source = 3, f"named for service {row.service.name}"
            fits = service is not None and row.service_id == service.id
        elif row.team is not None:
            rank, source = 2, f"named for team {row.team.name}"
            fits = service is not None and row.team_id == service.team_id
        else:
            rank, source, fits = 1, "named for the organization", True
        if fits and (row.role not in found or found[row.role][0] < rank):
            found[row.role] = (rank, targets_from_json(row.targets), source)
    return {role: (targets, source) for role, (_, targets, source) in found.items()}


def _derived(role: Role, service: Service | None) -> Named:
    if role.found_by in ("primary-schedule", "secondary-schedule"):
        return _from_policy(role, service)
    if role.found_by in ("team-lead", "team-manager"):
        return _from_team(role, service)
    if role.found_by == "all-engineers":
        everybody = User.objects.filter(is_active=True).exclude(role=AccountRole.STAKEHOLDER).order_by("name", "email")
        return Named(role=role, groups=(_users(everybody),), source="everybody who responds", nobody="")
    if role.found_by == "organization-fallback":
        rows = FallbackRecipient.objects.select_related("user").order_by("position")
        return Named(role=role, groups=(_users(row.user for row in rows),), source="fallback of the organization")
    return Named(
        role=role,
        groups=(),
        source="nobody is named",
        nobody=f"nobody is named as {role.label}: name a schedule or people for the organization, a team or a service",
    )


def _from_policy(role: Role, service: Service | None) -> Named:
    """The primary is level 1 of the service's policy, the backup level 2; behind each stand the levels after it."""
    if service is None:
        return Named(role=role, groups=(), source="no service", nobody="the incident names no service")
    version = service.policy.current_version if service.policy else None
    levels = plan_from_json(version.definition).levels if version else ()
    first = 0 if role.found_by == "primary-schedule" else 1
    groups = tuple(level.targets for level in levels[first:])
    if not groups or version is None or service.policy is None:
        what = f"level {first + 1} of a policy" if levels else "a policy"
        return Named(role=role, groups=(), source="no policy", nobody=f"service {service.name} has not {what}")
    return Named(role=role, groups=groups, source=f"level {first + 1} of {service.policy.name} v{version.number}")


def _from_team(role: Role, service: Service | None) -> Named:
    team = service.team if service else None
    if team is None:
        nobody = f"service {service.name} has no team" if service else "the incident names no service"
        return Named(role=role, groups=(), source="no team", nobody=nobody)
    target = Target(kind=role.found_by, id=str(team.id), label=team.name)
    return Named(role=role, groups=((target,),), source=target.words)


def _users(users: Iterable[User]) -> tuple[Target, ...]:
    return tuple(Target(kind="user", id=str(user.id), label=user.email) for user in users)


def assignments() -> list[RoleAssignment]:
    """Everything that is named anywhere, that of the organization first."""
    rows = RoleAssignment.objects.select_related("team", "service")
    return sorted(
        rows.exclude(team__archived_at__isnull=False).exclude(service__archived_at__isnull=False),
        key=lambda row: (
            row.service.name if row.service else "",
            row.team.name if row.team else "",
            row.role,
        ),
    )


def uses_in_roles(*, kinds: Iterable[str], target_id: UUID) -> list[str]:
    """The roles, in words, that stand for this schedule, person or team."""
    wanted = {(kind, str(target_id)) for kind in kinds}
    return [
        f"role {row.role}"
        for row in assignments()
        if wanted & {(target["kind"], target["id"]) for target in row.targets}
    ]
