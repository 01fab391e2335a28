"""A schedule that the files left out for a while comes back from then on: what was before stays as it was."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.harness.organization_files import EXAMPLE, SECONDARY, apply, planned
from tests.harness.setup_verbs import NOON
from watchbill.domain.access.models import User
from watchbill.domain.oncall.models import Override, Schedule
from watchbill.domain.oncall.rules import Shift, shifts_between
from watchbill.domain.oncall.schedule_reads import load_schedules
from watchbill.domain.organization_file.problems import FilesRefused

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
GONE, BACK = NOON + 10 * DAY, NOON + 12 * DAY
WITHOUT = EXAMPLE.replace("schedule:payments-secondary", "schedule:payments-primary")
OVERRIDE = f"""\
    overrides:
      - {{user: lead@example.org, start: "{GONE - DAY:%Y-%m-%dT%H:%MZ}", end: "{BACK + 2 * DAY:%Y-%m-%dT%H:%MZ}"}}
"""
ALICE = "responder@example.org"


def shifts(name: str, starts_at: datetime, ends_at: datetime) -> tuple[Shift, ...]:
    found = Schedule.objects.get(name=name)
    return shifts_between(load_schedules([found.id])[found.id], starts_at=starts_at, ends_at=ends_at)


def emails(found: tuple[Shift, ...]) -> list[str]:
    by_id = dict(User.objects.values_list("id", "email"))
    return [by_id[UUID(user)] for shift in found for user in shift.users]


@pytest.fixture
def left_out() -> tuple[Shift, ...]:
    """Applied, left out and pruned ten days later. The shifts of those ten days."""
    apply(EXAMPLE, SECONDARY + OVERRIDE)
    before = shifts("payments-secondary", NOON, GONE)
    assert set(emails(before)) == {ALICE, "lead@example.org"}
    apply(WITHOUT, now=GONE, prune=True)
    return before


def test_while_it_was_left_out_nobody_was_on_call_and_before_that_whoever_was(left_out: tuple[Shift, ...]) -> None:
    apply(EXAMPLE, SECONDARY, now=BACK)
    assert planned(EXAMPLE, SECONDARY, now=BACK) == []
    assert shifts("payments-secondary", NOON, GONE) == left_out
    assert shifts("payments-secondary", GONE, BACK) == ()
    after = shifts("payments-secondary", BACK, BACK + 20 * DAY)
    assert after[0].starts_at >= BACK
    assert set(emails(after)) == {ALICE}  # the override of then ended with the schedule
    assert not Override.objects.filter(
        schedule__name="payments-secondary", ends_at__gt=GONE, cancelled_at=None
    ).exists()


def test_with_another_rotation_it_is_the_other_one_from_then_on(left_out: tuple[Shift, ...]) -> None:
    apply(EXAMPLE, SECONDARY.replace("[responder@example.org, nobody]", "[lead@example.org]"), now=BACK)
    assert shifts("payments-secondary", NOON, GONE) == left_out
    assert shifts("payments-secondary", GONE, BACK) == ()
    assert set(emails(shifts("payments-secondary", BACK, BACK + 20 * DAY))) == {"lead@example.org"}


def test_it_does_not_come_back_in_another_zone(left_out: tuple[Shift, ...]) -> None:
    with pytest.raises(FilesRefused, match="time_zone: stays Europe/Berlin"):
        apply(EXAMPLE, SECONDARY.replace("Europe/Berlin", "Asia/Tokyo"), now=BACK)


def test_what_the_files_change_counts_from_now_on() -> None:
    apply(EXAMPLE, SECONDARY)
    before = shifts("payments-primary", NOON - 20 * DAY, GONE)
    other = EXAMPLE.replace(
        "members: [lead@example.org, responder@example.org], every", "members: [responder@example.org], every"
    )
    apply(other, now=GONE)
    assert shifts("payments-primary", NOON - 20 * DAY, GONE) == before
    assert set(emails(shifts("payments-primary", GONE, GONE + 20 * DAY))) == {ALICE}
