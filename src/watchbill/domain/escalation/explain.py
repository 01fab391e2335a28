"""Who would be paged, when, on which device, and why: the same calculation as the engine's, without writing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchbill.domain.escalation.models import PolicyVersion
from watchbill.domain.escalation.rules import (
    Plan,
    Position,
    duration_words,
    escalates,
    following,
    level_number,
    level_words,
    plan_from_json,
    why_fallback,
)
from watchbill.domain.escalation.steps import Ways, policy_words
from watchbill.domain.escalation.targets import Found, Lookup, fallback_people
from watchbill.domain.escalation.walk import next_step
from watchbill.domain.paging.reads import Reachable


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
    """Without deliveries where the person is paged already for another target of the level."""

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

    @property
    def place(self) -> str:
        return level_words(self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    policy: str
    urgency: str
    starts_at: datetime
    steps: tuple[ExplainedStep, ...]
    reaches_somebody: bool


def explain_plan(version: PolicyVersion | None, *, urgency: str, at: datetime, ways: Ways, because: str = "") -> Ladder:
    """`because`: why the first step comes only then."""
    plan = plan_from_json(version.definition) if version else Plan(levels=())
    return ladder_from(
        plan, Position(0, 0), policy=policy_words(version), urgency=urgency, at=at, ways=ways, because=because
    )


def ladder_from(
    plan: Plan, position: Position, *, policy: str, urgency: str, at: datetime, ways: Ways, because: str = ""
) -> Ladder:
    """The steps from `position` on, the first of them at `at`; `because`: why that one comes out of its turn."""
    steps: list[ExplainedStep] = []
    when, told = at, False
    every_target = {target for level in plan.levels for target in level.targets}
    lookup = Lookup(every_target, families=ways.families, defaults=ways.defaults)
    while not told:
        step = next_step(plan, position, policy=policy, urgency=urgency, lookup=lookup, at=when, because=because)
        steps.extend(_step(plan, one.position, when, _targets(one.found, ()), "passed at once") for one in step.passed)
        position = step.position
        if not step.people:
            reason = why_fallback(policy, because=because)
            steps.append(_fallback(position, when, urgency=urgency, reason=reason, ways=ways))
            break
        timeout = plan.levels[position.level].timeout_seconds
        told = not escalates(urgency)
        then = "low urgency: nobody further is told" if told else f"after {duration_words(timeout)} the next step"
        steps.append(_step(plan, position, when, _targets(step.found, step.people), then))
        when, position, because = when + timedelta(seconds=timeout), following(plan, position), ""
    return Ladder(
        policy=policy,
        urgency=urgency,
        starts_at=at,
        steps=tuple(steps),
        reaches_somebody=any(target.people for step in steps for target in step.targets),
    )


def _step(
    plan: Plan, position: Position, when: datetime, targets: tuple[ExplainedTarget, ...], then: str
) -> ExplainedStep:
    number = level_number(plan, position)
    return ExplainedStep(at=when, cycle=position.cycle, level=number, targets=targets, then=then)


def _fallback(position: Position, when: datetime, *, urgency: str, reason: str, ways: Ways) -> ExplainedStep:
    people = fallback_people(urgency=urgency, families=ways.families, defaults=ways.defaults)
    target = ExplainedTarget(
        words="fallback of the organization",
        people=tuple(_person(person, reason=reason) for person in people),
        nobody="" if people else "the organization has no fallback recipient who can be reached",
    )
    then = "nothing further" if people else "tried again after a minute, then ever more rarely"
    return ExplainedStep(at=when, cycle=position.cycle, level=0, targets=(target,), then=then)


def _targets(found: Sequence[Found], people: Sequence[tuple[Reachable, str]]) -> tuple[ExplainedTarget, ...]:
    """Whoever several targets stand for is paged once: by the first of them."""
    reasons = {person.user_id: why for person, why in people}
    first: dict[UUID, str] = {}
    targets = []
    for one in found:
        shown = []
        for person in one.people:
            by = first.setdefault(person.user_id, one.target.words)
            shown.append(
                _person(person, reason=reasons[person.user_id])
                if by == one.target.words
                else _named(person, reason=f"paged already, for {by}")
            )
        targets.append(ExplainedTarget(words=one.target.words, people=tuple(shown), nobody=one.nobody))
    return tuple(targets)


def _person(person: Reachable, *, reason: str) -> ExplainedPerson:
    deliveries = tuple(
        ExplainedDelivery(
            after_seconds=planned.after_seconds,
            contact=planned.contact,
            kind=planned.kind,
            address=planned.address,
            rule=planned.rule,
        )
        for planned in person.deliveries
    )
    return _named(person, reason=reason, deliveries=deliveries)


def _named(person: Reachable, *, reason: str, deliveries: tuple[ExplainedDelivery, ...] = ()) -> ExplainedPerson:
    return ExplainedPerson(name=person.name, email=person.email, deliveries=deliveries, reason=reason)
