"""The rules of a schedule, each by an example that can be checked on paper."""

from collections.abc import Sequence
from datetime import date, time, timedelta

import pytest

from tests.harness.rotas import daily, override, rotation, schedule, utc, window
from watchbill.domain.oncall.rules import OnCall, Schedule, Unit, gaps_between, on_call_at, shifts_between

Line = tuple[str, str, str]


def shifts(rota: Schedule, starts_at: str, ends_at: str) -> list[Line]:
    """Local wall times are not of interest here: the examples without a change of the clock are in UTC."""
    return [
        (f"{shift.starts_at:%m-%dT%H:%M}", f"{shift.ends_at:%m-%dT%H:%M}", "+".join(shift.users))
        for shift in shifts_between(rota, starts_at=utc(starts_at), ends_at=utc(ends_at))
    ]


def gaps(rota: Schedule, starts_at: str, ends_at: str) -> list[tuple[str, str]]:
    found: Sequence[tuple[object, object]] = gaps_between(rota, starts_at=utc(starts_at), ends_at=utc(ends_at))
    return [(f"{start:%m-%dT%H:%M}", f"{end:%m-%dT%H:%M}") for start, end in found]


def who(rota: Schedule, at: str) -> OnCall:
    return on_call_at(rota, at=utc(at))


def test_the_first_turn_of_weeks_begins_on_the_first_such_weekday_from_the_starting_date() -> None:
    rota = schedule("UTC", rotation("ana", "ben", handoff_weekday=2, starts_date=date(2026, 1, 5)))
    assert who(rota, "2026-01-07T09:59Z") == OnCall(users=(), source="nobody")
    assert who(rota, "2026-01-07T10:00Z") == OnCall(users=("ana",), source="rotation:weekly")
    assert shifts(rota, "2026-01-05T00:00Z", "2026-01-20T00:00Z") == [
        ("01-07T10:00", "01-14T10:00", "ana"),
        ("01-14T10:00", "01-20T00:00", "ben"),
    ]


def test_a_hand_off_in_the_skipped_hour_comes_when_the_clock_has_jumped() -> None:
    """Berlin, 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC."""
    rota = schedule("Europe/Berlin", daily("ana", "ben", at=time(2, 30), starts_date=date(2026, 3, 28)))
    assert shifts(rota, "2026-03-28T01:30Z", "2026-03-31T00:30Z") == [
        ("03-28T01:30", "03-29T01:00", "ana"),
        ("03-29T01:00", "03-30T00:30", "ben"),
        ("03-30T00:30", "03-31T00:30", "ana"),
    ]


def test_a_hand_off_in_the_repeated_hour_comes_the_first_time() -> None:
    """Berlin, 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC."""
    rota = schedule("Europe/Berlin", daily("ana", "ben", at=time(2, 30), starts_date=date(2026, 10, 24)))
    assert shifts(rota, "2026-10-24T00:30Z", "2026-10-27T01:30Z") == [
        ("10-24T00:30", "10-25T00:30", "ana"),
        ("10-25T00:30", "10-26T01:30", "ben"),
        ("10-26T01:30", "10-27T01:30", "ana"),
    ]


def test_a_question_about_the_second_of_two_equal_hours_knows_the_hand_off_in_the_first() -> None:
    """At 01:10 UTC the clock shows 02:10 again; the hand-off at 02:30 has happened at 00:30 UTC."""
    rota = schedule("Europe/Berlin", daily("ana", "ben", at=time(2, 30), starts_date=date(2026, 10, 24)))
    assert who(rota, "2026-10-25T01:10Z").users == ("ben",)
    assert shifts(rota, "2026-10-25T01:10Z", "2026-10-25T03:00Z") == [("10-25T01:10", "10-25T03:00", "ben")]


def test_a_window_within_the_skipped_hour_does_not_open() -> None:
    night = (window("Sunday 02:00", "Sunday 03:00"),)
    rota = schedule("Europe/Berlin", daily("ana", at=time(0), windows=night))
    assert shifts(rota, "2026-03-22T00:00Z", "2026-04-06T00:00Z") == [
        ("03-22T01:00", "03-22T02:00", "ana"),
        ("04-05T00:00", "04-05T01:00", "ana"),
    ]
    assert len(gaps(rota, "2026-03-22T00:00Z", "2026-04-06T00:00Z")) == 3


