"""The last hour of a check as a small drawing: coordinates for inline SVG, and the same in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from watchbill.domain.services.check_rules import Limit, limit_of
from watchbill.domain.verification.models import CheckResult
from watchbill.domain.verification.rules import number_words

WIDTH, HEIGHT = 600, 100
_MARGIN = 6
# Longer without a number is drawn as a gap.
_GAP_SECONDS = 150.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`lines` are the `points` of polylines. `bad_top` and `bad_height`: the part that is not healthy."""

    lines: tuple[str, ...]
    limit_y: str
    bad_top: str
    bad_height: str
    words: str
    width: int = WIDTH
    height: int = HEIGHT


def chart_of(result: CheckResult) -> Chart | None:
    """None when there is nothing to draw."""
    curves = [
        [(float(at), float(value)) for at, value in points if math.isfinite(value)] for _, points in result.curves
    ]
    curves = [points for points in curves if points]
    if not curves:
        return None
    limit = limit_of(result.healthy_when)
    scale = _Scale(curves, limit)
    bad_top, bad_height = scale.bad(limit)
    return Chart(
        lines=tuple(line for points in curves for line in scale.lines(points)),
        limit_y=_text(scale.y(limit.value)),
        bad_top=_text(bad_top),
        bad_height=_text(bad_height),
        words=_words(curves, result),
    )


def _words(curves: Sequence[Sequence[Point]], result: CheckResult) -> str:
    values = [value for points in curves for _, value in points]
    low, high = number_words(min(values), result.unit), number_words(max(values), result.unit)
    moved = f"stayed at {low}" if low == high else f"between {low} and {high}"
    drawn = "" if len(curves) == 1 else f", {len(curves)} series"
    more = len(result.series) - len(curves)
    left = f" ({more} more are not drawn)" if more > 0 and drawn else ""
    return f"The last hour: {moved}{drawn}{left}. Healthy when {result.healthy_when} {result.unit}".strip() + "."


class _Scale:
    def __init__(self, curves: Sequence[Sequence[Point]], limit: Limit) -> None:
        values = [value for points in curves for _, value in points] + [limit.value]
        times = [at for points in curves for at, _ in points]
        self._low, self._high = min(values), max(values)
        self._end = max(times)
        self._start = min(*times, self._end - 3600.0)

    def x(self, at: float) -> float:
        return WIDTH * (at - self._start) / (self._end - self._start)

    def y(self, value: float) -> float:
        """Downwards, as SVG counts; a flat line stands in the middle. Halves, so that no difference overflows."""
        span = self._high / 2 - self._low / 2
        share = (value / 2 - self._low / 2) / span if span > 0 else 0.5
        return HEIGHT - _MARGIN - share * (HEIGHT - 2 * _MARGIN)

    def lines(self, points: Sequence[Point]) -> list[str]:
        parts: list[list[Point]] = []
        for at, value in points:
            if not parts or at - parts[-1][-1][0] > _GAP_SECONDS:
                parts.append([])
            parts[-1].append((at, value))
        return [" ".join(f"{_text(self.x(at))},{_text(self.y(value))}" for at, value in part) for part in parts]

    def bad(self, limit: Limit) -> tuple[float, float]:
        """Top and height of what lies on the wrong side of the limit; nothing where it has no sides."""
        edge = self.y(limit.value)
        if limit.operator in ("<", "<="):
            return 0.0, edge
        return (edge, HEIGHT - edge) if limit.operator in (">", ">=") else (0.0, 0.0)


def _text(number: float) -> str:
    return f"{number:.0f}"
