"""The organization as a file: applying it to the same instance plans nothing, to another one builds the same."""

import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from watchbill.domain.organization_file.current import State, read_state
from watchbill.domain.organization_file.schema import FileEntry, ScheduleEntry, UserEntry


def export_text(*, secret_key: str, now: datetime) -> str:
    """Integration keys are in it in the clear; secrets of contacts and overrides that are over are not."""
    return to_text(to_entry(read_state(secret_key=secret_key, now=now)))


def to_entry(state: State) -> FileEntry:
    return FileEntry(
        organization=state.organization,
        users=tuple(_without_secrets(user) for user in state.users.values()),
        teams=tuple(state.teams.values()),
        schedules=tuple(_in_local_time(schedule) for schedule in state.schedules.values()),
        policies=tuple(state.policies.values()),
        services=tuple(state.services.values()),
        roles=tuple(state.roles.values()),
        bridges=tuple(state.bridges.values()),
    )


def to_text(entry: FileEntry) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.default_flow_style = False
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    data = _without_empty(entry.model_dump(exclude_defaults=True, by_alias=True))
    if not data:
        return ""
    yaml.dump(data, stream)
    return stream.getvalue()


def _without_secrets(user: UserEntry) -> UserEntry:
    contacts = tuple(contact.model_copy(update={"secret": None}) for contact in user.contacts or ())
    return user.model_copy(update={"contacts": contacts})


def _in_local_time(schedule: ScheduleEntry) -> ScheduleEntry:
    zone = ZoneInfo(schedule.time_zone)
    rotations = tuple(
        rotation.model_copy(update={"ends": rotation.ends.astimezone(zone)}) if rotation.ends else rotation
        for rotation in schedule.rotations or ()
    )
    overrides = tuple(
        override.model_copy(update={"start": override.start.astimezone(zone), "end": override.end.astimezone(zone)})
        for override in schedule.overrides or ()
    )
    return schedule.model_copy(update={"rotations": rotations, "overrides": overrides})


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_empty(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in ({}, [], None)}
    if isinstance(value, list | tuple):
        return [_without_empty(part) for part in value]
    return value
