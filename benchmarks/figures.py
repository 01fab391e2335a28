"""One measured figure, and whether it is what was promised."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """`met` is None for a figure without a promise. `runs` are the single values behind it."""

    name: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None
    runs: list[Any] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "value": self.value, "unit": self.unit, "target": self.target, "met": self.met,
                "runs": self.runs}  # fmt: skip


def at_least(name: str, value: float, unit: str, bound: float, runs: list[Any]) -> Figure:
    return Figure(name, value, unit, f">= {bound:g}", value >= bound, runs)


def at_most(name: str, value: float, unit: str, bound: float, runs: list[Any]) -> Figure:
    return Figure(name, value, unit, f"<= {bound:g}", value <= bound, runs)
