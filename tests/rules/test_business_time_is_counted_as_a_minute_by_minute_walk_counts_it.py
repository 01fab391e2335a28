"""The arithmetic of business time against a walk that looks at every minute's local clock.

The walk knows nothing of offsets: a day opens at the first minute whose local clock has reached the opening time.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from watchbill.domain.process.calendars import (
    NeverOpen,
    add_business_days,
    add_business_time,
    due_at,
    end_of_next_business_day,
    is_business_day,
    next_business_moment,
)
from watchbill.domain.process.default_document import default_document
from watchbill.domain.process.schema.business_calendar import BusinessCalendar, PublicHolidays
from watchbill.domain.process.schema.values import Weekday

WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Half-hour shift, midnight gap, quarter-hour offset, a day that never was, and the ordinary ones.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Asuncion",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Cairo",
)
MINUTE = timedelta(minutes=1)


def calendar(
    *,
    zone: str = "Europe/Berlin",
    weekdays: tuple[Weekday, ...] = WEEKDAYS[:5],
    opens: str = "09:00",
    closes: str = "17:00",
    country: str | None = None,
    region: str | None = None,
    closed_on: tuple[date, ...] = (),
) -> BusinessCalendar:
    return BusinessCalendar.model_validate(
        {
            "id": "business",
            "label": "Business hours",
            "time_zone": zone,
            "weekdays": weekdays,
            "opens": opens,
            "closes": closes,
            "public_holidays": (PublicHolidays(country=country, region=region),) if country else (),
            "closed_on": closed_on,
        }
    )


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    opens = draw(st.integers(0, 23 * 60 + 58))
    closes = draw(st.one_of(st.just(0), st.integers(opens + 1, 23 * 60 + 59)))
    weekdays = draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1))
    return calendar(
        zone=draw(st.sampled_from(ZONES)),
        weekdays=tuple(day for day in WEEKDAYS if day in weekdays),
        opens=f"{opens // 60:02}:{opens % 60:02}",
        closes=f"{closes // 60:02}:{closes % 60:02}",
        country=draw(st.sampled_from([None, "DE", "US"])),
    )


# Around the changes of daylight saving of 2026 in both hemispheres, the turn of the year, and Samoa's missing day.
MOMENTS = st.one_of(
    *(
        st.datetimes(day - timedelta(days=4), day + timedelta(days=4))
        for day in (
            datetime(2011, 12, 30),
            datetime(2026, 3, 8),
            datetime(2026, 3, 29),
            datetime(2026, 4, 5),
            datetime(2026, 4, 24),
            datetime(2026, 10, 4),
            datetime(2026, 10, 25),
            datetime(2026, 11, 1),
            datetime(2026, 12, 31),
        )
    )
).map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC))


def open_minutes(business: BusinessCalendar, start: datetime, *, count: int, days: int) -> list[datetime]:
    """The first `count` open minutes from `start` on, found by reading the local clock once a minute."""
    zone = ZoneInfo(business.time_zone)
    state: dict[date, str] = {}
    open_days: dict[date, bool] = {}
    found: list[datetime] = []
    # A day's opening may lie before `start`, so the walk begins earlier.
    moment = start - timedelta(hours=25)
    while moment < start + timedelta(days=days) and len(found) < count:
        local = moment.astimezone(zone)
        today, clock = local.date(), local.time()
        if business.closes != time() and clock >= business.closes and state.get(today) != "closed":
            state[today] = "closed"
        elif clock >= business.opens:
            state.setdefault(today, "open")
        if today not in open_days:
            open_days[today] = _is_open_day(today, business)
        if open_days[today] and state.get(today) == "open" and moment >= start:
            found.append(moment)
        moment += MINUTE
    return found


def _is_open_day(day: date, business: BusinessCalendar) -> bool:
    off = day in business.closed_on or any(
        day in holidays.country_holidays(place.country, subdiv=place.region) for place in business.public_holidays
    )
    return WEEKDAYS[day.weekday()] in business.weekdays and not off


@settings(max_examples=150, deadline=None)
@given(business=calendars(), start=MOMENTS, minutes=st.integers(1, 2000))
@example(
    business=calendar(weekdays=WEEKDAYS, opens="01:00", closes="02:30"),
    start=datetime(2026, 10, 24, 20, tzinfo=UTC),
    minutes=120,
)
@example(
    business=calendar(weekdays=WEEKDAYS, opens="02:30", closes="04:00"),
    start=datetime(2026, 3, 28, 20, tzinfo=UTC),
    minutes=61,
)
@example(
    business=calendar(zone="Pacific/Apia", weekdays=WEEKDAYS, opens="09:00", closes="00:00"),
    start=datetime(2011, 12, 29, 20, tzinfo=UTC),
    minutes=1500,
)
def test_the_arithmetic_agrees_with_the_walk(business: BusinessCalendar, start: datetime, minutes: int) -> None:
    walked = open_minutes(business, start, count=minutes, days=9)
    if not walked:
        return
    assert next_business_moment(start, business) == walked[0]
    if minutes == len(walked):
        assert add_business_time(start, minutes * MINUTE, business) == walked[minutes - 1] + MINUTE


@settings(max_examples=60, deadline=None)
@given(
    business=calendars(),
    start=MOMENTS,
    first=st.integers(1, 5000),
    second=st.integers(1, 5000),
)
def test_business_time_adds_up(business: BusinessCalendar, start: datetime, first: int, second: int) -> None:
    try:
        at_once = add_business_time(start, (first + second) * MINUTE, business)
    except NeverOpen:
        reject()  # open so rarely that it is refused as never open
    in_two = add_business_time(add_business_time(start, first * MINUTE, business), second * MINUTE, business)
    assert at_once == in_two


FRIDAY = datetime(2026, 5, 22, 14, 30, tzinfo=UTC)  # 16:30 in Berlin; Monday is Whit Monday there


def test_an_hour_begun_on_friday_evening_ends_after_the_holiday() -> None:
    berlin = calendar(country="DE")
    assert add_business_time(FRIDAY, timedelta(hours=1), berlin) == datetime(2026, 5, 26, 7, 30, tzinfo=UTC)
    assert add_business_time(FRIDAY, timedelta(minutes=30), berlin) == datetime(2026, 5, 22, 15, tzinfo=UTC)
    assert add_business_time(FRIDAY, timedelta(), berlin) == FRIDAY


def test_the_next_business_day_ends_when_it_closes() -> None:
    assert end_of_next_business_day(FRIDAY, calendar(country="DE")) == datetime(2026, 5, 26, 15, tzinfo=UTC)
    assert end_of_next_business_day(FRIDAY, calendar()) == datetime(2026, 5, 25, 15, tzinfo=UTC)


def test_a_business_day_later_is_the_same_time_of_day() -> None:
    assert add_business_days(FRIDAY, 1, calendar(country="DE")) == datetime(2026, 5, 26, 14, 30, tzinfo=UTC)
    saturday = datetime(2026, 5, 23, 12, tzinfo=UTC)
    assert add_business_days(saturday, 1, calendar()) == datetime(2026, 5, 26, 7, tzinfo=UTC)


def test_a_holiday_of_one_region_is_a_business_day_in_another() -> None:
    epiphany = date(2026, 1, 6)
    assert not is_business_day(epiphany, calendar(country="DE", region="BY"))
    assert is_business_day(epiphany, calendar(country="DE", region="BE"))


def test_a_date_can_be_closed_by_hand() -> None:
    christmas_eve = date(2026, 12, 24)
    assert is_business_day(christmas_eve, calendar(country="DE"))
    assert not is_business_day(christmas_eve, calendar(country="DE", closed_on=(christmas_eve,)))


def test_a_calendar_that_never_opens_says_so() -> None:
    # Open for half an hour on the night of a Sunday, in a zone and years where nothing else is open.
    never = calendar(zone="UTC", weekdays=("monday",), opens="09:00", closes="17:00")
    closed = tuple(date(2026, 1, 5) + timedelta(weeks=week) for week in range(3000))
    with pytest.raises(NeverOpen, match="correct its weekdays and closed days"):
        next_business_moment(FRIDAY, never.model_copy(update={"closed_on": frozenset(closed)}))


@pytest.mark.parametrize(
    ("severity", "respond_by", "resolve_by"),
    [
        ("sev1", FRIDAY + timedelta(minutes=5), FRIDAY + timedelta(hours=1)),
        ("sev2", FRIDAY + timedelta(minutes=15), FRIDAY + timedelta(hours=4)),
        # The default calendar is 09:00 to 17:00 UTC without holidays: Friday has two and a half hours left.
        ("sev3", FRIDAY + timedelta(hours=1), datetime(2026, 5, 25, 14, 30, tzinfo=UTC)),
        ("sev4", datetime(2026, 5, 25, 17, tzinfo=UTC), None),
    ],
)
def test_the_deadlines_of_each_severity(severity: str, respond_by: datetime, resolve_by: datetime | None) -> None:
    document = default_document()
    found = next(item for item in document.severities if item.id == severity)
    assert due_at(found.respond, FRIDAY, document.calendars) == respond_by
    assert due_at(found.resolve, FRIDAY, document.calendars) == resolve_by
