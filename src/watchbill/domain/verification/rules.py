"""What an answer means: healthy only when there are numbers and every one of them is good."""

from collections.abc import Iterable
from dataclasses import dataclass

from watchbill.domain.services.check_rules import Limit
from watchbill.domain.verification.contract import Answer, Answered, QuestionRefused, Unanswered
from watchbill.domain.verification.models import Verdict, VerificationState

CHECKS_MAX = 100
_NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    words: str


def judge(answer: Answer, limit: Limit, *, unit: str) -> Judgement:
    match answer:
        case Unanswered(why):
            return Judgement(Verdict.UNANSWERED, why)
        case QuestionRefused(why):
            return Judgement(Verdict.REFUSED, f"the query {why}" if why.startswith("answers ") else why)
        case Answered(series=()):
            return Judgement(Verdict.NO_DATA, "there is no data; is the query right, and is the service watched?")
    bad = [one for one in answer.series if not limit.holds(one.value)]
    values = [one.value for one in answer.series]
    if not bad:
        return Judgement(Verdict.HEALTHY, _range(values, unit))
    if len(values) == 1:
        return Judgement(Verdict.UNHEALTHY, number_words(values[0], unit))
    named = "; ".join(f"{one.labels or 'a series'} {number_words(one.value, unit)}" for one in bad[:_NAMED_MAX])
    more = f"; and {len(bad) - _NAMED_MAX} more" if len(bad) > _NAMED_MAX else ""
    return Judgement(Verdict.UNHEALTHY, f"{len(bad)} of {len(values)} series: {named}{more}")


def _range(values: list[float], unit: str) -> str:
    if len(values) == 1:
        return number_words(values[0], unit)
    return f"{len(values)} series, {number_words(min(values), unit)} to {number_words(max(values), unit)}"


def number_words(value: float, unit: str) -> str:
    """Four digits that say something, and the unit."""
    text = "no number" if value != value else f"{value:.4g}"
    return f"{text} {unit}".strip()


def outcome_of(verdicts: Iterable[str]) -> VerificationState:
    """What could not be asked counts more than what is not healthy: nobody knows what it would have said."""
    found = set(verdicts)
    if found <= {Verdict.HEALTHY}:
        return VerificationState.HEALTHY
    return VerificationState.UNANSWERED if Verdict.UNANSWERED in found else VerificationState.UNHEALTHY
