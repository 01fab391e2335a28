"""Asked who is on call and until when, screens, API and command line tell the same shift, with its real ends."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from watchbill.domain.oncall.rules import Rotation, Schedule, Shift, Unit, shift_around

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
WEEKLY = Rotation(
    name="weekly",
    members=("anna", "berta"),
    every=1,
    unit=Unit.WEEKS,
    handoff_time=time(10),
    handoff_weekday=0,
    starts_date=date(2026, 1, 5),
)


def around(*rotations: Rotation) -> Shift | None:
    return shift_around(Schedule(name="payments", time_zone="UTC", rotations=rotations), at=NOON)


@pytest.mark.parametrize("weeks", [1, 3, 20, 40])
def test_both_ends_are_hand_offs(weeks: int) -> None:
    shift = around(replace(WEEKLY, every=weeks))

    assert shift is not None
    assert shift.ends_at - shift.starts_at == timedelta(weeks=weeks)
    assert shift.starts_at <= NOON < shift.ends_at
    assert {shift.starts_at.hour, shift.ends_at.hour} == {10}


def test_somebody_who_is_alone_for_good_is_told_a_year_on_either_side() -> None:
    shift = around(replace(WEEKLY, members=("anna",), starts_date=date(2020, 1, 6)))

    assert shift is not None
    assert (shift.starts_at, shift.ends_at) == (NOON - timedelta(days=366), NOON + timedelta(days=366))


def test_nobody_has_no_shift() -> None:
    assert around() is None
    assert around(replace(WEEKLY, members=(None,))) is None
