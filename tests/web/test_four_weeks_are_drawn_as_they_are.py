"""The bars of a schedule: one lane a rotation, an empty turn drawn as one, a name or initials wherever they fit."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from tests.web.organization import Stage
from watchbill.domain.oncall.rules import Override, Rotation, Schedule, Unit
from watchbill.doors.web.calendar_bars import Week, weeks_of

NOW = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)
NAMES = {"ana": "Ana Silva", "ben": "Ben Okoro"}
ROTATION = Rotation(
    name="weekly",
    members=("ana", None),
    every=1,
    unit=Unit.WEEKS,
    handoff_time=time(0),
    handoff_weekday=0,
    starts_date=date(2026, 1, 5),
)


def drawn(*rotations: Rotation, overrides: tuple[Override, ...] = ()) -> list[Week]:
    schedule = Schedule(name="primary", time_zone="UTC", rotations=rotations, overrides=overrides)
    return weeks_of(schedule, names=NAMES, me="", first=date(2026, 1, 5), zone=ZoneInfo("UTC"), now=NOW)


def test_a_turn_that_is_empty_on_purpose_stands_in_its_lane() -> None:
    weeks = drawn(replace(ROTATION, name="below", members=("ben",)), ROTATION)
    lanes = {track.name: track.bars for track in weeks[1].tracks}
    assert [(bar.look, bar.name) for bar in lanes["weekly"]] == [("hole", "Nobody")]
    assert [(bar.look, bar.name) for bar in lanes["below"]] == [("shift", "Ben Okoro")]


def test_a_rotation_that_was_changed_is_one_lane() -> None:
    change = datetime(2026, 1, 7, 12, 0, tzinfo=UTC)
    weeks = drawn(replace(ROTATION, retired_at=change), replace(ROTATION, members=("ben",), effective_at=change))
    assert [track.name for track in weeks[0].tracks] == ["On call"]
    assert [bar.name for bar in weeks[0].tracks[0].bars] == ["Ana Silva", "Ben Okoro"]


def test_a_short_turn_has_initials() -> None:
    short = Override(
        id="1",
        user="ben",
        starts_at=datetime(2026, 1, 7, 8, 0, tzinfo=UTC),
        ends_at=datetime(2026, 1, 7, 16, 0, tzinfo=UTC),
        created_at=NOW,
    )
    weeks = drawn(ROTATION, overrides=(short,))
    assert [bar.name for bar in weeks[0].tracks[0].bars] == ["Ana Silva", "BO", "Ana Silva"]


def test_an_empty_lane_has_words_for_who_cannot_see(organization_on_stage: Stage) -> None:
    browser = Client()
    browser.force_login(organization_on_stage.me)
    schedule = organization_on_stage.schedules["empty"]
    assert 'aria-label=""' not in browser.get(f"/schedules/{schedule.id}").content.decode()


@pytest.fixture(autouse=True)
def database(db: None) -> None:
    """Only the last story needs it."""
