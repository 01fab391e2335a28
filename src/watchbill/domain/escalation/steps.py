"""Take the steps that are due: page the next level, or the fallback when no level is left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.escalation.actions import STEP, again_later
from watchbill.domain.escalation.models import PolicyVersion, Run, RunState
from watchbill.domain.escalation.rules import (
    Plan,
    Position,
    escalates,
    following,
    level_number,
    plan_from_json,
    targets_from_json,
    why_fallback,
    with_reassignment,
)
from watchbill.domain.escalation.store import LiveRun, lock_live, save_runs
from watchbill.domain.escalation.targets import Lookup, fallback_people
from watchbill.domain.escalation.walk import next_step
from watchbill.domain.paging.actions import NewPage, create_pages
from watchbill.domain.paging.contract import Family
from watchbill.domain.paging.reads import DefaultRules, Reachable
from watchbill.domain.timers.actions import BLINK, NewTimer, set_timers
from watchbill.domain.timers.store import DueTimer

log = structlog.get_logger()

EMPTY_PLAN = Plan(levels=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What this instance can send by, and what people without rules of their own get."""

    families: Mapping[str, Family]
    defaults: DefaultRules


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """The plan that a run follows; `policy` is its name and version in words."""

    plan: Plan
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """One step from one position: the same for every run that stands there.

    `passed`: details of an entry for each level that is nobody. `people` with the reason for each; none: every level
    was tried. `told`: details of the entry about them.
    """

    passed: tuple[dict[str, Any], ...]
    people: tuple[tuple[Reachable, str], ...]
    told: dict[str, Any]
    taken: Position
    level: int
    after: Position
    timeout: timedelta


@dataclass(slots=True)
class _Batch:
    """What one batch of steps writes, set by set."""

    pages: list[NewPage] = field(default_factory=list)
    timers: list[NewTimer] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)


def take_steps(timers: Sequence[DueTimer], *, now: datetime, ways: Ways) -> None:
    """Each run takes one step; a level that is nobody is passed at once. All of it in the caller's transaction.

    A timer of an earlier generation, or of a run that was stopped meanwhile, is dropped. That of a run which somebody
    changes at this moment is put back for a blink.
    """
    generations = {timer.subject_id: timer.generation for timer in timers}
    live, held = lock_live(generations)
    runs = [run for run in live if generations[run.id] == run.generation]
    courses = _courses_of(runs)
    targets = {target for course in courses.values() for level in course.plan.levels for target in level.targets}
    lookup = Lookup(targets, families=ways.families, defaults=ways.defaults)
    batch = _Batch()
    batch.timers += [
        NewTimer(kind=STEP, subject_id=run_id, generation=generations[run_id], due_at=now + BLINK) for run_id in held
    ]
    fallbacks: dict[str, tuple[Reachable, ...]] = {}
    moves: dict[tuple[_Way, Position, str, str], _Move] = {}
    for run in runs:
        way, position = _way_of(run), Position(run.cycle, run.level)
        move = moves.get((way, position, run.urgency, run.because))
        if move is None:
            move = _move(courses[way], position, urgency=run.urgency, because=run.because, lookup=lookup, now=now)
            moves[way, position, run.urgency, run.because] = move
        _take(run, move, batch=batch, now=now)
        if run.state == RunState.EXHAUSTED:
            if run.urgency not in fallbacks:
                fallbacks[run.urgency] = fallback_people(
                    urgency=run.urgency, families=ways.families, defaults=ways.defaults
                )
            _page_fallback(run, fallbacks[run.urgency], policy=courses[way].policy, batch=batch, now=now)
    save_runs(runs)
    create_pages(batch.pages, now=now)
    set_timers(batch.timers)
    record(batch.records, actor=ENGINE, now=now)


def plan_of(run: Run) -> Plan:
    plan = plan_from_json(run.policy_version.definition) if run.policy_version else EMPTY_PLAN
    return with_reassignment(plan, targets_from_json(run.reassigned_to or []))


def policy_words(version: PolicyVersion | None) -> str:
    return f"{version.policy.name} v{version.number}" if version else "no policy"


# What decides which plan a run follows: its policy's version, and those it was reassigned to.
_Way = tuple[UUID | None, str | None]


