"""Who would be paged, when, on which device, and why: the same calculation as the engine's, without writing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.domain.escalation.models import PolicyVersion
from watchbill.domain.escalation.rules import (
    Plan,
    Position,
    following,
    is_end,
    plan_from_json,
    why_paged,
)
from watchbill.domain.escalation.steps import Ways, policy_words
from watchbill.domain.escalation.targets import Lookup, fallback_people
from watchbill.domain.paging.reads import Reachable
from watchbill.domain.people.models import Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDelivery:
    """`after_seconds` counts from the step."""

    after_seconds: int
    contact: str
    kind: str
    address: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPerson:
    name: str
    email: str
    deliveries: tuple[ExplainedDelivery, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTarget:
    """`nobody` is empty, or why the target stands for no one at that instant."""

    words: str
    people: tuple[ExplainedPerson, ...]
    nobody: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedStep:
    """`at` is when it would be taken if nobody acknowledged before; `level` counts from 1, 0 is the fallback."""

    at: datetime
    cycle: int
    level: int
    targets: tuple[ExplainedTarget, ...]
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    policy: str
    urgency: str
    starts_at: datetime
    steps: tuple[ExplainedStep, ...]
    reaches_somebody: bool


def explain_plan(version: PolicyVersion | None, *, urgency: str, at: datetime, ways: Ways) -> Ladder:
    plan = plan_from_json(version.definition) if version else Plan(levels=())
    return ladder_from(plan, Position(0, 0), policy=policy_words(version), urgency=urgency, at=at, ways=ways)


def ladder_from(plan: Plan, position: Position, *, policy: str, urgency: str, at: datetime, ways: Ways) -> Ladder:
    """The steps from `position` on, the first of them at `at`."""
    steps: list[ExplainedStep] = []
    when, skipped, empty_levels, told = at, "", 0, False
    every_target = {target for level in plan.levels for target in level.targets}
    lookup = Lookup(every_target, families=ways.families, defaults=ways.defaults)
    while not is_end(plan, position) and empty_levels < max(1, len(plan.levels)) and not told:
        level = plan.levels[position.level]
        targets = tuple(
            ExplainedTarget(words=target.words, people=_people(found.people, reason=reason), nobody=found.nobody)
            for target in level.targets
            for found in (lookup.find(target, urgency=urgency, at=when),)
            for reason in (why_paged(policy=policy, plan=plan, position=position, target=target, skipped=skipped),)
        )
        if any(target.people for target in targets):
            told = urgency == Urgency.LOW
            then = "low urgency: nobody further is told" if told else f"after {level.timeout_seconds} s the next step"
            steps.append(_step(position, when, targets, then))
            when, skipped, empty_levels = when + timedelta(seconds=level.timeout_seconds), "", 0
        else:
            nobody = "; ".join(target.nobody for target in targets) or "the level is empty"
            skipped = f"level {position.level + 1} was passed at once, because {nobody}"
            steps.append(_step(position, when, targets, "passed at once"))
            empty_levels += 1
        position = following(plan, position)
    if not told:
        steps.append(_fallback(position, when, urgency=urgency, policy=policy, ways=ways))
    return Ladder(
        policy=policy,
        urgency=urgency,
        starts_at=at,
        steps=tuple(steps),
        reaches_somebody=any(target.people for step in steps for target in step.targets),
    )


def _step(position: Position, when: datetime, targets: tuple[ExplainedTarget, ...], then: str) -> ExplainedStep:
    return ExplainedStep(at=when, cycle=position.cycle, level=position.level + 1, targets=targets, then=then)


def _fallback(position: Position, when: datetime, *, urgency: str, policy: str, ways: Ways) -> ExplainedStep:
    people = fallback_people(urgency=urgency, families=ways.families, defaults=ways.defaults)
    reason = f"Fallback of the organization: every level of {policy} was tried"
    target = ExplainedTarget(
        words="fallback of the organization",
        people=_people(people, reason=reason),
        nobody="" if people else "the organization has no fallback recipient who can be reached",
    )
    return ExplainedStep(at=when, cycle=position.cycle, level=0, targets=(target,), then="nothing further")


def _people(people: tuple[Reachable, ...], *, reason: str) -> tuple[ExplainedPerson, ...]:
    return tuple(
        ExplainedPerson(
            name=person.name,
            email=person.email,
            reason=reason,
            deliveries=tuple(
                ExplainedDelivery(
                    after_seconds=planned.after_seconds,
                    contact=planned.contact,
                    kind=planned.kind,
                    address=planned.address,
                    rule=planned.rule,
                )
                for planned in person.deliveries
            ),
        )
        for person in people
    )
