"""What a severity means, and who joins as time goes by."""

from typing import Annotated, Literal

from watchbill.domain.process.schema.values import (
    Comparison,
    Deadline,
    Duration,
    Identifier,
    Labelled,
    Part,
    RefersTo,
    RoleIds,
    SeverityIds,
    Text,
    UpdateCadence,
)


class Role(Labelled):
    """Somebody the process names. `found_by` says where the person or group behind the name comes from."""

    also_called: tuple[Text, ...] = ()
    found_by: Literal[
        "primary-schedule",
        "secondary-schedule",
        "team-lead",
        "team-manager",
        "roster",
        "all-engineers",
        "organization-fallback",
        "incident",
    ]


class Threshold(Part):
    """`value` times the normal figure when `unit` is `times-normal`."""

    measure: Identifier
    comparison: Comparison
    value: float
    unit: Literal["times-normal", "percent"]


class SeverityExample(Labelled):
    threshold: Threshold | None = None
    below_threshold_of: Annotated[Identifier | None, RefersTo("severities")] = None


class Impact(Part):
    label: Text
    customers: Literal["all-or-most", "many", "some", "none"]


class Communication(Labelled):
    """Who is told. Without `only_if` always; with it, only when that holds."""

    audience: Literal["public", "customers", "executives", "internal"]
    only_if: Literal["customer-facing", "customer-inquires"] | None = None


class Severity(Labelled):
    rank: int
    name: Identifier
    impact: Impact
    examples: tuple[SeverityExample, ...]
    respond: Deadline
    updates: UpdateCadence
    pages: RoleIds
    opens_ticket: bool = False
    communication: tuple[Communication, ...]
    resolve: Deadline
    resolved_means: Literal["mitigated", "resolved"]


class Responsibility(Labelled):
    within: Duration | None = None
    escalates_to_tier: Annotated[Identifier | None, RefersTo("tiers")] = None
    after: Duration | None = None
    severities: SeverityIds = ()


class EscalationTrigger(Labelled):
    severities: SeverityIds = ()


class EscalationTier(Labelled):
    tier: int
    roles: RoleIds
    reached_by: tuple[Labelled, ...]
    responsibilities: tuple[Responsibility, ...]
    escalate_when: tuple[EscalationTrigger, ...]


class LadderStep(Part):
    """`after` counts from the moment the incident got the severity; nothing happens if the state was left before."""

    after: Duration
    if_still: Literal["unacknowledged", "unresolved"]
    pages: RoleIds
    again: RoleIds = ()
    label: Text


class SeverityLadder(Part):
    severity: Annotated[Identifier, RefersTo("severities")]
    steps: tuple[LadderStep, ...]