def _way_of(run: LiveRun) -> _Way:
    return run.policy_version_id, run.reassigned_to


def _courses_of(runs: Iterable[LiveRun]) -> dict[_Way, _Course]:
    """Each version is read and understood once, however many runs follow it."""
    asked = {_way_of(run) for run in runs}
    wanted = {version_id for version_id, _ in asked if version_id}
    versions = PolicyVersion.objects.select_related("policy").in_bulk(wanted) if wanted else {}
    plans = {version_id: plan_from_json(version.definition) for version_id, version in versions.items()}
    found: dict[_Way, _Course] = {}
    for version_id, reassigned in asked:
        plan = plans[version_id] if version_id else EMPTY_PLAN
        if reassigned:
            plan = with_reassignment(plan, targets_from_json(orjson.loads(reassigned) or []))
        version = versions[version_id] if version_id else None
        found[version_id, reassigned] = _Course(plan=plan, policy=policy_words(version))
    return found


def _move(course: _Course, position: Position, *, urgency: str, because: str, lookup: Lookup, now: datetime) -> _Move:
    plan = course.plan
    step = next_step(plan, position, policy=course.policy, urgency=urgency, because=because, lookup=lookup, at=now)
    passed = tuple({**_place(plan, one.position), "why": one.why} for one in step.passed)
    if not step.people:
        return _Move(
            passed=passed, people=(), told={}, taken=step.position, level=0, after=step.position, timeout=timedelta()
        )
    missing = "; ".join(one.nobody for one in step.found if one.nobody)
    return _Move(
        passed=passed,
        people=step.people,
        told={
            **_place(plan, step.position),
            "policy": course.policy,
            "people": _named(person for person, _ in step.people),
            **({"nobody": missing} if missing else {}),
            **({"why": because} if because else {}),
        },
        taken=step.position,
        level=level_number(plan, step.position),
        after=following(plan, step.position),
        timeout=timedelta(seconds=plan.levels[step.position.level].timeout_seconds),
    )


def _take(run: LiveRun, move: _Move, *, batch: _Batch, now: datetime) -> None:
    for details in move.passed:
        batch.records.append(_record(run, "escalation.nobody", details))
    run.cycle, run.level = move.after.cycle, move.after.level
    if not move.people:
        run.state, run.ended_at, run.end_reason = RunState.EXHAUSTED.value, now, "every level was tried"
        return
    for person, reason in move.people:
        batch.pages.append(_page(run, person, cycle=move.taken.cycle, level=move.level, reason=reason))
    batch.records.append(_record(run, "escalation.paged", move.told))
    if not escalates(run.urgency):
        run.state, run.ended_at = RunState.NOTIFIED.value, now
        run.end_reason = "low urgency notifies without escalating"
        return
    batch.timers.append(NewTimer(kind=STEP, subject_id=run.id, generation=run.generation, due_at=now + move.timeout))


def _page_fallback(run: LiveRun, people: Sequence[Reachable], *, policy: str, batch: _Batch, now: datetime) -> None:
    """The last resort. That it is empty is the loudest thing this product can say."""
    reason = why_fallback(policy, because=run.because)
    batch.pages.extend(_page(run, person, cycle=run.cycle, level=0, reason=reason) for person in people)
    details = {"policy": policy, "people": _named(people), "reached_nobody": not people}
    if run.because:
        details["why"] = run.because
    batch.records.append(_record(run, "escalation.exhausted", details))
    if not people:
        batch.timers.append(again_later(run_id=run.id, generation=run.generation, tries=run.tries, now=now))
        log.critical("escalation.reached_nobody", subject_id=str(run.subject_id), policy=policy)


def _place(plan: Plan, position: Position) -> dict[str, int]:
    return {"cycle": position.cycle, "level": level_number(plan, position)}


def _named(people: Iterable[Reachable]) -> list[dict[str, str]]:
    return [{"id": str(person.user_id), "name": person.name} for person in people]


def _page(run: LiveRun, person: Reachable, *, cycle: int, level: int, reason: str) -> NewPage:
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


def _record(run: LiveRun, action: str, details: dict[str, Any]) -> Record:
    return Record(
        action=action, subject_kind=run.subject_kind, subject_id=run.subject_id, subject_label="", details=details
    )
