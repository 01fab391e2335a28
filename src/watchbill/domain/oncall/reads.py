"""Schedules as screens, the API and the command line show them, and as the calculation wants them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q

from watchbill.domain.oncall.actions import draft_of
from watchbill.domain.oncall.models import Override, Rotation, Schedule
from watchbill.domain.oncall.rotation_rules import RotationDraft, ScheduleDraft
from watchbill.domain.oncall.schedule_reads import rotation_draft
from watchbill.ground.identity import uuid_in


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideLine:
    id: UUID
    user_id: UUID
    email: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDetail:
    """The rotations as they are now, in order; overrides that are not over, the next one first."""

    id: UUID
    draft: ScheduleDraft
    team: str | None
    rotations: tuple[RotationDraft, ...]
    overrides: tuple[OverrideLine, ...]


def schedules(*, now: datetime, ids: Iterable[UUID] | None = None) -> list[ScheduleDetail]:
    """By name, without the archived ones. Four queries however many there are."""
    rows = Schedule.objects.filter(archived_at=None).select_related("team").order_by("name")
    if ids is not None:
        rows = rows.filter(id__in=list(ids))
    current = Rotation.objects.filter(retired_at=None).order_by("position").prefetch_related("members")
    ahead = Override.objects.filter(cancelled_at=None, ends_at__gt=now).select_related("user")
    rows = rows.prefetch_related(
        Prefetch("rotations", current), Prefetch("overrides", ahead.order_by("starts_at", "created_at"))
    )
    return [
        ScheduleDetail(
            id=row.id,
            draft=draft_of(row),
            team=row.team.name if row.team else None,
            rotations=tuple(rotation_draft(rotation) for rotation in row.rotations.all()),
            overrides=tuple(_override_line(override) for override in row.overrides.all()),
        )
        for row in rows
    ]


def schedule(schedule_id: UUID, *, now: datetime) -> ScheduleDetail | None:
    return next(iter(schedules(ids=[schedule_id], now=now)), None)


def schedule_id_of(name_or_id: str) -> UUID | None:
    """By id, or by the exact name."""
    rows = Schedule.objects.filter(archived_at=None).values_list("id", flat=True)
    identity = uuid_in(name_or_id)
    return rows.filter(Q(name=name_or_id) if identity is None else Q(id=identity)).first()


def schedule_ids() -> list[UUID]:
    """Without the archived ones."""
    return list(Schedule.objects.filter(archived_at=None).values_list("id", flat=True))


def _override_line(row: Override) -> OverrideLine:
    return OverrideLine(
        id=row.id,
        user_id=row.user_id,
        email=row.user.email,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        created_at=row.created_at,
        created_by=row.created_by,
    )
