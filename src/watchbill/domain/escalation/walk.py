"""Where a step leads: the one walk through a plan's levels. The engine writes it down, `explain` tells it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.escalation.rules import Plan, Position, following, is_end, level_number, level_words, why_paged
from watchbill.domain.escalation.targets import Found, Lookup
from watchbill.domain.paging.reads import Reachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A level that is nobody, and why."""

    position: Position
    found: tuple[Found, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`position`: the level that reaches somebody, or the end when every level was tried.

    `found`: its targets. `people`: whoever they stand for, each once, with the sentence that says why.
    """

    passed: tuple[Passed, ...]
    position: Position
    found: tuple[Found, ...]
    people: tuple[tuple[Reachable, str], ...]


def next_step(
    plan: Plan, position: Position, *, policy: str, urgency: str, lookup: Lookup, at: datetime, because: str = ""
) -> Step:
    """`because`: why this step comes out of its turn, if it does.

    Past the levels that are nobody, each at most once: a policy of nobody ends at once, however often it repeats."""
    passed: list[Passed] = []
    while not is_end(plan, position) and len(passed) < len(plan.levels):
        level = plan.levels[position.level]
        found = tuple(lookup.find(target, urgency=urgency, at=at) for target in level.targets)
        if any(one.people for one in found):
            people: dict[UUID, tuple[Reachable, str]] = {}
            skipped = (
                f"{level_words(level_number(plan, passed[-1].position))} was passed at once, because {passed[-1].why}"
                if passed
                else ""
            )
            for one in found:
                why = why_paged(
                    policy=policy, plan=plan, position=position, target=one.target, skipped=skipped, because=because
                )
                for person in one.people:
                    people.setdefault(person.user_id, (person, why))
            return Step(passed=tuple(passed), position=position, found=found, people=tuple(people.values()))
        why_nobody = "; ".join(one.nobody for one in found) or "the level is empty"
        passed.append(Passed(position=position, found=found, why=why_nobody))
        position = following(plan, position)
    return Step(passed=tuple(passed), position=Position(position.cycle, len(plan.levels)), found=(), people=())
