"""Overrides: one person takes the watch for a while."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.oncall.actions import locked_schedule
from watchbill.domain.oncall.models import Override
from watchbill.domain.people.actions import active_people
from watchbill.ground.refusals import ChangeRefused, Unknown

OVERRIDE_MAX = timedelta(days=366)


class OverrideUnknown(Unknown):
    pass


class OverrideOver(ChangeRefused):
    """It has ended: who was on call in the past cannot be changed."""


@transaction.atomic
def add_override(
    schedule_id: UUID, *, user_id: UUID, starts_at: datetime, ends_at: datetime, actor: Actor, now: datetime
) -> Override:
    """One that would have begun earlier begins now. A later one wins over an earlier one."""
    schedule = locked_schedule(schedule_id)
    user = active_people([user_id], field="user")[0]
    if ends_at <= starts_at:
        raise ChangeRefused("end", "is not after the start; choose a later end")
    if ends_at - starts_at > OVERRIDE_MAX:
        raise ChangeRefused(
            "end", f"lies more than {OVERRIDE_MAX.days} days after the start; change a rotation instead"
        )
    # A schedule that is just being created has no past that could change.
    if schedule.created_at != now:
        if ends_at <= now:
            raise OverrideOver("end", "lies in the past, and who was on call cannot be changed; choose a later end")
        starts_at = max(starts_at, now)
    # The last created wins, so two of one instant must not be created at the same time.
    newest = Override.objects.filter(schedule=schedule).aggregate(at=Max("created_at"))["at"]
    created_at = now if newest is None else max(now, newest + timedelta(microseconds=1))
    override = Override.objects.create(
        schedule=schedule,
        user=user,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=created_at,
        created_by=actor.label[:254],
    )
    details = {"after": {"user": user.email, "start": starts_at.isoformat(), "end": ends_at.isoformat()}}
    record(
        [
            Record(
                action="override.created",
                subject_kind="schedule",
                subject_id=schedule.id,
                subject_label=schedule.name,
                details=details,
            )
        ],
        actor=actor,
        now=now,
    )
    return override


@transaction.atomic
def cancel_override(override_id: UUID, *, actor: Actor, now: datetime) -> None:
    """One that has not begun is cancelled; one under way ends now; one that is over is refused."""
    schedule_id = Override.objects.filter(id=override_id).values_list("schedule_id", flat=True).first()
    if schedule_id is None:
        raise OverrideUnknown("id", f"no override has the id {override_id}; look at the schedule again")
    schedule = locked_schedule(schedule_id)
    override = Override.objects.select_related("user").get(id=override_id)
    if override.cancelled_at is not None:
        return
    if override.ends_at <= now:
        raise OverrideOver("id", "this override is over, and who was on call cannot be changed")
    held = Override.objects.filter(id=override_id, cancelled_at=None)
    if override.starts_at >= now:
        held.update(cancelled_at=now)
    else:
        held.update(ends_at=now)
    before = {
        "user": override.user.email,
        "start": override.starts_at.isoformat(),
        "end": override.ends_at.isoformat(),
    }
    after = None if override.starts_at >= now else {**before, "end": now.isoformat()}
    record(
        [
            Record(
                action="override.cancelled",
                subject_kind="schedule",
                subject_id=schedule.id,
                subject_label=schedule.name,
                details={"before": before, "after": after},
            )
        ],
        actor=actor,
        now=now,
    )
