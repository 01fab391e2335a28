"""The words of a process document: durations, deadlines, rhythms and targets as a reader says them."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django import template

from watchbill.domain.process.schema.learning import Target
from watchbill.domain.process.schema.values import Deadline, Every, UpdateCadence
from watchbill.ground.durations import format_duration

register = template.Library()


@register.filter
def duration(value: timedelta | None) -> str:
    return format_duration(value) if value is not None else ""


@register.filter
def deadline(value: Deadline | None) -> str:
    if value is None:
        return ""
    calendar = f" ({value.calendar} hours)" if value.calendar else ""
    if value.within is not None:
        words = f"within {format_duration(value.within)}{calendar}"
    elif value.below is not None:
        words = f"in less than {format_duration(value.below)}{calendar}"
    elif value.below_business_days is not None:
        words = f"in less than {value.below_business_days} business days"
    elif value.by is not None:
        words = "by the next business day"
    else:
        words = "in a coming sprint"
    return f"{value.label}: {words}" if value.label else words


@register.filter
def cadence(value: UpdateCadence) -> str:
    if value.every is None:
        return "as needed"
    return f"every {format_duration(value.every.min)} to {format_duration(value.every.max)}"


@register.filter
def every(value: Every) -> str:
    return f"every {value.unit}" if value.every == 1 else f"every {value.every} {value.unit}s"


@register.filter
def target(value: Target) -> str:
    who = f" ({', '.join(one.upper() for one in value.severities)})" if value.severities else ""
    if value.trend:
        return f"{value.trend}{who}"
    figure = format_duration(value.duration) if value.duration is not None else f"{value.percent:g} %"
    return f"{value.comparison or ''} {figure}{who}".strip()


@register.simple_tag
def named(labels: Mapping[str, str], ids: Iterable[Any]) -> str:
    return ", ".join(labels.get(str(one), str(one)) for one in ids)


@register.filter
def list_of(value: str) -> list[str]:
    return [value]
