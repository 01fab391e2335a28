"""The decisions of escalation: a plan is levels with time-outs; a position names the step that comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchbill.domain.people.models import Urgency

# A policy that does not say otherwise pages again when an acknowledgement is this old and nothing was resolved.
ACKNOWLEDGEMENT_TIMEOUT_SECONDS = 30 * 60
REASSIGNED = 99  # what is counted as the level of those whom somebody named instead
WHY_AFTER_MAINTENANCE = "the maintenance ended and it was still open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`kind`: schedule, user, team-lead or team-manager; `id` is that row's id (a team's for the last two)."""

    kind: str
    id: str
    label: str

    @property
    def words(self) -> str:
        return {
            "schedule": f"schedule {self.label}",
            "user": self.label,
            "team-lead": f"lead of {self.label}",
            "team-manager": f"manager of {self.label}",
        }[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    targets: tuple[Target, ...]
    timeout_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`repeat`: how often the levels are gone through again after the first time.

    `reassigned`: the first of the levels is none of the policy's, but those whom somebody named instead.
    """

    levels: tuple[Level, ...]
    repeat: int = 0
    acknowledgement_timeout_seconds: int | None = None
    reassigned: bool = False

    @property
    def acknowledgement_lasts_seconds(self) -> int:
        """0: for ever."""
        asked = self.acknowledgement_timeout_seconds
        return ACKNOWLEDGEMENT_TIMEOUT_SECONDS if asked is None else asked


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Cycle and level count from 0. A level after the last one is the end: page the fallback."""

    cycle: int
    level: int


def is_end(plan: Plan, position: Position) -> bool:
    return position.level >= len(plan.levels)


def following(plan: Plan, position: Position) -> Position:
    """The step after `position`; the end follows the last level of the last cycle."""
    level = position.level + 1
    if level < len(plan.levels):
        return Position(position.cycle, level)
    if position.cycle < plan.repeat:
        return Position(position.cycle + 1, 0)
    return Position(position.cycle, len(plan.levels))


def with_reassignment(plan: Plan, targets: tuple[Target, ...]) -> Plan:
    """Those named come first; if they do not answer either, the policy starts from its top."""
    if not targets:
        return plan
    timeout = plan.levels[0].timeout_seconds if plan.levels else 5 * 60
    levels = (Level(targets=targets, timeout_seconds=timeout), *plan.levels)
    return Plan(
        levels=levels,
        repeat=plan.repeat,
        acknowledgement_timeout_seconds=plan.acknowledgement_timeout_seconds,
        reassigned=True,
    )


def level_number(plan: Plan, position: Position) -> int:
    """As the policy counts, from 1; REASSIGNED for those whom somebody named instead. 0 is the fallback's."""
    if not plan.reassigned:
        return position.level + 1
    return position.level or REASSIGNED


def level_words(number: int) -> str:
    return {0: "the fallback", REASSIGNED: "those it was reassigned to"}.get(number, f"level {number}")


def why_paged(*, policy: str, plan: Plan, position: Position, target: Target, skipped: str, because: str = "") -> str:
    """The sentence shown beside a page: which rule did it and because of what.

    `because`: why the step came out of its turn, when somebody or something made it.
    """
    number = level_number(plan, position)
    where = f"Level {number} of {policy}, {target.words}"
    if number == REASSIGNED:
        where = f"Reassigned, {target.words}"
    elif position.cycle:
        where = f"Round {position.cycle + 1}, level {number} of {policy}, {target.words}"
    if because or skipped:
        return f"{where}: {'; '.join(filter(None, (because, skipped)))}"
    if position == Position(0, 0):
        return f"{where}: the first to be paged"
    before = plan.levels[position.level - 1] if position.level else plan.levels[-1]
    at = Position(position.cycle, (position.level or len(plan.levels)) - 1)
    previous = level_words(level_number(plan, at))
    return f"{where}: {previous} did not acknowledge within {duration_words(before.timeout_seconds)}"


def why_fallback(policy: str, *, because: str = "") -> str:
    return f"Fallback of the organization: every level of {policy} was tried" + (f"; {because}" if because else "")


def escalates(urgency: str) -> bool:
    """Low urgency tells the first who can be told, and wakes nobody else."""
    return urgency != Urgency.LOW


def duration_words(seconds: int) -> str:
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def plan_from_json(data: Mapping[str, Any]) -> Plan:
    return Plan(
        levels=tuple(
            Level(targets=targets_from_json(level["targets"]), timeout_seconds=level["timeout_seconds"])
            for level in data["levels"]
        ),
        repeat=data.get("repeat", 0),
        acknowledgement_timeout_seconds=data.get("acknowledgement_timeout_seconds"),
    )


def targets_from_json(data: list[Mapping[str, str]]) -> tuple[Target, ...]:
    return tuple(Target(kind=row["kind"], id=row["id"], label=row["label"]) for row in data)
