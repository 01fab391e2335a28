"""People whom a page could not reach, and where they are counted on."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from watchbill.domain.access.models import Role, User
from watchbill.domain.escalation.models import Policy
from watchbill.domain.escalation.rules import plan_from_json
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.oncall.models import Override, RotationMember
from watchbill.domain.paging.reads import reachable
from watchbill.domain.people.models import FallbackRecipient, Team, Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfReach:
    """`counted_on`: schedules, levels and the fallback that name the person, in words; none is a note only."""

    user_id: UUID
    name: str
    email: str
    counted_on: tuple[str, ...]


def out_of_reach(*, ways: Ways, now: datetime) -> list[OutOfReach]:
    """Active people, but stakeholders, whom a high-urgency page would not leave for. Those counted on come first."""
    users = User.objects.filter(is_active=True).exclude(role=Role.STAKEHOLDER)
    ids = list(users.order_by("name").values_list("id", flat=True))
    found = reachable(ids, urgency=Urgency.HIGH, families=ways.families, defaults=ways.defaults)
    places = _places(now=now)
    lost = [
        OutOfReach(
            user_id=person.user_id,
            name=person.name or person.email,
            email=person.email,
            counted_on=tuple(dict.fromkeys(places[person.user_id])),
        )
        for identity in ids
        if (person := found.get(identity)) and not person.deliveries
    ]
    return sorted(lost, key=lambda one: not one.counted_on)


def _places(*, now: datetime) -> dict[UUID, list[str]]:
    places: dict[UUID, list[str]] = defaultdict(list)
    seats = RotationMember.objects.filter(rotation__schedule__archived_at=None).filter(
        Q(rotation__retired_at=None) | Q(rotation__retired_at__gt=now), user__isnull=False
    )
    for user_id, name in seats.values_list("user_id", "rotation__schedule__name"):
        if user_id:
            places[user_id].append(f"schedule {name}")
    overrides = Override.objects.filter(ends_at__gt=now, schedule__archived_at=None, cancelled_at=None)
    for user_id, name in overrides.values_list("user_id", "schedule__name"):
        places[user_id].append(f"schedule {name}")
    teams = {str(team.id): team for team in Team.objects.all()}
    policies = Policy.objects.filter(archived_at=None).select_related("current_version").order_by("name")
    for policy in policies:
        levels = plan_from_json(policy.current_version.definition).levels if policy.current_version else ()
        for number, level in enumerate(levels, start=1):
            for target in level.targets:
                named = _named(target.kind, target.id, teams)
                if named:
                    places[named].append(f"level {number} of {policy.name}")
    for user_id in FallbackRecipient.objects.values_list("user_id", flat=True):
        places[user_id].append("the fallback")
    return places


def _named(kind: str, identity: str, teams: dict[str, Team]) -> UUID | None:
    """Schedules name whoever is in their rotations."""
    if kind == "user":
        return UUID(identity)
    team = teams.get(identity)
    if team is None or kind == "schedule":
        return None
    return team.lead_id if kind == "team-lead" else team.manager_id
