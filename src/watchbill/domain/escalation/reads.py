"""What comes next for a run, with the time at which it comes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from watchbill.domain.escalation.actions import STEP, TRY_AGAIN, runs_of
from watchbill.domain.escalation.explain import ExplainedStep, ladder_from
from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.escalation.rules import Position
from watchbill.domain.escalation.steps import Ways, plan_of, policy_words
from watchbill.domain.paging.models import Page
from watchbill.domain.timers.models import Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """`due_at` is None unless the run is live; `steps` are all that would still come if nobody acknowledged.

    `tries_again_at`: it came to its end without reaching anybody, and begins again then.
    `if_escalated`: the step that "escalate now" would take, None when none is left.
    `fallback`: who of the fallback was paged since the run began or started over.
    """

    state: str
    policy: str
    due_at: datetime | None
    steps: tuple[ExplainedStep, ...]
    tries_again_at: datetime | None = None
    if_escalated: ExplainedStep | None = None
    fallback: tuple[str, ...] = ()


def run_view(*, subject_kind: str, subject_id: UUID, ways: Ways, now: datetime) -> RunView | None:
    run = runs_of(subject_kind, [subject_id]).select_related("policy_version__policy").first()
    if run is None:
        return None
    if run.state != RunState.LIVE:
        again = Timer.objects.filter(kind=TRY_AGAIN, subject_id=run.id, generation=run.generation).first()
        return RunView(
            state=run.state,
            policy=policy_words(run.policy_version),
            due_at=None,
            steps=(),
            tries_again_at=again.due_at if again else None,
            if_escalated=None if run.state == RunState.EXHAUSTED else _reaching(_ladder(run, at=now, ways=ways)),
            fallback=tuple(str(page.user) for page in _fallback_pages(run)),
        )
    timer = Timer.objects.filter(kind=STEP, subject_id=run.id).first()
    if timer is None:
        return RunView(state=run.state, policy=policy_words(run.policy_version), due_at=None, steps=())
    steps = _ladder(run, at=timer.due_at, ways=ways)
    return RunView(
        state=run.state,
        policy=policy_words(run.policy_version),
        due_at=timer.due_at,
        steps=steps,
        if_escalated=_reaching(steps),
    )


def _ladder(run: Run, *, at: datetime, ways: Ways) -> tuple[ExplainedStep, ...]:
    position = Position(run.cycle, run.level)
    policy = policy_words(run.policy_version)
    return ladder_from(plan_of(run), position, policy=policy, urgency=run.urgency, at=at, ways=ways).steps


def _reaching(steps: tuple[ExplainedStep, ...]) -> ExplainedStep | None:
    """A step that is nobody is passed at once, so the first with people is the one that is felt; else the last."""
    return next((step for step in steps if any(target.people for target in step.targets)), steps[-1])


def _fallback_pages(run: Run) -> QuerySet[Page]:
    return Page.objects.filter(run_id=run.id, generation=run.generation, level=0).select_related("user").order_by("id")
