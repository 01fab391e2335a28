"""When a service is healthy: a question to the metrics source, and the numbers that are good answers to it."""

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchbill.domain.people.rules import clean_name
from watchbill.ground.refusals import ChangeRefused

CHECKS_PER_SERVICE_MAX = 20
QUERY_MAX = 2000
UNIT_MAX = 20

_LIMIT = re.compile(r"(<=|>=|==|!=|<|>)\s*([+-]?\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,3})?)", re.ASCII)
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDraft:
    """`healthy_when`: an operator and a number, like `< 0.01`."""

    name: str
    query: str
    healthy_when: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    operator: str
    value: float

    def holds(self, measured: float) -> bool:
        """What is no number is never healthy."""
        return not math.isnan(measured) and _COMPARE[self.operator](measured, self.value)


def limit_of(text: str) -> Limit:
    """Raises ChangeRefused for what is not an operator and a number."""
    match = _LIMIT.fullmatch(text.strip())
    if match is None or not math.isfinite(float(match[2])):
        raise ChangeRefused("healthy_when", f'{text!r} is no limit; write an operator and a number, like "< 0.01"')
    return Limit(match[1], float(match[2]))


def check_healthy_when(text: str) -> str:
    """Written one way: the operator, a blank, the number as it was typed."""
    limit_of(text)
    match = _LIMIT.fullmatch(text.strip())
    return f"{match[1]} {match[2]}" if match else text


def check_query(text: str) -> str:
    query = text.strip()
    if not query:
        raise ChangeRefused("query", "is empty; write the PromQL expression that the metrics source is asked")
    if len(query) > QUERY_MAX:
        raise ChangeRefused("query", f"has {len(query)} characters; use at most {QUERY_MAX}, or a recording rule")
    return query


def check_unit(text: str) -> str:
    unit = " ".join(text.split())
    if len(unit) > UNIT_MAX:
        raise ChangeRefused("unit", f"has {len(unit)} characters; use at most {UNIT_MAX}, like % or s")
    return unit


def check_drafts(drafts: Sequence[CheckDraft]) -> tuple[CheckDraft, ...]:
    """As they are kept. Raises ChangeRefused that names `checks[1].query` or another place."""
    if len(drafts) > CHECKS_PER_SERVICE_MAX:
        raise ChangeRefused("checks", f"are {len(drafts)}; use at most {CHECKS_PER_SERVICE_MAX} for a service")
    clean = tuple(_clean(draft, at=f"checks[{number}]") for number, draft in enumerate(drafts))
    names = [one.name for one in clean]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ChangeRefused(f"checks[{number}].name", f"{name!r} stands twice; give every check its own name")
    return clean


def _clean(draft: CheckDraft, *, at: str) -> CheckDraft:
    try:
        return CheckDraft(
            name=clean_name(draft.name),
            query=check_query(draft.query),
            healthy_when=check_healthy_when(draft.healthy_when),
            unit=check_unit(draft.unit),
        )
    except ChangeRefused as refused:
        raise ChangeRefused(f"{at}.{refused.field}", refused.reason) from refused
