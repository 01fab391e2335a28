"""The whole process. Order is meaningful in every list; identifiers are unique within their list."""

from typing import Annotated, Literal

from pydantic import Field

from watchbill.domain.process.schema.business_calendar import BusinessCalendar
from watchbill.domain.process.schema.learning import Checklist, Metric, Review, ReviewTemplate
from watchbill.domain.process.schema.on_call import EscalationPolicy, NotificationRules, OnCall
from watchbill.domain.process.schema.severities import (
    EscalationTier,
    Role,
    Severity,
    SeverityLadder,
)
from watchbill.domain.process.schema.values import Part, Text
from watchbill.domain.process.schema.war_room import WarRoom


class ProcessDocument(Part):
    format: Literal[1]
    name: Text
    purpose: Text
    calendars: tuple[BusinessCalendar, ...]
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)]
    escalation_matrix: tuple[EscalationTier, ...]
    time_based_escalation: tuple[SeverityLadder, ...]
    war_room: WarRoom
    on_call: OnCall
    escalation_policy: EscalationPolicy
    notification_rules: NotificationRules
    review: Review
    review_template: ReviewTemplate
    metrics: tuple[Metric, ...]
    checklists: tuple[Checklist, ...]
