"""Reviews after incidents, the figures that are watched, and the checklists."""

from typing import Annotated, Literal

from pydantic import Field

from watchbill.domain.process.schema.values import (
    Comparison,
    Duration,
    DurationRange,
    Every,
    Identifier,
    Labelled,
    Part,
    RefersTo,
    RoleIds,
    SeverityIds,
    Text,
)


class ReviewDeadline(Part):
    """`within` counts from the resolution of the incident."""

    severity: Annotated[Identifier, RefersTo("severities")]
    requirement: Literal["required", "optional", "not-required"]
    within: Duration | None = None
    depends_on: Identifier | None = None


class Attendees(Part):
    required: RoleIds
    optional: RoleIds = ()


class AgendaItem(Labelled):
    duration: Duration


class Meeting(Part):
    duration: DurationRange
    attendees: Attendees
    agenda: tuple[AgendaItem, ...]


class Principle(Labelled):
    text: Text


class ActionItemRule(Labelled):
    trackers: tuple[Identifier, ...] = ()
    priority_by: Identifier | None = None
    needs: tuple[Literal["owner", "due-date"], ...] = ()
    reviewed_in: tuple[Identifier, ...] = ()
    until: Literal["completion"] | None = None
    every: Every | None = None


class Review(Part):
    scheduling: tuple[ReviewDeadline, ...]
    meeting: Meeting
    principles: tuple[Principle, ...]
    action_items: tuple[ActionItemRule, ...]


class TemplateField(Labelled):
    """One thing the author fills in. `choices` belong to the kind `choice`."""

    kind: Literal["text", "number", "date", "time", "period", "duration", "person", "severity", "choice", "link"]
    choices: tuple[Text, ...] = ()
    hint: Text | None = None


class Sentences(Part):
    min: Annotated[int, Field(ge=1)]
    max: Annotated[int, Field(ge=1)]


class TemplateSection(Labelled):
    """`fields` are filled in once; `columns` make a table whose `rows` are prepared when they are known before."""

    guidance: Text
    sentences: Sentences | None = None
    time_zone: Text | None = None
    fields: tuple[TemplateField, ...] = ()
    columns: tuple[TemplateField, ...] = ()
    rows: tuple[Labelled, ...] = ()


class ReviewTemplate(Part):
    title: Text
    header: tuple[TemplateField, ...]
    sections: tuple[TemplateSection, ...]


class Statistic(Part):
    """What is computed: a mean between two moments of an incident, a count, or a share of a whole."""

    kind: Literal["mean-duration", "count", "percentage"]
    starts: Literal["started", "detected", "alerted"] | None = None
    ends: Literal["detected", "acknowledged", "resolved"] | None = None
    per: tuple[Literal["week", "month"], ...] = ()
    grouped_by: Literal["severity"] | None = None


class Target(Part):
    """For a `duration` or a `percent` with its comparison, or only a direction in time."""

    severities: SeverityIds = ()
    comparison: Comparison | None = None
    duration: Duration | None = None
    percent: Annotated[float | None, Field(ge=0, le=100)] = None
    trend: Literal["falling", "rising"] | None = None


class Trending(Part):
    label: Text
    every: Every | None = None


class Metric(Labelled):
    abbreviation: Text | None = None
    definition: Text
    statistic: Statistic
    targets: tuple[Target, ...]
    trending: Trending


class ChecklistItem(Labelled):
    severities: SeverityIds = ()
    roles: RoleIds = ()
    only_if: Literal["customer-facing"] | None = None
    every: Every | None = None


class Checklist(Labelled):
    items: Annotated[tuple[ChecklistItem, ...], Field(min_length=1)]
