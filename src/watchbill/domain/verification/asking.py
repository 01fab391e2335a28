"""The errand behind Verify: one check after another is asked of the metrics source."""

from datetime import datetime
from uuid import UUID

from watchbill.domain.verification.actions import KIND, NO_SOURCE, note_answer
from watchbill.domain.verification.contract import Answer, MetricsSource, Unanswered
from watchbill.domain.verification.models import CheckResult
from watchbill.domain.verification.reads import next_to_ask


class VerifyIncident:
    """Whoever pressed Verify looks at the page: a source that is away is an answer, and is not tried for ever."""

    kind = KIND

    def __init__(self, source: MetricsSource | None) -> None:
        self._source = source

    def next_step(self, subject_id: UUID, *, now: datetime) -> CheckResult | None:
        return next_to_ask(subject_id)

    async def act(self, step: CheckResult, *, now: datetime) -> Answer:
        if self._source is None:
            return Unanswered(f"{NO_SOURCE}, for the worker too")
        return await self._source.ask(step.query)

    def record(self, step: CheckResult, outcome: object, *, now: datetime) -> None:
        if isinstance(outcome, Answer):
            note_answer(step, outcome, now=now)