def test_a_missing_day_leaves_its_turn_what_is_left_of_it() -> None:
    """Apia had no 2011-12-30: after the 29th came the 31st, at 10:00 UTC. The turn of the 30th ends at 10:00 local."""
    rota = schedule("Pacific/Apia", daily("ana", "ben", "cai", at=time(10), starts_date=date(2011, 12, 29)))
    assert shifts(rota, "2011-12-29T20:00Z", "2012-01-01T20:00Z") == [
        ("12-29T20:00", "12-30T10:00", "ana"),
        ("12-30T10:00", "12-30T20:00", "ben"),
        ("12-30T20:00", "12-31T20:00", "cai"),
        ("12-31T20:00", "01-01T20:00", "ana"),
    ]


def test_midnight_hand_offs_of_a_missing_day_fall_together_and_skip_its_turn() -> None:
    rota = schedule("Pacific/Apia", daily("ana", "ben", "cai", at=time(0), starts_date=date(2011, 12, 29)))
    assert shifts(rota, "2011-12-29T10:00Z", "2012-01-01T10:00Z") == [
        ("12-29T10:00", "12-30T10:00", "ana"),
        ("12-30T10:00", "12-31T10:00", "cai"),
        ("12-31T10:00", "01-01T10:00", "ana"),
    ]


def test_several_people_share_a_turn_and_the_next_ones_follow() -> None:
    rota = schedule("UTC", daily("ana", "ben", "cai", at=time(0), per_turn=2))
    assert [each[2] for each in shifts(rota, "2026-01-05T00:00Z", "2026-01-09T00:00Z")] == [
        "ana+ben",
        "cai+ana",
        "ben+cai",
        "ana+ben",
    ]


def test_somebody_taken_twice_counts_once_and_nobody_beside_somebody_does_not_count() -> None:
    assert who(schedule("UTC", daily("ana", at=time(0), per_turn=3)), "2026-01-05T00:00Z").users == ("ana",)
    assert who(schedule("UTC", daily("ana", None, at=time(0), per_turn=2)), "2026-01-05T00:00Z").users == ("ana",)


def test_an_explicit_nobody_decides_and_is_a_gap() -> None:
    lower = daily("cai", at=time(0), name="lower")
    rota = schedule("UTC", lower, daily("ana", None, at=time(0)))
    assert who(rota, "2026-01-06T12:00Z") == OnCall(users=(), source="rotation:daily")
    assert shifts(rota, "2026-01-05T00:00Z", "2026-01-08T00:00Z") == [
        ("01-05T00:00", "01-06T00:00", "ana"),
        ("01-07T00:00", "01-08T00:00", "ana"),
    ]
    assert gaps(rota, "2026-01-05T00:00Z", "2026-01-08T00:00Z") == [("01-06T00:00", "01-07T00:00")]


def test_outside_its_windows_a_rotation_lets_the_lower_ones_count_and_its_turns_go_on() -> None:
    """Monday to Friday 09:00 to 17:00 belongs to the daily rotation, whose turns go on over the weekend."""
    weekdays = tuple(window(f"{day} 09:00", f"{day} 17:00") for day in ("Monday", "Friday"))
    rota = schedule("UTC", rotation("cai"), daily("ana", "ben", at=time(0), windows=weekdays))
    assert shifts(rota, "2026-01-09T08:00Z", "2026-01-12T18:00Z") == [
        ("01-09T08:00", "01-09T09:00", "cai"),
        ("01-09T09:00", "01-09T17:00", "ana"),
        ("01-09T17:00", "01-12T09:00", "cai"),
        ("01-12T09:00", "01-12T17:00", "ben"),
        ("01-12T17:00", "01-12T18:00", "cai"),
    ]


def test_a_window_may_run_over_the_end_of_the_week() -> None:
    rota = schedule("UTC", daily("ana", at=time(0), windows=(window("Saturday 20:00", "Monday 06:00"),)))
    assert shifts(rota, "2026-01-05T00:00Z", "2026-01-19T00:00Z") == [
        ("01-05T00:00", "01-05T06:00", "ana"),
        ("01-10T20:00", "01-12T06:00", "ana"),
        ("01-17T20:00", "01-19T00:00", "ana"),
    ]


def test_windows_that_touch_or_overlap_are_one_and_equal_ends_are_the_whole_week() -> None:
    touching = (window("Monday 08:00", "Monday 12:00"), window("Monday 10:00", "Monday 14:00"))
    rota = schedule("UTC", daily("ana", at=time(0), windows=touching))
    assert shifts(rota, "2026-01-05T00:00Z", "2026-01-06T00:00Z") == [("01-05T08:00", "01-05T14:00", "ana")]
    always = schedule("UTC", daily("ana", at=time(0), windows=(window("Wednesday 03:00", "Wednesday 03:00"),)))
    assert gaps(always, "2026-01-05T00:00Z", "2026-02-05T00:00Z") == []


