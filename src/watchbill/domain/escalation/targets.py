"""From a policy's targets to people, at one instant. Used by the engine and by `explain` alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.escalation.rules import Target
from watchbill.domain.oncall.rules import Schedule, on_call_at
from watchbill.domain.oncall.schedule_reads import load_schedules
from watchbill.domain.paging.contract import Family
from watchbill.domain.paging.reads import DefaultRules, Reachable, reachable
from watchbill.domain.people.models import FallbackRecipient, Team


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One target and the people it stands for now; `nobody` says why there is none."""

    target: Target
    people: tuple[Reachable, ...]
    nobody: str


class Lookup:
    """Everything that targets may resolve to, read once for a batch of steps."""

    def __init__(
        self,
        targets: Iterable[Target],
        *,
        at: datetime,
        families: Mapping[str, Family],
        defaults: DefaultRules,
    ) -> None:
        wanted = set(targets)
        self._at = at
        self._families = families
        self._defaults = defaults
        self._schedules: Mapping[UUID, Schedule] = load_schedules(
            [UUID(target.id) for target in wanted if target.kind == "schedule"]
        )
        team_ids = [UUID(target.id) for target in wanted if target.kind in ("team-lead", "team-manager")]
        self._teams = {team.id: team for team in Team.objects.filter(id__in=team_ids)} if team_ids else {}
        self._user_ids = {target: self._ids_of(target) for target in wanted}
        self._people: dict[str, dict[UUID, Reachable]] = {}

    def find(self, target: Target, *, urgency: str) -> Found:
        people_known = self._people_for(urgency)
        ids = self._user_ids[target]
        people = [people_known[user_id] for user_id in ids if user_id in people_known]
        usable = tuple(person for person in people if person.is_active and person.deliveries)
        return Found(target=target, people=usable, nobody="" if usable else _why_nobody(target, people))

    def _people_for(self, urgency: str) -> dict[UUID, Reachable]:
        if urgency not in self._people:
            everyone = {user_id for ids in self._user_ids.values() for user_id in ids}
            self._people[urgency] = reachable(
                everyone, urgency=urgency, families=self._families, defaults=self._defaults
            )
        return self._people[urgency]

    def _ids_of(self, target: Target) -> tuple[UUID, ...]:
        if target.kind == "user":
            return (UUID(target.id),)
        if target.kind == "schedule":
            schedule = self._schedules.get(UUID(target.id))
            if schedule is None:
                return ()
            return tuple(UUID(user) for user in on_call_at(schedule, at=self._at).users)
        team = self._teams.get(UUID(target.id))
        if team is None:
            return ()
        user_id = team.lead_id if target.kind == "team-lead" else team.manager_id
        return (user_id,) if user_id else ()


def fallback_people(*, urgency: str, families: Mapping[str, Family], defaults: DefaultRules) -> tuple[Reachable, ...]:
    ids = list(FallbackRecipient.objects.order_by("position").values_list("user_id", flat=True))
    found = reachable(ids, urgency=urgency, families=families, defaults=defaults)
    return tuple(found[user_id] for user_id in ids if user_id in found and found[user_id].deliveries)


def _why_nobody(target: Target, people: list[Reachable]) -> str:
    if not people:
        return {
            "schedule": f"nobody is on call in {target.label}",
            "user": f"{target.label} has no account any more",
            "team-lead": f"team {target.label} has no lead",
            "team-manager": f"team {target.label} has no manager",
        }[target.kind]
    reasons = [
        f"{person.name} has no usable contact" if person.is_active else f"{person.name} is disabled"
        for person in people
    ]
    return "; ".join(reasons)
