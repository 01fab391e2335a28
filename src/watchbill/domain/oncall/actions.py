"""Schedules and their rotations. Edits count from now: who was on call in the past never changes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from watchbill.domain.access.models import User
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.rules import difference
from watchbill.domain.oncall.models import Override, Rotation, RotationMember, Schedule
from watchbill.domain.oncall.rotation_rules import (
    RotationDraft,
    ScheduleDraft,
    check_rotations,
    windows_to_json,
)
from watchbill.domain.oncall.rules import NOBODY
from watchbill.domain.oncall.schedule_reads import rotation_draft
from watchbill.domain.people.actions import active_people
from watchbill.domain.people.rules import check_zone, clean_name
from watchbill.domain.people.team_actions import check_team, team_name
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown

DESCRIPTION_MAX = 5000


class ScheduleUnknown(Unknown):
    pass


class ScheduleNameTaken(Taken):
    pass


class ScheduleStillNeeded(ChangeRefused):
    pass


@transaction.atomic
def create_schedule(
    draft: ScheduleDraft, *, rotations: Sequence[RotationDraft], actor: Actor, now: datetime
) -> Schedule:
    """A name that an archived schedule holds brings that schedule back, from now on: while it was archived nobody was
    on call in it, and before that whoever was."""
    draft = _checked(draft)
    held = Schedule.objects.select_for_update().filter(name=draft.name).first()
    if held is not None and held.archived_at is None:
        raise ScheduleNameTaken("name", f"another schedule is called {draft.name!r}; choose another name")
    rotations = check_rotations(rotations)
    _check_members(rotations)
    if held is None:
        schedule = Schedule.objects.create(**_columns(draft), created_at=now)
    else:
        schedule = held
        _bring_back(held, draft)
    _replace_rotations(schedule, rotations, now=now)
    details = difference({}, {**_facts(draft), "rotations": _rotation_facts(rotations)})
    _tell("schedule.restored" if held else "schedule.created", schedule, details, actor=actor, now=now)
    return schedule


@transaction.atomic
def change_schedule(schedule_id: UUID, draft: ScheduleDraft, *, actor: Actor, now: datetime) -> None:
    """The zone of a schedule with rotations stays, because it would change who was on call in the past."""
    draft = _checked(draft)
    schedule = locked_schedule(schedule_id)
    held = draft_of(schedule)
    if draft == held:
        return
    if draft.name != held.name and Schedule.objects.filter(name=draft.name).exists():
        raise ScheduleNameTaken("name", f"another schedule is or was called {draft.name!r}; choose another name")
    _check_zone_of_past(schedule, draft)
    details = difference(_facts(held), _facts(draft))
    Schedule.objects.filter(id=schedule_id, archived_at=None).update(**_columns(draft))
    _tell("schedule.changed", schedule, details, actor=actor, now=now)


@transaction.atomic
def set_rotations(schedule_id: UUID, rotations: Sequence[RotationDraft], *, actor: Actor, now: datetime) -> None:
    """All of them, in order: later ones win. What did not change is not written."""
    schedule = locked_schedule(schedule_id)
    wanted = check_rotations(rotations)
    before = rotation_drafts(schedule)
    if wanted == before:
        return
    _check_members(wanted)
    _replace_rotations(schedule, wanted, now=now)
    details = difference({"rotations": _rotation_facts(before)}, {"rotations": _rotation_facts(wanted)})
    _tell("schedule.changed", schedule, details, actor=actor, now=now)


@transaction.atomic
def archive_schedule(schedule_id: UUID, *, uses: Sequence[str], actor: Actor, now: datetime) -> None:
    """`uses`: the policies that page it (see `services.reads.uses_of_schedule`); a non-empty one refuses."""
    schedule = locked_schedule(schedule_id)
    if uses:
        raise ScheduleStillNeeded(
            "", f"schedule {schedule.name} is still needed by {'; '.join(uses)}. Change those first"
        )
    Schedule.objects.filter(id=schedule_id, archived_at=None).update(archived_at=now)
    _tell("schedule.archived", schedule, {"before": _facts(draft_of(schedule))}, actor=actor, now=now)


def locked_schedule(schedule_id: UUID) -> Schedule:
    schedule = Schedule.objects.select_for_update().filter(id=schedule_id, archived_at=None).first()
    if schedule is None:
        raise ScheduleUnknown("id", f"no schedule has the id {schedule_id}; it may have been archived")
    return schedule


def draft_of(schedule: Schedule) -> ScheduleDraft:
    return ScheduleDraft(
        name=schedule.name,
        time_zone=schedule.time_zone,
        team_id=schedule.team_id,
        description=schedule.description,
    )


def rotation_drafts(schedule: Schedule) -> tuple[RotationDraft, ...]:
    """The rotations as they are now, in order."""
    rows = Rotation.objects.filter(schedule=schedule, retired_at=None).prefetch_related("members")
    return tuple(rotation_draft(row) for row in rows.order_by("position"))


def _check_zone_of_past(schedule: Schedule, draft: ScheduleDraft) -> None:
    if draft.time_zone != schedule.time_zone and Rotation.objects.filter(schedule=schedule).exists():
        raise ChangeRefused(
            "time_zone",
            f"stays {schedule.time_zone}: past shifts are computed in it; create a new schedule for {draft.time_zone}",
        )


def _bring_back(schedule: Schedule, draft: ScheduleDraft) -> None:
    """What it held ended when it was archived; the caller adds what counts from now on."""
    _check_zone_of_past(schedule, draft)
    ended_at = schedule.archived_at
    rotations = Rotation.objects.filter(schedule=schedule, retired_at=None)
    rotations.filter(effective_at__gte=ended_at).delete()  # it never counted
    rotations.update(retired_at=ended_at)
    overrides = Override.objects.filter(schedule=schedule, cancelled_at=None, ends_at__gt=ended_at)
    overrides.filter(starts_at__gte=ended_at).update(cancelled_at=ended_at)
    overrides.filter(starts_at__lt=ended_at).update(ends_at=ended_at)
    Schedule.objects.filter(id=schedule.id).update(**_columns(draft), archived_at=None)


def _replace_rotations(schedule: Schedule, wanted: Sequence[RotationDraft], *, now: datetime) -> None:
    """Retire the rows that differ, add others in their place. Retired rows still answer for the past."""
    rows = Rotation.objects.filter(schedule=schedule, retired_at=None).prefetch_related("members")
    kept = set()
    for row in rows:
        if row.position < len(wanted) and wanted[row.position] == rotation_draft(row):
            kept.add(row.position)
    stale = Q(schedule=schedule, retired_at=None) & ~Q(position__in=kept)
    # A schedule that is just being created has no past that could change.
    effective_at = None if schedule.created_at == now else now
    # A row made in this very instant never counted; it goes, so that no period is empty.
    Rotation.objects.filter(stale, effective_at=effective_at).delete()
    Rotation.objects.filter(stale).update(retired_at=now)
    for position, draft in enumerate(wanted):
        if position not in kept:
            _add_rotation(schedule, draft, position=position, effective_at=effective_at)


def _add_rotation(schedule: Schedule, draft: RotationDraft, *, position: int, effective_at: datetime | None) -> None:
    row = Rotation.objects.create(
        schedule=schedule,
        name=draft.name,
        position=position,
        every=draft.every,
        unit=draft.unit,
        handoff_weekday=draft.handoff_weekday,
        handoff_time=draft.handoff_time,
        starts_date=draft.starts_date,
        ends_at=draft.ends_at,
        per_turn=draft.per_turn,
        windows=windows_to_json(draft.windows),
        effective_at=effective_at,
    )
    RotationMember.objects.bulk_create(
        RotationMember(rotation=row, position=seat, user_id=user_id) for seat, user_id in enumerate(draft.member_ids)
    )


def _check_members(rotations: Sequence[RotationDraft]) -> None:
    for index, rotation in enumerate(rotations):
        people = {user_id: None for user_id in rotation.member_ids if user_id is not None}
        active_people(list(people), field=f"rotations[{index}].members")


def _checked(draft: ScheduleDraft) -> ScheduleDraft:
    check_zone(draft.time_zone)
    check_team(draft.team_id)
    if len(draft.description) > DESCRIPTION_MAX:
        raise ChangeRefused("description", f"use at most {DESCRIPTION_MAX} characters")
    return ScheduleDraft(
        name=clean_name(draft.name),
        time_zone=draft.time_zone,
        team_id=draft.team_id,
        description=draft.description,
    )


def _columns(draft: ScheduleDraft) -> dict[str, object]:
    return {
        "name": draft.name,
        "time_zone": draft.time_zone,
        "team_id": draft.team_id,
        "description": draft.description,
    }


def _facts(draft: ScheduleDraft) -> dict[str, object]:
    facts = _columns(draft)
    del facts["team_id"]
    return {**facts, "team": team_name(draft.team_id)}


def _rotation_facts(rotations: Sequence[RotationDraft]) -> list[dict[str, object]]:
    ids = {user_id for rotation in rotations for user_id in rotation.member_ids if user_id is not None}
    emails = dict(User.objects.filter(id__in=ids).values_list("id", "email"))
    return [
        {
            "name": rotation.name,
            "members": [emails[user_id] if user_id else NOBODY for user_id in rotation.member_ids],
            "every": f"{rotation.every} {rotation.unit}",
            "handoff_weekday": rotation.handoff_weekday,
            "handoff_time": str(rotation.handoff_time),
            "starts_date": str(rotation.starts_date),
            "ends_at": rotation.ends_at.isoformat() if rotation.ends_at else None,
            "per_turn": rotation.per_turn,
            "windows": windows_to_json(rotation.windows),
        }
        for rotation in rotations
    ]


def _tell(action: str, schedule: Schedule, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    record(
        [
            Record(
                action=action,
                subject_kind="schedule",
                subject_id=schedule.id,
                subject_label=schedule.name,
                details=details,
            )
        ],
        actor=actor,
        now=now,
    )
