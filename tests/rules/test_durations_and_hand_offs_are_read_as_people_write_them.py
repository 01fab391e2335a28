from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.zones import transitions
from watchbill.domain.oncall.rotation_rules import EVERY_MAX
from watchbill.domain.oncall.rules import Unit
from watchbill.domain.oncall.words import format_every, format_handoff, parse_every, parse_handoff
from watchbill.ground.durations import format_duration, parse_duration
from watchbill.ground.local_time import instant_of
from watchbill.ground.wall_clock import WallClock, instant_from, wall_number


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", timedelta()),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(days=7)),
        ("1w2d3h4m5s", timedelta(days=9, hours=3, minutes=4, seconds=5)),
    ],
)
def test_durations_are_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@given(st.integers(0, 10_000_000))
def test_a_written_duration_is_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is empty"),
        ("-5m", "it is negative"),
        ("90", "90 has no unit"),
        ("1h30", "30 has no unit"),
        ("5min", "'min' is not a unit"),
        ("5x", "'x' is not a unit"),
        ("30m1h", "each unit comes once, the larger first"),
        ("5m5m", "each unit comes once"),
        ("1h 30m", "no blanks"),
        ("soon", "it has no number"),
        ("٣m", "it has no number"),
    ],
)
def test_a_wrong_duration_is_told_what_is_wrong_with_an_example(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match="is not a duration") as refused:
        parse_duration(text)
    assert fault in str(refused.value)
    assert "Write it as 90s, 5m, 1h30m or 2d" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("1 week", (1, Unit.WEEKS)),
        ("2 weeks", (2, Unit.WEEKS)),
        ("3 Days", (3, Unit.DAYS)),
        (" 12 hours ", (12, Unit.HOURS)),
    ],
)
def test_turn_lengths_are_read(text: str, turn: tuple[int, Unit]) -> None:
    assert parse_every(text) == turn


@given(st.integers(1, EVERY_MAX), st.sampled_from(Unit))
def test_a_written_turn_length_is_read_back(every: int, unit: Unit) -> None:
    assert parse_every(format_every(every, unit)) == (every, unit)


@pytest.mark.parametrize("text", ["", "week", "0 weeks", "-1 days", "1.5 days", "2 months", "99999 hours", "1 weeks x"])
def test_a_wrong_turn_length_is_told_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="1 week"):
        parse_every(text)


@pytest.mark.parametrize(
    ("text", "handoff"),
    [
        ("Monday 10:00", (0, time(10))),
        ("mon 9:05", (0, time(9, 5))),
        ("SUNDAY 23:59", (6, time(23, 59))),
        ("10:00", (None, time(10))),
        ("Monday 10:00:30", (0, time(10, 0, 30))),
        ("Sunday 24:00", (0, time(0))),
    ],
)
def test_hand_offs_are_read(text: str, handoff: tuple[int | None, time]) -> None:
    assert parse_handoff(text) == handoff


@given(st.one_of(st.none(), st.integers(0, 6)), st.times().map(lambda at: at.replace(microsecond=0)))
def test_a_written_hand_off_is_read_back(weekday: int | None, at: time) -> None:
    assert parse_handoff(format_handoff(weekday, at)) == (weekday, at)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is not a hand-off"),
        ("Monday", "is not a hand-off"),
        ("10 o'clock", "is not a hand-off"),
        ("Mittwoch 10:00", "'Mittwoch' is not a weekday"),
        ("24:00", "is not a time of day"),
        ("Monday 24:01", "is not a time of day"),
        ("10:60", "is not a time of day"),
    ],
)
def test_a_wrong_hand_off_is_told_what_is_wrong(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse_handoff(text)


@given(
    st.sampled_from(
        ["Europe/Berlin", "America/Nuuk", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Cairo", "UTC"]
    ),
    st.integers(0, 20),
    st.integers(-180, 180),
)
def test_business_time_and_schedules_read_the_same_wall_clock(time_zone: str, number: int, minutes: int) -> None:
    changes = transitions(time_zone) or (datetime(2026, 1, 1, tzinfo=UTC),)
    around = changes[number % len(changes)].astimezone(ZoneInfo(time_zone)).replace(tzinfo=None, fold=0)
    wall = around + timedelta(minutes=minutes)
    number_of = WallClock(time_zone).instant_of(wall_number(wall.date(), wall.time()))
    assert instant_from(number_of) == instant_of(wall, ZoneInfo(time_zone))
