"""Where `oncall` and `shifts` find a schedule: in the database, or in files without any server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from watchbill import composition
from watchbill.cli.organization_files import read_files, refusals_told
from watchbill.domain.oncall.reads import schedule_id_of
from watchbill.domain.oncall.rules import Schedule, Shift, shift_around
from watchbill.domain.oncall.schedule_reads import load_schedules
from watchbill.domain.organization_file.rules import schedules_from_files
from watchbill.domain.people.reads import people
from watchbill.ground.local_time import instant_of, utc_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """`emails` by user id; in files the id is the address already."""

    schedule: Schedule
    emails: Mapping[str, str]

    def instant(self, text: str, *, option: str) -> datetime:
        """ISO 8601; without an offset it is the schedule's local time."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            hint = "write it like 2026-12-24T18:00Z or 2026-12-24T18:00+01:00"
            raise typer.BadParameter(f"{text!r} is no time; {hint}", param_hint=option) from error
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        return instant_of(moment, ZoneInfo(self.schedule.time_zone))

    def shift_at(self, at: datetime) -> Shift | None:
        return shift_around(self.schedule, at=at)

    def as_json(self, shift: Shift) -> dict[str, object]:
        return {
            "start": utc_text(shift.starts_at),
            "end": utc_text(shift.ends_at),
            "users": [self.emails.get(user, user) for user in shift.users],
            "source": shift.source,
        }

    def in_words(self, shift: Shift) -> str:
        zone = ZoneInfo(self.schedule.time_zone)
        start, end = (f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}" for at in (shift.starts_at, shift.ends_at))
        names = ", ".join(self.emails.get(user, user) for user in shift.users)
        return f"{start}  to  {end}  {names}  ({shift.source})"


def find_rota(name: str, *, files: Sequence[Path]) -> Rota:
    """By name, or in the database also by id. Exits 1 with the remedy when there is none."""
    if files:
        with refusals_told():
            schedules = schedules_from_files(read_files(files), kinds=composition.contact_kinds())
        if name in schedules:
            return Rota(schedule=schedules[name], emails={})
        known = ", ".join(schedules) or "none"
        typer.echo(f'no schedule "{name}" in these files; they define: {known}', err=True)
        raise typer.Exit(1)
    schedule_id = schedule_id_of(name)
    loaded = load_schedules([schedule_id]) if schedule_id is not None else {}
    if schedule_id is None or schedule_id not in loaded:
        typer.echo(f'there is no schedule "{name}"; `watchbill export` shows those there are', err=True)
        raise typer.Exit(1)
    return Rota(schedule=loaded[schedule_id], emails=_emails(loaded[schedule_id]))


def _emails(schedule: Schedule) -> dict[str, str]:
    ids = {user for rotation in schedule.rotations for user in rotation.members if user is not None}
    ids |= {override.user for override in schedule.overrides}
    return {str(detail.person.id): detail.person.email for detail in people(ids=[UUID(user) for user in ids])}
