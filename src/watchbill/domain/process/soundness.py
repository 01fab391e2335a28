"""What the shape of a document cannot say: names that must exist, orders that must hold."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.process.schema.values import Labelled, Part, RefersTo
from watchbill.ground.durations import format_duration
from watchbill.ground.yaml_text import Place


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    place: Place
    message: str
    remedy: str


def contradictions(document: ProcessDocument) -> list[Contradiction]:
    return [
        *_unknown_names(document),
        *_repeated_names(document, ()),
        *_wrong_orders(document),
        *_agenda_too_long(document),
        *_impossible_metrics(document),
    ]


def _unknown_names(document: ProcessDocument) -> Iterator[Contradiction]:
    known = {
        "severities": [severity.id for severity in document.severities],
        "roles": [role.id for role in document.roles],
        "calendars": [calendar.id for calendar in document.calendars],
        "tiers": [tier.id for tier in document.escalation_matrix],
        "rotations": [rotation.id for rotation in document.on_call.rotations],
    }
    for place, name, collection in _references(document, ()):
        if name in known[collection]:
            continue
        near = get_close_matches(name, known[collection], n=1)
        hint = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(known[collection])}."
        yield Contradiction(
            place=place,
            message=f"`{name}` is not one of the {collection} of this document",
            remedy=f"{hint} Otherwise add it to the {collection}.",
        )


def _references(part: Part, place: Place) -> Iterator[tuple[Place, str, str]]:
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        for mark in field.metadata:
            if isinstance(mark, RefersTo) and value is not None:
                if isinstance(value, str):
                    yield (*place, name), value, mark.collection
                else:
                    for index, item in enumerate(value):
                        yield (*place, name, index), item, mark.collection
    for inner_place, inner in _parts_of(part, place):
        yield from _references(inner, inner_place)


def _parts_of(part: Part, place: Place) -> Iterator[tuple[Place, Part]]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Part):
            yield (*place, name), value
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, Part):
                    yield (*place, name, index), item


def _repeated_names(part: Part, place: Place) -> Iterator[Contradiction]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, tuple):
            yield from _repeated_in(value, (*place, name))
    for inner_place, inner in _parts_of(part, place):
        yield from _repeated_names(inner, inner_place)


def _repeated_in(items: Sequence[Any], place: Place) -> Iterator[Contradiction]:
    names = [_name_of(item) for item in items]
    counts = Counter(name for name in names if name is not None)
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Contradiction(
                place=(*place, index),
                message=f"`{name}` stands in this list {counts[name]} times",
                remedy="Keep one of them, or give each its own name.",
            )
        if name is not None:
            seen.add(name)


def _name_of(item: Any) -> str | None:
    if isinstance(item, Labelled):
        return item.id
    if isinstance(item, str):
        return item
    owner = getattr(item, "severity", None) or getattr(item, "role", None)
    return owner if isinstance(owner, str) else None


def _wrong_orders(document: ProcessDocument) -> Iterator[Contradiction]:
    yield from _numbered(("severities",), "rank", [severity.rank for severity in document.severities])
    yield from _numbered(("escalation_matrix",), "tier", [tier.tier for tier in document.escalation_matrix])
    levels = document.escalation_policy.levels
    yield from _numbered(("escalation_policy", "levels"), "level", [level.level for level in levels])
    for index, level in enumerate(levels):
        if level.timeout <= timedelta():
            yield Contradiction(
                place=("escalation_policy", "levels", index, "timeout"),
                message="a level without time gives nobody a chance to answer",
                remedy="Write a timeout longer than 0s.",
            )
    for index, ladder in enumerate(document.time_based_escalation):
        yield from _rising(("time_based_escalation", index, "steps"), [step.after for step in ladder.steps])
    for urgency, rules in (("high", document.notification_rules.high), ("low", document.notification_rules.low)):
        yield from _rising(("notification_rules", urgency), [step.after for step in rules])


def _numbered(place: Place, key: str, numbers: Iterable[int]) -> Iterator[Contradiction]:
    for index, number in enumerate(numbers):
        if number != index + 1:
            yield Contradiction(
                place=(*place, index, key),
                message=f"{key} {number} stands in position {index + 1}",
                remedy=f"Write {key}: {index + 1}, or put the items in order.",
            )


def _rising(place: Place, moments: Sequence[timedelta]) -> Iterator[Contradiction]:
    for index in range(1, len(moments)):
        if moments[index] < moments[index - 1]:
            before, now = format_duration(moments[index - 1]), format_duration(moments[index])
            yield Contradiction(
                place=(*place, index, "after"),
                message=f"{now} stands after {before}",
                remedy="Put the steps in the order of time.",
            )


def _agenda_too_long(document: ProcessDocument) -> Iterator[Contradiction]:
    meeting = document.review.meeting
    total = sum((item.duration for item in meeting.agenda), timedelta())
    if total > meeting.duration.max:
        yield Contradiction(
            place=("review", "meeting", "agenda"),
            message=f"the items take {format_duration(total)}, the meeting {format_duration(meeting.duration.max)}",
            remedy="Shorten items or lengthen the meeting.",
        )


def _impossible_metrics(document: ProcessDocument) -> Iterator[Contradiction]:
    """A target is measured in what its statistic yields: a duration, or a percentage; or it is only a direction."""
    for metric_index, metric in enumerate(document.metrics):
        for index, target in enumerate(metric.targets):
            place = ("metrics", metric_index, "targets", index)
            given = [name for name in ("duration", "percent", "trend") if getattr(target, name) is not None]
            fitting = {"mean-duration": "duration", "percentage": "percent", "count": "trend"}[metric.statistic.kind]
            if len(given) != 1 or given[0] not in {fitting, "trend"}:
                yield Contradiction(
                    place=place,
                    message=f"a {metric.statistic.kind} cannot be held against {' and '.join(given) or 'nothing'}",
                    remedy=f"Write exactly one of `{fitting}` or `trend`." if fitting != "trend" else "Write `trend`.",
                )
            elif (given[0] != "trend") != (target.comparison is not None):
                yield Contradiction(
                    place=place,
                    message="a figure needs its comparison, and a trend has none",
                    remedy="Write `comparison: below` or `above` beside a figure only.",
                )
