"""Where an incident is worked on, by whom, in which order."""

from typing import Annotated, Literal

from watchbill.domain.process.schema.values import (
    Duration,
    Identifier,
    Labelled,
    Part,
    RefersTo,
    RoleIds,
    Text,
)


class Activation(Part):
    severity: Annotated[Identifier, RefersTo("severities")]
    mode: Literal["automatic", "on-demand"]


class Channel(Labelled):
    """`name_pattern` takes {date} (YYYY-MM-DD) and {brief-name}; `hosts` are the products it may live in."""

    kind: Literal["chat", "voice", "phone"]
    hosts: tuple[Identifier, ...] = ()
    name_pattern: Text | None = None
    dedicated: bool = False
    persistent_link: bool = False


class MessagePrefix(Part):
    prefix: Text
    roles: RoleIds


class ChannelRule(Labelled):
    prefixes: tuple[MessagePrefix, ...] = ()


class Selection(Labelled):
    roster: Annotated[Identifier | None, RefersTo("roles")] = None


class WarRoomRole(Part):
    """`selected_from` is in order of preference."""

    role: Annotated[Identifier, RefersTo("roles")]
    responsibilities: tuple[Labelled, ...]
    selected_from: tuple[Selection, ...]


class WorkflowStep(Labelled):
    within: Duration | None = None


class Phase(Labelled):
    steps: tuple[WorkflowStep, ...]


class WarRoom(Part):
    activation: tuple[Activation, ...]
    channels: tuple[Channel, ...]
    channel_rules: tuple[ChannelRule, ...]
    roles: tuple[WarRoomRole, ...]
    workflow: tuple[Phase, ...]
