"""When people could not be told by any way: the next level at once, and what came to its end begins again later.

An outage of every provider, or an empty fallback, must not be the end of an alert that nobody has.
"""

from collections.abc import Sequence
from datetime import datetime

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.escalation.actions import STEP, TRY_AGAIN, again_later
from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.paging.models import DeliveryState, Page, PageState
from watchbill.domain.timers.actions import BLINK, NewTimer, put_back, set_timers
from watchbill.domain.timers.store import DueTimer, bring_forward

_TRIES_COUNTED = 1000
_WHY = "nobody could be reached before"


def go_on_unreached(timers: Sequence[DueTimer], *, now: datetime) -> None:
    """A live run takes its next step at once, when nobody of the step before it is being told. Low urgency that told
    nobody goes on to the next level as well.

    A fallback of whom nobody could be told is tried again later.
    """
    runs = _locked(timers, now=now)
    live = [run.id for run in runs if run.state == RunState.LIVE and _told_nobody(run)]
    Run.objects.filter(id__in=live, because="").update(because="somebody paged before could not be reached")
    bring_forward(kind=STEP, subject_ids=live, to=now)
    ended = [run for run in runs if run.state in (RunState.EXHAUSTED, RunState.NOTIFIED) and not _is_told(run)]
    set_timers(
        again_later(run_id=run.id, generation=run.generation, tries=run.tries, now=now)
        if run.state == RunState.EXHAUSTED
        else NewTimer(kind=TRY_AGAIN, subject_id=run.id, generation=run.generation, due_at=now)
        for run in ended
    )


def try_again(timers: Sequence[DueTimer], *, now: datetime) -> None:
    """What is exhausted begins from the top, or with the fallback if somebody was told before; the rest goes on.

    A timer of an earlier generation is dropped, and so is one of a run that somebody has stopped.
    """
    generations = {timer.subject_id: timer.generation for timer in timers}
    runs = [
        run
        for run in _locked(timers, now=now)
        if run.generation == generations[run.id] and run.state in (RunState.EXHAUSTED, RunState.NOTIFIED)
    ]
    for run in runs:
        if run.state == RunState.EXHAUSTED and not _was_told(run):
            run.cycle = run.level = 0
        run.generation += 1
        run.tries = min(run.tries + 1, _TRIES_COUNTED)
        run.state, run.ended_at, run.end_reason, run.because = RunState.LIVE, None, "", _WHY
        run.save(update_fields=["cycle", "level", "generation", "tries", "state", "because", "ended_at", "end_reason"])
    set_timers(NewTimer(kind=STEP, subject_id=run.id, generation=run.generation, due_at=now) for run in runs)
    record([_record(run) for run in runs], actor=ENGINE, now=now)


def _locked(timers: Sequence[DueTimer], *, now: datetime) -> list[Run]:
    """The timer of a run that somebody holds at this moment is put back for a blink: what he does may come to nothing.
    Waiting for the run here, while he waits for the timer, would be a deadlock."""
    wanted = {timer.subject_id: timer for timer in timers}
    found = list(Run.objects.select_for_update(skip_locked=True).filter(id__in=list(wanted)).order_by("id"))
    held = wanted.keys() - {run.id for run in found}
    waiting = Run.objects.filter(id__in=held).exclude(state=RunState.STOPPED).values_list("id", flat=True)
    put_back([wanted[run_id] for run_id in waiting], due_at=now + BLINK)
    return found


def _told_nobody(run: Run) -> bool:
    """Of its last step everybody is out of reach. A page of an earlier level or generation says nothing about it, and
    before the first step of a generation there is nothing to hurry: that step is due."""
    pages = Page.objects.filter(run_id=run.id, generation=run.generation)
    last = pages.order_by("-cycle", "-created_at", "-id").first()
    if last is None:
        return False
    return not pages.filter(cycle=last.cycle, level=last.level, state=PageState.ACTIVE).exists()


def _is_told(run: Run) -> bool:
    """Whether somebody is being told in this round: of an exhausted run, one of the fallback."""
    pages = Page.objects.filter(run_id=run.id, generation=run.generation, state=PageState.ACTIVE)
    return (pages.filter(level=0) if run.state == RunState.EXHAUSTED else pages).exists()


def _was_told(run: Run) -> bool:
    """Since the run began for another reason than that nobody could be told: whom an earlier round told, somebody
    answered for, or somebody else was named instead."""
    since = run.generation - run.tries
    sent = Page.objects.filter(run_id=run.id, generation__gte=since, deliveries__state=DeliveryState.SENT)
    return sent.exists()


def _record(run: Run) -> Record:
    return Record(
        action="escalation.tried_again",
        subject_kind=run.subject_kind,
        subject_id=run.subject_id,
        subject_label="",
        details={"why": _WHY},
    )
