"""What a metrics source must offer: numbers for a question, as they are now and as they were in the last hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

CHART_SPAN = timedelta(hours=1)
CHART_STEP = timedelta(minutes=1)
# What a check may answer: more is a question that should be asked in a narrower way.
SERIES_MAX = 100
CURVES_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One series as it is now. `labels` is text that may be shown; `value` may be no number, or infinite."""

    labels: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One series over the last hour. A point without a number is left out, so that the line has a gap there."""

    labels: str
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """No series: the source knows of no data. `no_chart` says why there are no curves, although there are series."""

    series: tuple[Measured, ...]
    curves: tuple[Curve, ...] = ()
    no_chart: str = ""


@dataclass(frozen=True, slots=True)
class QuestionRefused:
    """The question is at fault; the words are the source's, fit to be shown."""

    why: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The source is at fault, or the way to it; the words say what to do."""

    why: str


Answer = Answered | QuestionRefused | Unanswered


class MetricsSource(Protocol):
    """Never raises for what the other side does, and is done within 20 seconds."""

    async def ask(self, query: str) -> Answer: ...
