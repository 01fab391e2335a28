"""Take the steps that are due: page the next level, or the fallback when no level is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.escalation.actions import STEP
from watchbill.domain.escalation.models import PolicyVersion, Run, RunState
from watchbill.domain.escalation.rules import (
    Plan,
    Position,
    following,
    is_end,
    plan_from_json,
    targets_from_json,
    why_paged,
    with_reassignment,
)
from watchbill.domain.escalation.store import lock_live, save_runs
from watchbill.domain.escalation.targets import Found, Lookup, fallback_people
from watchbill.domain.paging.actions import NewPage, create_pages
from watchbill.domain.paging.contract import Family
from watchbill.domain.paging.reads import DefaultRules, Reachable
from watchbill.domain.people.models import Urgency
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.store import DueTimer

log = structlog.get_logger()

EMPTY_PLAN = Plan(levels=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What this instance can send by, and what people without rules of their own get."""

    families: Mapping[str, Family]
    defaults: DefaultRules


@dataclass(slots=True)
class _Batch:
    """What one batch of steps writes, set by set."""

    pages: list[NewPage] = field(default_factory=list)
    timers: list[NewTimer] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)


def take_steps(timers: Sequence[DueTimer], *, now: datetime, ways: Ways) -> None:
    """Each run takes one step; a level that is nobody is passed at once. All of it in the caller's transaction.

    A timer of an earlier generation, or of a run that was stopped meanwhile, is dropped.
    """
    generations = {timer.subject_id: timer.generation for timer in timers}
    runs = [run for run in lock_live(generations) if generations[run.id] == run.generation]
    plans = _plans_of(runs)
    targets = {target for plan in set(plans.values()) for level in plan.levels for target in level.targets}
    lookup = Lookup(targets, families=ways.families, defaults=ways.defaults)
    batch = _Batch()
    fallbacks: dict[str, tuple[Reachable, ...]] = {}
    for run in runs:
        _take_step(run, plans[run.id], lookup=lookup, batch=batch, now=now)
        if run.state == RunState.EXHAUSTED:
            if run.urgency not in fallbacks:
                fallbacks[run.urgency] = fallback_people(
                    urgency=run.urgency, families=ways.families, defaults=ways.defaults
                )
            _page_fallback(run, fallbacks[run.urgency], batch=batch)
    save_runs(runs)
    create_pages(batch.pages, now=now)
    set_timers(batch.timers)
    record(batch.records, actor=ENGINE, now=now)


def plan_of(run: Run) -> Plan:
    plan = plan_from_json(run.policy_version.definition) if run.policy_version else EMPTY_PLAN
    return with_reassignment(plan, targets_from_json(run.reassigned_to or []))


def _plans_of(runs: Sequence[Run]) -> dict[UUID, Plan]:
    """Each version is read and understood once, however many runs follow it."""
    wanted = {run.policy_version_id for run in runs if run.policy_version_id}
    versions = PolicyVersion.objects.select_related("policy").in_bulk(wanted) if wanted else {}
    plans = {version_id: plan_from_json(version.definition) for version_id, version in versions.items()}
    found: dict[UUID, Plan] = {}
    for run in runs:
        if run.policy_version_id:
            run.policy_version = versions[run.policy_version_id]
        plan = plans[run.policy_version_id] if run.policy_version_id else EMPTY_PLAN
        found[run.id] = with_reassignment(plan, targets_from_json(run.reassigned_to or []))
    return found


def policy_words(run: Run) -> str:
    if run.policy_version is None:
        return "no policy"
    return f"{run.policy_version.policy.name} v{run.policy_version.number}"


def _take_step(run: Run, plan: Plan, *, lookup: Lookup, batch: _Batch, now: datetime) -> None:
    position, skipped, empty_levels = Position(run.cycle, run.level), "", 0
    while not is_end(plan, position) and empty_levels < len(plan.levels):
        level = plan.levels[position.level]
        found = [lookup.find(target, urgency=run.urgency, at=now) for target in level.targets]
        if any(one.people for one in found):
            _page_level(run, plan, position, found, skipped=skipped, batch=batch)
            _go_on(run, plan, position, batch=batch, now=now)
            return
        reason = "; ".join(one.nobody for one in found) or "the level is empty"
        skipped = f"level {position.level + 1} was passed at once, because {reason}"
        batch.records.append(
            _record(run, "escalation.nobody", cycle=position.cycle, level=position.level + 1, why=reason)
        )
        empty_levels += 1
        position = following(plan, position)
    run.cycle, run.level = position.cycle, len(plan.levels)
    run.state, run.ended_at, run.end_reason = RunState.EXHAUSTED, now, "every level was tried"


def _page_level(
    run: Run, plan: Plan, position: Position, found: Sequence[Found], *, skipped: str, batch: _Batch
) -> None:
    paged: dict[UUID, str] = {}
    for one in found:
        reason = why_paged(policy=policy_words(run), plan=plan, position=position, target=one.target, skipped=skipped)
        for person in one.people:
            if person.user_id not in paged:
                paged[person.user_id] = person.name
                batch.pages.append(_page(run, person, cycle=position.cycle, level=position.level + 1, reason=reason))
    missing = "; ".join(one.nobody for one in found if one.nobody)
    batch.records.append(
        _record(
            run,
            "escalation.paged",
            cycle=position.cycle,
            level=position.level + 1,
            policy=policy_words(run),
            people=[{"id": str(user_id), "name": name} for user_id, name in paged.items()],
            **({"nobody": missing} if missing else {}),
        )
    )


def _go_on(run: Run, plan: Plan, position: Position, *, batch: _Batch, now: datetime) -> None:
    after = following(plan, position)
    run.cycle, run.level = after.cycle, after.level
    if run.urgency == Urgency.LOW:
        run.state, run.ended_at = RunState.NOTIFIED, now
        run.end_reason = "low urgency notifies without escalating"
        return
    due_at = now + timedelta(seconds=plan.levels[position.level].timeout_seconds)
    batch.timers.append(NewTimer(kind=STEP, subject_id=run.id, generation=run.generation, due_at=due_at))


def _page_fallback(run: Run, people: Sequence[Reachable], *, batch: _Batch) -> None:
    """The last resort. That it is empty is the loudest thing this product can say."""
    reason = f"Fallback of the organization: every level of {policy_words(run)} was tried"
    batch.pages.extend(_page(run, person, cycle=run.cycle, level=0, reason=reason) for person in people)
    batch.records.append(
        _record(
            run,
            "escalation.exhausted",
            policy=policy_words(run),
            people=[{"id": str(person.user_id), "name": person.name} for person in people],
            reached_nobody=not people,
        )
    )
    if not people:
        log.critical("escalation.reached_nobody", subject_id=str(run.subject_id), policy=policy_words(run))


def _page(run: Run, person: Reachable, *, cycle: int, level: int, reason: str) -> NewPage:
    return NewPage(
        run_id=run.id,
        generation=run.generation,
        cycle=cycle,
        level=level,
        subject_kind=run.subject_kind,
        subject_id=run.subject_id,
        group_id=run.group_id,
        person=person,
        urgency=run.urgency,
        reason=reason,
    )


def _record(run: Run, action: str, **details: Any) -> Record:
    return Record(
        action=action,
        subject_kind=run.subject_kind,
        subject_id=run.subject_id,
        subject_label="",
        details=details,
    )
