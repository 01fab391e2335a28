"""Schedules as the calculation wants them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import F, Prefetch

from watchbill.domain.oncall import models
from watchbill.domain.oncall.rotation_rules import RotationDraft, rotation_rule, windows_from_json
from watchbill.domain.oncall.rules import Override, Rotation, Schedule


def load_schedules(ids: Iterable[UUID]) -> dict[UUID, Schedule]:
    """A constant number of queries; users are ids as text. Retired rotations are included: they are the past."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = models.Schedule.objects.filter(id__in=wanted, archived_at=None).prefetch_related(
        Prefetch("rotations", models.Rotation.objects.order_by("position").prefetch_related("members")),
        Prefetch("overrides", models.Override.objects.exclude(cancelled_at__lte=F("starts_at"))),
    )
    return {row.id: _schedule(row) for row in rows}


def _schedule(row: models.Schedule) -> Schedule:
    return Schedule(
        name=row.name,
        time_zone=row.time_zone,
        rotations=tuple(_rotation(rotation) for rotation in row.rotations.all()),
        overrides=tuple(
            Override(
                user=str(override.user_id),
                starts_at=override.starts_at,
                ends_at=min(override.ends_at, override.cancelled_at or override.ends_at),
                created_at=override.created_at,
                id=str(override.id),
            )
            for override in row.overrides.all()
        ),
    )


def _rotation(row: models.Rotation) -> Rotation:
    draft = rotation_draft(row)
    return rotation_rule(
        draft,
        members=[str(member) if member else None for member in draft.member_ids],
        effective_at=row.effective_at,
        retired_at=row.retired_at,
    )


def rotation_draft(row: models.Rotation) -> RotationDraft:
    return RotationDraft(
        name=row.name,
        member_ids=tuple(seat.user_id for seat in row.members.all()),
        every=row.every,
        unit=row.unit,
        handoff_time=row.handoff_time,
        starts_date=row.starts_date,
        handoff_weekday=row.handoff_weekday,
        ends_at=row.ends_at,
        per_turn=row.per_turn,
        windows=windows_from_json(row.windows),
    )
