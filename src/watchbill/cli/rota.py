"""Where `oncall` and `shifts` find a schedule: in the database, or in files without any server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from watchbill import composition
from watchbill.cli.host import instant, organization_zone
from watchbill.cli.organization_files import read_files, refusals_told
from watchbill.domain.oncall.reads import schedule_id_of, schedule_ids
from watchbill.domain.oncall.rules import NOBODY, Schedule, Shift, shift_around
from watchbill.domain.oncall.schedule_reads import load_schedules
from watchbill.domain.organization_file.rules import schedules_from_files, zone_from_files
from watchbill.domain.people.reads import people
from watchbill.ground.local_time import utc_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """`emails` by user id; in files the id is the address already."""

    schedule: Schedule
    emails: Mapping[str, str]

    def instant(self, text: str, *, option: str) -> datetime:
        """ISO 8601; without an offset it is the schedule's local time."""
        return instant(text, option=option, zone=self.schedule.time_zone)

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
        names = ", ".join(self.emails.get(user, user) for user in shift.users)
        return f"{self._period(shift.starts_at, shift.ends_at)}  {names}  ({shift.source})"

    def hole_in_words(self, starts_at: datetime, ends_at: datetime) -> str:
        return f"{self._period(starts_at, ends_at)}  {NOBODY}"

    def _period(self, starts_at: datetime, ends_at: datetime) -> str:
        zone = ZoneInfo(self.schedule.time_zone)
        start, end = (f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}" for at in (starts_at, ends_at))
        return f"{start}  to  {end}"


def find_rotas(*, files: Sequence[Path]) -> list[Rota]:
    """All there are, by name."""
    if files:
        found = [Rota(schedule=schedule, emails={}) for schedule in _from_files(files).values()]
    else:
        found = [Rota(schedule=each, emails=_emails(each)) for each in load_schedules(schedule_ids()).values()]
    return sorted(found, key=lambda rota: rota.schedule.name)


def common_zone(*, files: Sequence[Path]) -> str:
    """Where times are local that belong to no schedule."""
    if not files:
        return organization_zone()
    with refusals_told():
        return zone_from_files(read_files(files), kinds=composition.contact_kinds())


def find_rota(name: str, *, files: Sequence[Path]) -> Rota:
    """By name, or in the database also by id. Exits 1 with the remedy when there is none."""
    if files:
        schedules = _from_files(files)
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


def _from_files(files: Sequence[Path]) -> dict[str, Schedule]:
    with refusals_told():
        return schedules_from_files(read_files(files), kinds=composition.contact_kinds())


def _emails(schedule: Schedule) -> dict[str, str]:
    ids = {user for rotation in schedule.rotations for user in rotation.members if user is not None}
    ids |= {override.user for override in schedule.overrides}
    return {str(detail.person.id): detail.person.email for detail in people(ids=[UUID(user) for user in ids])}
