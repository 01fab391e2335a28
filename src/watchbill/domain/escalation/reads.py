"""What comes next for a run, with the time at which it comes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from watchbill.domain.escalation.actions import STEP, TRY_AGAIN
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
    `fallback`: who of the fallback was paged since the run began or started over.
    """

    state: str
    policy: str
    due_at: datetime | None
    steps: tuple[ExplainedStep, ...]
    tries_again_at: datetime | None = None
    fallback: tuple[str, ...] = ()


def run_view(*, subject_id: UUID, ways: Ways) -> RunView | None:
    run = Run.objects.select_related("policy_version__policy").filter(subject_id=subject_id).first()
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
            fallback=tuple(str(page.user) for page in _fallback_pages(run)),
        )
    timer = Timer.objects.filter(kind=STEP, subject_id=run.id).first()
    if timer is None:
        return RunView(state=run.state, policy=policy_words(run.policy_version), due_at=None, steps=())
    ladder = ladder_from(
        plan_of(run),
        Position(run.cycle, run.level),
        policy=policy_words(run.policy_version),
        urgency=run.urgency,
        at=timer.due_at,
        ways=ways,
    )
    return RunView(state=run.state, policy=policy_words(run.policy_version), due_at=timer.due_at, steps=ladder.steps)


def _fallback_pages(run: Run) -> QuerySet[Page]:
    return Page.objects.filter(run_id=run.id, generation=run.generation, level=0).select_related("user").order_by("id")
