"""The organization file, key by key. Unknown keys are errors. Entries are values: equal when they say the same.

A list that is left out (None) says nothing: what is there stays, unless things the files do not name are pruned.
"""

from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from watchbill.domain.access.models import Role
from watchbill.domain.organization_file.values import (
    Day,
    Duration,
    Email,
    Handoff,
    Instant,
    Member,
    Name,
    Target,
    Text,
    Turn,
    WeeklyTime,
    Zone,
    checked,
)
from watchbill.domain.people.rules import PERSON_NAME_MAX, check_address, clean_name, listed
from watchbill.domain.services.check_rules import check_healthy_when, check_query, check_unit
from watchbill.domain.services.models import IntegrationKind, UrgencyRule
from watchbill.domain.services.rules import check_key, check_kind, check_url


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True)


class OrganizationEntry(Entry):
    name: Name
    time_zone: Zone = "UTC"
    fallback: tuple[Email, ...] | None = None


class ContactEntry(Entry):
    """`secret` left out: the one that is stored stays, or one is made where the kind needs one."""

    name: Name
    kind: Text
    address: Text
    secret: Text | None = None

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str, info: ValidationInfo) -> str:
        kinds = (info.context or {}).get("kinds", {kind: str})
        if kind not in kinds:
            raise ValueError(f'unknown kind "{kind}"; use {listed(kinds)}')
        return kind

    @field_validator("address")
    @classmethod
    def _possible_address(cls, address: str, info: ValidationInfo) -> str:
        kinds, kind = (info.context or {}).get("kinds"), info.data.get("kind")
        return checked(partial(check_address, kind, kinds=kinds))(address) if kinds and kind else address


class RuleEntry(Entry):
    contact: Name
    after: Duration


class RulesEntry(Entry):
    high: tuple[RuleEntry, ...] | None = None
    low: tuple[RuleEntry, ...] | None = None


class UserEntry(Entry):
    email: Email
    name: Text
    time_zone: Zone = "UTC"
    role: Text = Role.RESPONDER.value
    disabled: bool = False
    contacts: tuple[ContactEntry, ...] | None = None
    rules: RulesEntry | None = None

    @field_validator("name")
    @classmethod
    def _person_name(cls, name: str) -> str:
        return checked(partial(clean_name, longest=PERSON_NAME_MAX))(name)

    @field_validator("role")
    @classmethod
    def _known_role(cls, role: str) -> str:
        return _one_of(role, tuple(Role.values), what="role")


class TeamEntry(Entry):
    name: Name
    lead: Email | None = None
    manager: Email | None = None
    members: tuple[Email, ...] | None = None


class WindowEntry(Entry):
    start: WeeklyTime = Field(alias="from")
    end: WeeklyTime = Field(alias="to")


class RotationEntry(Entry):
    name: Name
    members: tuple[Member, ...]
    every: Turn
    handoff: Handoff
    starts: Day
    ends: Instant | None = None
    per_turn: int = 1
    windows: tuple[WindowEntry, ...] = ()


class OverrideEntry(Entry):
    user: Email
    start: Instant
    end: Instant


class ScheduleEntry(Entry):
    name: Name
    team: Name | None = None
    time_zone: Zone
    description: Text = ""
    rotations: tuple[RotationEntry, ...] | None = None
    overrides: tuple[OverrideEntry, ...] | None = None


class LevelEntry(Entry):
    targets: tuple[Target, ...]
    timeout: Duration


class PolicyEntry(Entry):
    """A target is `schedule:NAME`, `user:EMAIL`, `team-lead:NAME` or `team-manager:NAME`."""

    name: Name
    team: Name | None = None
    repeat: int = 0
    acknowledgement_timeout: Duration | None = None
    levels: tuple[LevelEntry, ...]


class IntegrationEntry(Entry):
    """`key` left out: the integration of this kind and name keeps its own, or gets one. Period and grace: heartbeat."""

    kind: Text
    name: Text = ""
    key: Text | None = None
    period: Duration | None = None
    grace: Duration | None = None

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        return checked(check_kind)(kind)

    @field_validator("name")
    @classmethod
    def _label(cls, name: str) -> str:
        return checked(clean_name)(name) if name else ""

    @field_validator("key")
    @classmethod
    def _possible_key(cls, key: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        return checked(partial(check_key, kind))(key) if key is not None and kind else key

    @model_validator(mode="after")
    def _heartbeat(self) -> "IntegrationEntry":
        is_heartbeat = self.kind == IntegrationKind.HEARTBEAT
        if is_heartbeat and self.period is None:
            raise ValueError("a heartbeat needs a period; add one, like period: 5m")
        if not is_heartbeat and (self.period is not None or self.grace is not None):
            raise ValueError("only a heartbeat has period and grace; remove them")
        return self


class CheckEntry(Entry):
    """`healthy_when`: an operator and a number, like "< 0.01"."""

    name: Name
    query: Text
    healthy_when: Text
    unit: Text = ""

    @field_validator("query")
    @classmethod
    def _query(cls, query: str) -> str:
        return checked(check_query)(query)

    @field_validator("healthy_when")
    @classmethod
    def _limit(cls, text: str) -> str:
        return checked(check_healthy_when)(text)

    @field_validator("unit")
    @classmethod
    def _unit(cls, unit: str) -> str:
        return checked(check_unit)(unit)


class ServiceEntry(Entry):
    name: Name
    description: Text = ""
    team: Name | None = None
    policy: Name | None = None
    urgency: Text = UrgencyRule.HIGH.value
    runbook: Text = ""
    integrations: tuple[IntegrationEntry, ...] | None = None
    checks: tuple[CheckEntry, ...] | None = None
    depends_on: tuple[Name, ...] | None = None

    @field_validator("urgency")
    @classmethod
    def _known_urgency(cls, urgency: str) -> str:
        return _one_of(urgency, tuple(UrgencyRule.values), what="urgency")

    @field_validator("runbook")
    @classmethod
    def _address(cls, url: str) -> str:
        return checked(partial(check_url, field="runbook"))(url)

    @field_validator("depends_on")
    @classmethod
    def _each_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return names if names is None else tuple(sorted(set(names)))


class RoleEntry(Entry):
    """Whom a role of the process stands for: of a team, of a service, or (with neither) everywhere."""

    role: Text
    team: Name | None = None
    service: Name | None = None
    targets: tuple[Target, ...]

    @model_validator(mode="after")
    def _one_place(self) -> "RoleEntry":
        if self.team is not None and self.service is not None:
            raise ValueError("names a team and a service; keep one of them")
        return self

    @property
    def name(self) -> str:
        """What tells it from the others."""
        if self.service is not None:
            return f"{self.role} of service {self.service}"
        return f"{self.role} of team {self.team}" if self.team is not None else self.role


class FileEntry(Entry):
    """One file. All sections may be left out."""

    organization: OrganizationEntry | None = None
    users: tuple[UserEntry, ...] = ()
    teams: tuple[TeamEntry, ...] = ()
    schedules: tuple[ScheduleEntry, ...] = ()
    policies: tuple[PolicyEntry, ...] = ()
    services: tuple[ServiceEntry, ...] = ()
    roles: tuple[RoleEntry, ...] = ()

    @field_validator("users", "teams", "schedules", "policies", "services", "roles", mode="before")
    @classmethod
    def _empty_section(cls, given: Any) -> Any:
        return () if given is None else given  # `users:` with nothing below it


def _one_of(given: str, words: tuple[str, ...], *, what: Literal["role", "urgency"]) -> str:
    if given not in words:
        raise ValueError(f'unknown {what} "{given}"; use {listed(words)}')
    return given
