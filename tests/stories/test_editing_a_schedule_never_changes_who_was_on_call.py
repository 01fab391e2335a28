from datetime import timedelta

import pytest

from tests.harness.setup_verbs import ADMIN, NOON, entries, last_entry, person, weekly
from watchbill.domain.oncall import actions
from watchbill.domain.oncall.models import Override, Rotation
from watchbill.domain.oncall.override_actions import OverrideOver, add_override, cancel_override
from watchbill.domain.oncall.reads import schedule as schedule_detail
from watchbill.domain.oncall.rotation_rules import ScheduleDraft
from watchbill.ground.refusals import ChangeRefused, Taken

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=1)


def _schedule(*rotations, name: str = "primary"):
    return actions.create_schedule(
        ScheduleDraft(name=name, time_zone="Europe/Berlin"), rotations=rotations, actor=ADMIN, now=NOON
    )


def test_a_changed_rotation_retires_the_old_row_and_adds_another() -> None:
    first, second = person("first@example.org"), person("second@example.org")
    schedule = _schedule(weekly(first.id, second.id), weekly(second.id, name="top"))
    actions.set_rotations(
        schedule.id, [weekly(second.id, first.id), weekly(second.id, name="top")], actor=ADMIN, now=LATER
    )
    rows = [
        (row.name, [seat.user_id for seat in row.members.all()], row.effective_at, row.retired_at)
        for row in Rotation.objects.filter(schedule=schedule).order_by("position", "retired_at")
    ]
    assert rows == [
        ("weekly", [first.id, second.id], None, LATER),
        ("weekly", [second.id, first.id], LATER, None),
        ("top", [second.id], None, None),  # did not change, so it was not touched
    ]
    assert last_entry().details["before"]["rotations"][0]["members"] == ["first@example.org", "second@example.org"]


def test_the_same_rotations_again_write_nothing() -> None:
    first = person("first@example.org")
    schedule = _schedule(weekly(first.id))
    before = entries()
    actions.set_rotations(schedule.id, [weekly(first.id)], actor=ADMIN, now=LATER)
    assert entries() == before
    assert Rotation.objects.count() == 1


def test_two_edits_in_one_instant_leave_no_empty_period() -> None:
    first, second = person("first@example.org"), person("second@example.org")
    schedule = _schedule(weekly(first.id))
    actions.set_rotations(schedule.id, [weekly(second.id)], actor=ADMIN, now=LATER)
    actions.set_rotations(schedule.id, [weekly(None)], actor=ADMIN, now=LATER)
    assert Rotation.objects.filter(schedule=schedule).count() == 2
    fresh = _schedule(weekly(first.id), name="fresh")
    actions.set_rotations(fresh.id, [weekly(second.id)], actor=ADMIN, now=NOON)
    assert [row.effective_at for row in Rotation.objects.filter(schedule=fresh)] == [None]


def test_rotations_that_cannot_be_are_refused_with_the_field_and_the_remedy() -> None:
    first = person("first@example.org")
    schedule = _schedule()
    wrong = [
        (weekly(), r"rotations\[0\].members: name 1 to"),
        (weekly(first.id, handoff_weekday=None), r'rotations\[0\].handoff: .*"Monday 10:00"'),
        (weekly(first.id, unit="days"), r"rotations\[0\].handoff: turns of days have no weekday"),
        (weekly(first.id, per_turn=2), r"rotations\[0\].per_turn: is 2; use 1 to 1"),
        (weekly(first.id, every=0), r"rotations\[0\].every"),
        (weekly(schedule.id), r"rotations\[0\].members: no person has the id"),
    ]
    for rotation, message in wrong:
        with pytest.raises(ChangeRefused, match=message):
            actions.set_rotations(schedule.id, [rotation], actor=ADMIN, now=LATER)
    with pytest.raises(ChangeRefused, match="stands twice"):
        actions.set_rotations(schedule.id, [weekly(first.id), weekly(first.id)], actor=ADMIN, now=LATER)


def test_the_zone_of_a_schedule_with_a_past_stays() -> None:
    first = person("first@example.org")
    schedule = _schedule(weekly(first.id))
    with pytest.raises(ChangeRefused, match="time_zone: stays Europe/Berlin"):
        actions.change_schedule(schedule.id, ScheduleDraft(name="primary", time_zone="UTC"), actor=ADMIN, now=LATER)


def test_an_override_is_cancelled_before_cut_short_during_and_kept_after() -> None:
    first = person("first@example.org")
    schedule = _schedule(weekly(first.id))

    def add(hours_from: int, hours_to: int):
        return add_override(
            schedule.id,
            user_id=first.id,
            starts_at=LATER + timedelta(hours=hours_from),
            ends_at=LATER + timedelta(hours=hours_to),
            actor=ADMIN,
            now=LATER,
        )

    ahead, running = add(5, 6), add(-3, 3)
    assert running.starts_at == LATER  # it cannot begin in the past
    with pytest.raises(OverrideOver, match="who was on call cannot be changed"):
        add(-3, -1)
    hour_later = LATER + timedelta(hours=1)
    cancel_override(ahead.id, actor=ADMIN, now=hour_later)
    cancel_override(running.id, actor=ADMIN, now=hour_later)
    assert Override.objects.get(id=ahead.id).cancelled_at == hour_later
    cut = Override.objects.get(id=running.id)
    assert (cut.cancelled_at, cut.ends_at) == (None, hour_later)
    with pytest.raises(OverrideOver):
        cancel_override(running.id, actor=ADMIN, now=LATER + timedelta(hours=2))
    detail = schedule_detail(schedule.id, now=hour_later)
    assert detail is not None
    assert detail.overrides == ()
    assert entries()[-4:] == ["override.created", "override.created", "override.cancelled", "override.cancelled"]


def test_an_archived_schedule_comes_back_under_its_name() -> None:
    schedule = _schedule()
    with pytest.raises(Taken):
        _schedule()
    with pytest.raises(actions.ScheduleStillNeeded, match="policy payments"):
        actions.archive_schedule(schedule.id, uses=["policy payments"], actor=ADMIN, now=LATER)
    actions.archive_schedule(schedule.id, uses=[], actor=ADMIN, now=LATER)
    assert _schedule().id == schedule.id
    assert entries()[-2:] == ["schedule.archived", "schedule.restored"]
