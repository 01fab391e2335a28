"""What a severity owes to whom, and how that stands. Pure; the process document and the time are passed in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchbill.domain.process.schema.severities import Communication, Severity

# Between which instants news is due after the last; None where it comes as needed.
Window = Callable[[datetime], tuple[datetime, datetime] | None]

SUMMARY = "internal-summary"
_OUTSIDE = ("public", "customers")
_IT_IS_BACK = "it is back, and they were told that it is over"
_REMAINING = {
    "public": "Status page update",
    "customers": "Customer email",
    "executives": "Executive notification",
    "internal": "Internal update",
}


class Need(StrEnum):
    OWED = "owed"
    DUE = "due"
    OVERDUE = "overdue"
    TOLD = "told"
    UNDECIDED = "undecided"
    NOT_NEEDED = "not-needed"


STILL_OWED = (Need.OWED, Need.DUE, Need.OVERDUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`customer_facing` None: not known yet. `resolved_at` None: it goes on. `was_none`: cancelled or merged.

    `raised_at`: when it began, or began anew.
    """

    customer_facing: bool | None
    a_customer_asked: bool
    restricted: bool
    was_none: bool
    raised_at: datetime
    resolved_at: datetime | None
    has_summary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The last publication of one item; `moment` of it."""

    item: str
    label: str
    audience: str
    at: datetime
    moment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """`why`: because of what it is owed, not needed or undecided. `due_at`: by the update clock of the severity.

    `moment`: of what would be written next. `told_at`: when they heard last. `may_leave` False: never to them.
    """

    item: str
    label: str
    audience: str
    need: Need
    why: str
    due_at: datetime | None
    moment: str
    told_at: datetime | None = None
    may_leave: bool = True

    @property
    def is_owed(self) -> bool:
        return self.need in STILL_OWED


def plan(
    severity: Severity, facts: Facts, told: Mapping[str, Told], *, window: Window, now: datetime
) -> tuple[PlanItem, ...]:
    """What the severity names; what was begun under another severity and has to be ended; the internal summary."""
    items = [_named(one, severity, facts, told.get(one.id), window=window, now=now) for one in severity.communication]
    named = {one.id for one in severity.communication}
    items += [_begun(one, severity, facts) for one in told.values() if one.item not in named | {SUMMARY}]
    if facts.has_summary and not any(one.audience == "internal" for one in severity.communication):
        items.append(_summary(facts, told.get(SUMMARY)))
    return tuple(items)


def _named(
    one: Communication, severity: Severity, facts: Facts, last: Told | None, *, window: Window, now: datetime
) -> PlanItem:
    """An item that the severity asks for. Whom something was told before is told the end, whatever holds by then."""
    need, why = _condition(one, severity, facts)
    due_at = None
    if need is Need.OWED:
        need, due_at = _by_clock(facts, last, window=window, now=now)
    elif last is not None and need is Need.NOT_NEEDED and not facts.restricted and not facts.was_none:
        need, why = _ending(facts, last), f"they were told of it; {why}"
    if need in STILL_OWED and _is_back(facts, last):
        why = _IT_IS_BACK
    return PlanItem(
        item=one.id,
        label=one.label,
        audience=one.audience,
        need=need,
        why=why,
        due_at=due_at,
        moment=_moment(facts, last),
        told_at=last.at if last is not None else None,
        may_leave=not (facts.restricted and one.audience in _OUTSIDE),
    )


def _condition(one: Communication, severity: Severity, facts: Facts) -> tuple[Need, str]:
    if facts.was_none:
        return Need.NOT_NEEDED, "it was no incident after all"
    if facts.restricted and one.audience in _OUTSIDE:
        return Need.NOT_NEEDED, "restricted: nothing of it leaves the circle of those who may see it"
    if one.only_if == "customer-facing":
        if facts.customer_facing is None:
            return Need.UNDECIDED, "say whether customers see it"
        if not facts.customer_facing:
            return Need.NOT_NEEDED, "not customer-facing"
        return Need.OWED, f"{severity.label} and customer-facing"
    if one.only_if == "customer-inquires":
        return (Need.OWED, "a customer asked") if facts.a_customer_asked else (Need.NOT_NEEDED, "no customer asked")
    return Need.OWED, f"{severity.label} asks for it"


def _by_clock(facts: Facts, last: Told | None, *, window: Window, now: datetime) -> tuple[Need, datetime | None]:
    """The first notice and each update by the severity's clock; after the resolution the end, once.

    Whom the end was told is owed at once that it is back.
    """
    if facts.resolved_at is not None:
        return _ending(facts, last), None
    knows = last is not None and last.moment != "resolved"
    times = window(max(last.at, facts.raised_at) if last is not None else facts.raised_at)
    if times is None:
        return (Need.TOLD if knows else Need.OWED), None
    soft_at, hard_at = times
    if now > hard_at:
        return Need.OVERDUE, hard_at
    if not knows:
        return Need.OWED, hard_at
    return (Need.DUE if now >= soft_at else Need.TOLD), hard_at


def _ending(facts: Facts, last: Told | None) -> Need:
    if facts.resolved_at is None:
        return Need.OWED if _is_back(facts, last) else Need.TOLD
    ended = last is not None and last.moment == "resolved" and last.at >= facts.resolved_at
    return Need.TOLD if ended else Need.OWED


def _is_back(facts: Facts, last: Told | None) -> bool:
    """They were told that it is over, and it was raised anew since."""
    ended = last is not None and last.moment == "resolved" and last.at <= facts.raised_at
    return facts.resolved_at is None and ended


def _begun(last: Told, severity: Severity, facts: Facts) -> PlanItem:
    """Told under another severity, or by somebody's own decision."""
    need = Need.NOT_NEEDED if facts.was_none else _ending(facts, last)
    why = _IT_IS_BACK if _is_back(facts, last) else f"{severity.label} asks for none, but they were told of it"
    return PlanItem(
        item=last.item,
        label=last.label,
        audience=last.audience,
        need=need,
        why=why,
        due_at=None,
        moment=_moment(facts, last),
        told_at=last.at if last is not None else None,
    )


def _summary(facts: Facts, last: Told | None) -> PlanItem:
    need = Need.NOT_NEEDED if facts.was_none else _ending(facts, last)
    return PlanItem(
        item=SUMMARY,
        label="Internal summary",
        audience="internal",
        need=need,
        why="it is resolved",
        due_at=None,
        moment="resolved",
        told_at=last.at if last is not None else None,
    )


def _moment(facts: Facts, last: Told | None) -> str:
    if facts.resolved_at is not None:
        return "resolved"
    if _is_back(facts, last):
        return "back"
    return "first" if last is None else "update"


def others(items: Sequence[PlanItem], *, restricted: bool) -> tuple[tuple[str, str], ...]:
    """(audience, label) of those to whom the plan says nothing, so that somebody may still decide to tell them."""
    planned = {one.audience for one in items} | (set(_OUTSIDE) if restricted else set())
    return tuple((audience, label) for audience, label in _REMAINING.items() if audience not in planned)


def label_of(audience: str) -> str:
    return _REMAINING[audience]


def next_item(items: Sequence[PlanItem]) -> str:
    """What to do first: what is late, otherwise what stands first; empty when nothing is owed."""
    owed = sorted((one for one in items if one.is_owed), key=lambda one: one.need is not Need.OVERDUE)
    return owed[0].item if owed else ""


def owed_words(items: Sequence[PlanItem]) -> str:
    """`customer email, executive notification`; empty when nothing is owed."""
    return ", ".join(one.label[:1].lower() + one.label[1:] for one in items if one.is_owed)
