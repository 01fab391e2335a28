"""What each severity means, and which one a few plain answers point to: all of it from the process document."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from watchbill.domain.incidents import rules
from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.process.schema.severities import Severity, SeverityExample
from watchbill.ground.refusals import ChangeRefused

# The words for each share of the customers that a process may name.
CUSTOMERS: Mapping[str, str] = {
    "all-or-most": "all or most of them",
    "many": "many of them",
    "some": "some of them",
    "none": "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A severity in words. `examples`: id and label of each. `unfilled`: roles that it calls and that are nobody."""

    id: str
    rank: int
    label: str
    name: str
    impact: str
    examples: tuple[tuple[str, str], ...]
    pages: str
    unfilled: tuple[str, ...]
    respond: str
    updates: str
    restore: str
    communication: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One answer, and the severity that it alone points to."""

    severity: Severity
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """`reasons`: the worst first; those that point to the suggested severity before those that say less."""

    severity: Severity
    reasons: tuple[Reason, ...]

    @property
    def decisive(self) -> tuple[Reason, ...]:
        return tuple(one for one in self.reasons if one.severity.id == self.severity.id)

    @property
    def milder(self) -> tuple[Reason, ...]:
        return tuple(one for one in self.reasons if one.severity.id != self.severity.id)


def definitions(process: ProcessDocument, *, empty: Collection[str] = ()) -> list[Definition]:
    """`empty`: roles that nobody fills anywhere."""
    roles = {role.id: role.label for role in process.roles}
    return [
        Definition(
            id=one.id,
            rank=one.rank,
            label=one.label,
            name=one.name,
            impact=one.impact.label,
            examples=tuple((example.id, _words(example, process)) for example in one.examples),
            pages=", ".join(roles[role] for role in one.pages) or "Nobody; a ticket is kept",
            unfilled=tuple(roles[role] for role in one.pages if role in empty),
            respond=rules.deadline_words(process, one.respond),
            updates=rules.update_words(one),
            restore=f"{rules.restore_words(one)} {rules.deadline_words(process, one.resolve)}",
            communication=", ".join(part.label for part in one.communication) or "None",
        )
        for one in _worst_first(process)
    ]


def customer_choices(process: ProcessDocument) -> list[tuple[str, str]]:
    """Of the answers to "which customers notice it?", those that mean something in this process."""
    known = {one.impact.customers for one in process.severities}
    return [(value, words) for value, words in CUSTOMERS.items() if value in known]


def example_choices(process: ProcessDocument) -> list[tuple[str, str]]:
    """What may be the case, the worst first; each once."""
    found: dict[str, str] = {}
    for severity in _worst_first(process):
        for example in severity.examples:
            found.setdefault(example.id, _words(example, process))
    return list(found.items())


def suggest(process: ProcessDocument, *, customers: str = "", holds: Collection[str] = ()) -> Suggestion | None:
    """The worst that any answer points to: when in doubt, the higher. None without an answer.

    `customers` "": not known. `holds`: ids of examples that are the case, or might be. Raises ChangeRefused.
    """
    _check(process, customers, holds)
    reasons = []
    for severity in _worst_first(process):
        if customers and severity.impact.customers == customers:
            reasons.append(Reason(severity=severity, because=f"Customers who notice it: {CUSTOMERS[customers]}"))
            customers = ""  # the worst of those that name the same share
        for example in severity.examples:
            if example.id in holds:
                reasons.append(Reason(severity=severity, because=_words(example, process)))
    return Suggestion(severity=reasons[0].severity, reasons=tuple(reasons)) if reasons else None


def _check(process: ProcessDocument, customers: str, holds: Collection[str]) -> None:
    choices = dict(customer_choices(process))
    if customers and customers not in choices:
        raise ChangeRefused("customers", f"{customers!r} is no answer; use {', '.join(choices)}, or leave it out")
    known = dict(example_choices(process))
    for index, one in enumerate(holds):
        if one not in known:
            raise ChangeRefused(f"holds[{index}]", f"{one!r} is no example of the process; use {', '.join(known)}")


def _worst_first(process: ProcessDocument) -> list[Severity]:
    return sorted(process.severities, key=lambda severity: severity.rank)


def _words(example: SeverityExample, process: ProcessDocument) -> str:
    """With its threshold, where it has one."""
    limit = example.threshold
    if limit is not None:
        unit = "times normal" if limit.unit == "times-normal" else "%"
        return f"{example.label} ({limit.measure} {limit.comparison} {limit.value:g} {unit})"
    if example.below_threshold_of is not None:
        labels = {one.id: one.label for one in process.severities}
        return f"{example.label}, but less than {labels.get(example.below_threshold_of, example.below_threshold_of)}"
    return example.label
