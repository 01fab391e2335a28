"""From a policy's targets to people, at one instant. Used by the engine and by `explain` alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from watchbill.domain.escalation.rules import Target
from watchbill.domain.oncall.rules import Schedule, on_call_at
from watchbill.domain.oncall.schedule_reads import load_schedules
from watchbill.domain.paging.contract import Family
from watchbill.domain.paging.reads import DefaultRules, Reachable, reachable
from watchbill.domain.people.models import FallbackRecipient, Team


class Absence(Enum):
    """Why a target is nobody: there is no person at all, or there are some and none of them can be reached."""

    NO_PERSON = auto()
    UNREACHABLE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One target and the people it stands for now; `absence` and, in words, `nobody` say why there is none."""

    target: Target
    people: tuple[Reachable, ...]
    nobody: str
    absence: Absence | None


class Lookup:
    """Everything that the targets may resolve to, read once for a batch of steps or a whole ladder."""

    def __init__(self, targets: Iterable[Target], *, families: Mapping[str, Family], defaults: DefaultRules) -> None:
        self._targets = set(targets)
        self._families = families
        self._defaults = defaults
        self._schedules: Mapping[UUID, Schedule] = load_schedules(
            [UUID(target.id) for target in self._targets if target.kind == "schedule"]
        )
        team_ids = [UUID(target.id) for target in self._targets if target.kind in ("team-lead", "team-manager")]
        self._teams = {team.id: team for team in Team.objects.filter(id__in=team_ids)} if team_ids else {}
        self._ids: dict[tuple[Target, datetime], tuple[UUID, ...]] = {}
        self._people: dict[str, dict[UUID, Reachable]] = {}
        self._found: dict[tuple[Target, str, datetime], Found] = {}

    def find(self, target: Target, *, urgency: str, at: datetime) -> Found:
        found = self._found.get((target, urgency, at))
        if found is None:
            found = self._found[target, urgency, at] = self._find(target, urgency=urgency, at=at)
        return found

    def _find(self, target: Target, *, urgency: str, at: datetime) -> Found:
        ids = self._ids_of(target, at=at)
        known = self._people.setdefault(urgency, {})
        if not known.keys() >= set(ids):
            # Whoever else may be asked for at this instant is read in the same queries.
            wanted = {user_id for other in self._targets for user_id in self._ids_of(other, at=at)} - known.keys()
            known.update(reachable(wanted, urgency=urgency, families=self._families, defaults=self._defaults))
        people = [known[user_id] for user_id in ids if user_id in known]
        usable = tuple(person for person in people if person.is_active and person.deliveries)
        if usable:
            return Found(target=target, people=usable, nobody="", absence=None)
        absence = Absence.UNREACHABLE if people else Absence.NO_PERSON
        return Found(target=target, people=(), nobody=_why_nobody(target, people), absence=absence)

    def _ids_of(self, target: Target, *, at: datetime) -> tuple[UUID, ...]:
        if (target, at) not in self._ids:
            self._ids[target, at] = self._resolve(target, at=at)
        return self._ids[target, at]

    def _resolve(self, target: Target, *, at: datetime) -> tuple[UUID, ...]:
        if target.kind == "user":
            return (UUID(target.id),)
        if target.kind == "schedule":
            schedule = self._schedules.get(UUID(target.id))
            if schedule is None:
                return ()
            return tuple(UUID(user) for user in on_call_at(schedule, at=at).users)
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
