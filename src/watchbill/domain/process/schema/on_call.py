"""Who stands watch, how it stays bearable, and how a page travels."""

from typing import Annotated, Literal

from pydantic import Field

from watchbill.domain.process.schema.values import (
    Duration,
    Every,
    Identifier,
    Labelled,
    Part,
    RefersTo,
    RoleIds,
    Text,
    TimeOfDay,
    Weekday,
)


class Handoff(Part):
    weekday: Weekday
    at: TimeOfDay
    time_zone: Literal["schedule-local"]


class Takeover(Part):
    """The rotation acts when the one it backs has been silent for `after`."""

    rotation: Annotated[Identifier, RefersTo("rotations")]
    if_still: Literal["unacknowledged"]
    after: Duration


class Rotation(Labelled):
    role: Annotated[Identifier, RefersTo("roles")]
    turn: Every
    handoff: Handoff | None = None
    engineers_min: Annotated[int | None, Field(ge=1)] = None
    offset_from: Annotated[Identifier | None, RefersTo("rotations")] = None
    takes_over: Takeover | None = None


class Expectation(Labelled):
    within: Duration | None = None
    reachable_by: tuple[Literal["phone", "laptop"], ...] = ()


class Night(Part):
    """Local time of the engineer; `until` is on the following morning."""

    starts: TimeOfDay
    until: TimeOfDay


class RestRule(Labelled):
    engaged_at_least: Duration
    during: Night
    grants: Literal["late-start-next-day"]


class LoadRule(Labelled):
    counts: Literal["pages"]
    per_person: Literal[True]
    per: Literal["week"]
    then: Literal["rebalance-if-needed"]


class OnCallHealth(Part):
    consecutive_weeks_max: Annotated[int, Field(ge=1)]
    weeks_between_rotations_min: Annotated[int, Field(ge=0)]
    rest_after_incident: RestRule
    burnout_watch: LoadRule


class OnCall(Part):
    rotations: tuple[Rotation, ...]
    expectations: tuple[Expectation, ...]
    health: OnCallHealth


class EscalationLevel(Part):
    level: int
    label: Text
    targets: RoleIds
    timeout: Duration


class EscalationPolicy(Part):
    """What a service follows when nobody wrote a policy for it. The fallback is paged when every level is spent."""

    levels: Annotated[tuple[EscalationLevel, ...], Field(min_length=1)]
    fallback: RoleIds


class NotificationStep(Part):
    kind: Literal["push", "phone", "sms", "email"]
    after: Duration
    label: Text


class NotificationRules(Part):
    high: Annotated[tuple[NotificationStep, ...], Field(min_length=1)]
    low: Annotated[tuple[NotificationStep, ...], Field(min_length=1)]
