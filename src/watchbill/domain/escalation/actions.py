"""Start, stop and start over the run that drives one alert. Taking its steps is in `steps`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.escalation.rules import Target, targets_from_json
from watchbill.domain.people.models import Urgency
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.models import Timer
from watchbill.domain.timers.store import bring_forward, clear_unlocked
from watchbill.ground.ids import new_id

STEP = "escalation.step"
UNREACHED = "escalation.unreached"  # set by paging: somebody could not be told by any way
TRY_AGAIN = "escalation.try_again"  # nobody could be told at all: everything is tried again
_TIMERS = (STEP, UNREACHED, TRY_AGAIN)
_AGAIN_FIRST = timedelta(minutes=1)
_AGAIN_MAX = timedelta(minutes=30)
_BECAUSE_MAX = 300


class RunCannotEscalate(Exception):
    """There is no further level to go to; the message says what can be done instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    subject_kind: str
    subject_id: UUID
    group_id: UUID
    policy_version_id: UUID | None
    urgency: str
    because: str = ""


def start(runs: Sequence[NewRun], *, now: datetime) -> list[Run]:
    """Without a policy the first step pages the fallback."""
    made = [
        Run(
            id=new_id(),
            subject_kind=run.subject_kind,
            subject_id=run.subject_id,
            group_id=run.group_id,
            policy_version_id=run.policy_version_id,
            urgency=run.urgency,
            because=run.because[:_BECAUSE_MAX],
            started_at=now,
        )
        for run in runs
    ]
    Run.objects.bulk_create(made)
    set_timers(
        NewTimer(kind=STEP, subject_id=run.id, generation=run.generation, due_at=now, at_once=True) for run in made
    )
    return made


def stop(*, subject_kind: str, subject_ids: Sequence[UUID], reason: str, now: datetime) -> None:
    """Also ends what is exhausted or notified. The run's row is locked first, then its timer goes."""
    live = runs_of(subject_kind, subject_ids).exclude(state=RunState.STOPPED)
    ids = list(live.select_for_update().order_by("id").values_list("id", flat=True))
    Run.objects.filter(id__in=ids).update(state=RunState.STOPPED, ended_at=now, end_reason=reason[:200])
    clear_unlocked(kinds=_TIMERS, subject_ids=ids)


def start_over(
    *, subject_kind: str, subject_id: UUID, because: str, now: datetime, targets: Sequence[Target] = ()
) -> Run:
    """From the top of the frozen plan; with `targets`, those come first. `because` stands beside the pages it makes."""
    run = runs_of(subject_kind, [subject_id]).select_for_update().get()
    run.generation += 1
    run.state = RunState.LIVE
    run.cycle = run.level = run.tries = 0
    run.reassigned_to = [{"kind": t.kind, "id": t.id, "label": t.label} for t in targets] or None
    run.because = because[:_BECAUSE_MAX]
    run.ended_at = None
    run.end_reason = ""
    run.save(
        update_fields=[
            "generation",
            "state",
            "tries",
            "cycle",
            "level",
            "reassigned_to",
            "because",
            "ended_at",
            "end_reason",
        ]
    )
    clear_unlocked(kinds=[UNREACHED, TRY_AGAIN], subject_ids=[run.id])
    set_timers([NewTimer(kind=STEP, subject_id=run.id, generation=run.generation, due_at=now, at_once=True)])
    return run


def raise_urgency(*, subject_kind: str, subject_id: UUID, begins_anew: bool, because: str, now: datetime) -> None:
    """From now on it wakes people. `begins_anew`: nobody has it, so whoever was told quietly is woken, from the top.
    Without a run there is nothing to do: its start comes, and takes the urgency of then.
    """
    run = runs_of(subject_kind, [subject_id]).select_for_update().first()
    if run is None:
        return
    run.urgency = Urgency.HIGH.value
    run.save(update_fields=["urgency"])
    if begins_anew:
        targets = targets_from_json(run.reassigned_to or [])
        start_over(subject_kind=subject_kind, subject_id=subject_id, because=because, now=now, targets=targets)


def again_later(*, run_id: UUID, generation: int, tries: int, now: datetime) -> NewTimer:
    """After 1 min, then 2, 4, 8 and so on to 30, for as long as the alert is nobody's.

    `tries`: the run's. Its generation grows for other reasons too, such as a snooze that ended.
    """
    wait = min(_AGAIN_FIRST * 2 ** min(tries, 10), _AGAIN_MAX)
    return NewTimer(kind=TRY_AGAIN, subject_id=run_id, generation=generation, due_at=now + wait)


def escalate_now(*, subject_kind: str, subject_id: UUID, because: str, now: datetime) -> Run:
    """Take the next step at once instead of when its time has come. `because` stands beside the pages it makes."""
    run = runs_of(subject_kind, [subject_id]).select_for_update().get()
    if run.state == RunState.EXHAUSTED and Timer.objects.filter(kind=TRY_AGAIN, subject_id=run.id).exists():
        return start_over(subject_kind=subject_kind, subject_id=subject_id, because=because, now=now)
    if run.state == RunState.EXHAUSTED:
        raise RunCannotEscalate("Every level was tried already: reassign the alert to somebody instead.")
    run.because = because[:_BECAUSE_MAX]
    if run.state == RunState.LIVE:
        run.save(update_fields=["because"])
        bring_forward(kind=STEP, subject_ids=[run.id], to=now)
        return run
    run.generation += 1
    run.state = RunState.LIVE
    run.tries = 0
    run.ended_at = None
    run.end_reason = ""
    run.save(update_fields=["generation", "state", "tries", "because", "ended_at", "end_reason"])
    set_timers([NewTimer(kind=STEP, subject_id=run.id, generation=run.generation, due_at=now, at_once=True)])
    return run


def subjects_with_run(subject_kind: str, subject_ids: Sequence[UUID]) -> set[UUID]:
    return set(runs_of(subject_kind, subject_ids).values_list("subject_id", flat=True))


def runs_of(subject_kind: str, subject_ids: Sequence[UUID]) -> QuerySet[Run]:
    """Never by the id alone: the index begins with the kind, and without it every run is looked at."""
    return Run.objects.filter(subject_kind=subject_kind, subject_id__in=list(subject_ids))
