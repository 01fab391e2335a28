"""The values a process is written in: identifiers, durations, ranges, deadlines, times of day.

A document is read in pydantic's strict JSON mode: no text is taken for a number, no unknown key is passed over.
"""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints, model_validator

from watchbill.ground.durations import format_duration, parse_duration

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")

Collection = Literal["severities", "roles", "calendars", "tiers", "rotations"]


@dataclass(frozen=True)
class RefersTo:
    """Marks a field whose identifiers must exist in a collection of the same document."""

    collection: Collection


class Part(BaseModel):
    """A piece of the document: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _duration(value: Any) -> timedelta:
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError(f"{value!r} is not a duration. Write it as 90s, 5m, 1h30m or 2d")


def _time_of_day(value: Any) -> time:
    if isinstance(value, str) and (match := _TIME_OF_DAY.fullmatch(value)):
        return time(int(match[1]), int(match[2]))
    raise ValueError(f'{value!r} is not a time of day. Write it as "09:30"')


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(format_duration, return_type=str)]
TimeOfDay = Annotated[
    time, BeforeValidator(_time_of_day), PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str)
]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Comparison = Literal["above", "below"]
SeverityIds = Annotated[tuple[Identifier, ...], RefersTo("severities")]
RoleIds = Annotated[tuple[Identifier, ...], RefersTo("roles")]


class Labelled(Part):
    """One thing with a stable identifier for programs and a label for people."""

    id: Identifier
    label: Text


class DurationRange(Part):
    min: Duration
    max: Duration

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(
                f"min {format_duration(self.min)} is longer than max {format_duration(self.max)}. Exchange them"
            )
        return self


class Every(Part):
    """A calendar rhythm: a week is seven local days, whatever daylight saving does to its length."""

    every: int = 1
    unit: Literal["day", "week", "month", "year"]

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.every < 1:
            raise ValueError("`every` counts from 1. Write 1 or more")
        return self


class Deadline(Part):
    """Exactly one limit. `within` includes the limit, `below` does not.

    With a calendar, durations count only its open time; `by: next-business-day` means before that day closes.
    `cycle` leaves the date to a planning rhythm, so nothing can be computed from it.
    """

    label: Text | None = None
    within: Duration | None = None
    below: Duration | None = None
    below_business_days: int | None = None
    by: Literal["next-business-day"] | None = None
    cycle: Literal["sprint-planning"] | None = None
    calendar: Annotated[Identifier | None, RefersTo("calendars")] = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        names = ("within", "below", "below_business_days", "by", "cycle")
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"has {' and '.join(given) or 'no limit'}. Write exactly one of {', '.join(names)}")
        if given[0] in {"below_business_days", "by"} and self.calendar is None:
            raise ValueError(f"`{given[0]}` needs business days. Add the `calendar:` that says which they are")
        return self


class UpdateCadence(Part):
    """How often people are told: between `min` and `max` after the last update, or when there is need."""

    every: DurationRange | None = None
    as_needed: bool = False

    @model_validator(mode="after")
    def _one_rhythm(self) -> Self:
        if (self.every is not None) == self.as_needed:
            raise ValueError("has no single rhythm. Write either `every: {min, max}` or `as_needed: true`")
        return self