def test_an_edited_rotation_counts_from_the_edit_and_the_former_one_until_then() -> None:
    edited_at = utc("2026-01-07T12:00Z")
    rota = schedule(
        "UTC",
        daily("ana", "ben", at=time(0), retired_at=edited_at),
        daily("cai", at=time(0), effective_at=edited_at, ends_at=utc("2026-01-08T06:00Z")),
    )
    assert shifts(rota, "2026-01-06T00:00Z", "2026-01-10T00:00Z") == [
        ("01-06T00:00", "01-07T00:00", "ben"),
        ("01-07T00:00", "01-07T12:00", "ana"),
        ("01-07T12:00", "01-08T06:00", "cai"),
    ]
    assert gaps(rota, "2026-01-06T00:00Z", "2026-01-10T00:00Z") == [("01-08T06:00", "01-10T00:00")]


def test_overrides_win_and_among_them_the_one_created_last() -> None:
    rota = schedule(
        "UTC",
        daily("ana", at=time(0)),
        overrides=(
            override("cai", "2026-01-06T08:00Z", "2026-01-06T12:00Z", created_at="2026-01-02T00:00Z", id="2"),
            override("ben", "2026-01-06T06:00Z", "2026-01-06T18:00Z", created_at="2026-01-01T00:00Z", id="1"),
            override("dia", "2026-01-06T11:00Z", "2026-01-06T12:00Z", created_at="2026-01-02T00:00Z", id="3"),
        ),
    )
    assert shifts(rota, "2026-01-06T00:00Z", "2026-01-07T00:00Z") == [
        ("01-06T00:00", "01-06T06:00", "ana"),
        ("01-06T06:00", "01-06T08:00", "ben"),
        ("01-06T08:00", "01-06T11:00", "cai"),
        ("01-06T11:00", "01-06T12:00", "dia"),
        ("01-06T12:00", "01-06T18:00", "ben"),
        ("01-06T18:00", "01-07T00:00", "ana"),
    ]
    assert who(rota, "2026-01-06T11:30Z") == OnCall(users=("dia",), source="override")


def test_turns_of_hours_last_their_hours_in_the_night_of_the_change() -> None:
    rota = schedule(
        "Europe/Berlin",
        rotation("ana", "ben", unit=Unit.HOURS, every=12, handoff_time=time(8), starts_date=date(2026, 3, 28)),
    )
    assert shifts(rota, "2026-03-28T07:00Z", "2026-03-30T07:00Z") == [
        ("03-28T07:00", "03-28T19:00", "ana"),
        ("03-28T19:00", "03-29T07:00", "ben"),
        ("03-29T07:00", "03-29T19:00", "ana"),
        ("03-29T19:00", "03-30T07:00", "ben"),
    ]


def test_the_same_people_in_a_row_are_one_shift() -> None:
    rota = schedule("UTC", daily("ana", "ana", "ben", at=time(0)))
    assert shifts(rota, "2026-01-05T00:00Z", "2026-01-08T00:00Z") == [
        ("01-05T00:00", "01-07T00:00", "ana"),
        ("01-07T00:00", "01-08T00:00", "ben"),
    ]


def test_an_empty_period_has_neither_shifts_nor_gaps() -> None:
    rota = schedule("UTC", daily("ana", at=time(0)))
    for ends_at in ("2026-01-06T00:00Z", "2026-01-05T00:00Z"):
        assert shifts(rota, "2026-01-06T00:00Z", ends_at) == []
        assert gaps(rota, "2026-01-06T00:00Z", ends_at) == []


def test_a_schedule_without_rotations_or_members_has_nobody() -> None:
    for rota in (schedule("UTC"), schedule("UTC", daily(at=time(0)))):
        assert who(rota, "2026-01-06T00:00Z") == OnCall(users=(), source="nobody")
        assert gaps(rota, "2026-01-06T00:00Z", "2026-01-07T00:00Z") == [("01-06T00:00", "01-07T00:00")]


def test_the_instant_may_be_given_in_any_zone_and_shifts_are_in_utc() -> None:
    rota = schedule("UTC", daily("ana", "ben", at=time(0)))
    assert who(rota, "2026-01-06T00:30+01:00").users == ("ana",)
    (shift,) = shifts_between(rota, starts_at=utc("2026-01-06T01:00+01:00"), ends_at=utc("2026-01-06T02:00+01:00"))
    assert (shift.starts_at.utcoffset(), shift.starts_at) == (timedelta(), utc("2026-01-06T00:00Z"))


@pytest.mark.parametrize(("field", "word"), [("every", "every"), ("per_turn", "per_turn")])
def test_a_turn_without_length_or_people_is_refused(field: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        rotation("ana", **{field: 0})
