"""Who stands watch at this moment, everywhere, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchbill.domain.access.models import User
from watchbill.domain.oncall import models
from watchbill.domain.oncall.rules import Schedule, shifts_between
from watchbill.domain.oncall.schedule_reads import load_schedules

# Longer than any usual turn; a shift that lasts longer is shown without an end.
LOOK_AHEAD = timedelta(days=35)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One schedule now. Nobody on call: no people, and `ends_at` is when somebody is again, if that is known."""

    schedule_id: UUID
    schedule_name: str
    people: tuple[User, ...]
    source: str
    ends_at: datetime | None


def everybody_on_watch(*, now: datetime) -> list[Watch]:
    """One entry for each schedule, by name. Four queries whatever their number."""
    rows = list(models.Schedule.objects.filter(archived_at=None).order_by("name").only("id", "name"))
    schedules = load_schedules(row.id for row in rows)
    found = {row.id: _at(schedules[row.id], now=now) for row in rows if row.id in schedules}
    users = User.objects.in_bulk({UUID(user) for ids, _, _ in found.values() for user in ids})
    return [
        Watch(
            schedule_id=row.id,
            schedule_name=row.name,
            people=tuple(users[UUID(user)] for user in found[row.id][0] if UUID(user) in users),
            source=found[row.id][1],
            ends_at=found[row.id][2],
        )
        for row in rows
        if row.id in found
    ]


def _at(schedule: Schedule, *, now: datetime) -> tuple[tuple[str, ...], str, datetime | None]:
    horizon = now + LOOK_AHEAD
    shifts = shifts_between(schedule, starts_at=now, ends_at=horizon)
    if not shifts:
        return (), "nobody", None
    first = shifts[0]
    if first.starts_at > now:
        return (), "nobody", first.starts_at
    return first.users, first.source, first.ends_at if first.ends_at < horizon else None
