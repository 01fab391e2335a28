"""Business time: open hours of a calendar, counted in real time that passes, safe across daylight saving.

A day opens and closes at its wall-clock times: one that does not exist means the first instant after the gap,
one that exists twice means the first. Periods are half-open, so the closing instant is not open any more.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from watchbill.domain.process.schema.business_calendar import BusinessCalendar
from watchbill.domain.process.schema.values import Deadline
from watchbill.ground.local_time import instant_of

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS_SEARCHED_MAX = 20_000


class NeverOpen(ValueError):
    """The calendar has no open time for decades: correct its weekdays and holidays."""


def is_business_day(day: date, calendar: BusinessCalendar) -> bool:
    if _WEEKDAYS[day.weekday()] not in calendar.weekdays or day in calendar.closed_on:
        return False
    return not any(day in _public_holidays(place.country, place.region, day.year) for place in calendar.public_holidays)


def next_business_moment(moment: datetime, calendar: BusinessCalendar) -> datetime:
    """`moment` itself when it is open, else the next opening."""
    starts_at, _ = next(_open_periods(moment, calendar))
    return starts_at


def add_business_time(start: datetime, duration: timedelta, calendar: BusinessCalendar) -> datetime:
    """The instant at which `duration` of open time has passed since `start`; no duration: the next open moment."""
    if duration < timedelta():
        raise ValueError("business time is not negative")
    left = duration
    for starts_at, ends_at in _open_periods(start, calendar):
        if left <= ends_at - starts_at:
            return starts_at + left
        left -= ends_at - starts_at
    raise NeverOpen(_never_open(calendar))


def add_business_days(start: datetime, days: int, calendar: BusinessCalendar) -> datetime:
    """The same time of day, `days` business days after the next open moment; closing time at the latest."""
    zone = ZoneInfo(calendar.time_zone)
    opened = next_business_moment(start, calendar).astimezone(zone)
    day = opened.date()
    for _ in range(days):
        day = _business_day_after(day, calendar)
    opens_at, closes_at = _opening(day, calendar)
    wall = datetime.combine(day, opened.time().replace(fold=0))
    return min(max(instant_of(wall, zone), opens_at), closes_at)


def end_of_next_business_day(start: datetime, calendar: BusinessCalendar) -> datetime:
    """When the first business day after the local date of `start` closes."""
    local_day = start.astimezone(ZoneInfo(calendar.time_zone)).date()
    return _opening(_business_day_after(local_day, calendar), calendar)[1]


def due_at(deadline: Deadline, start: datetime, calendars: Sequence[BusinessCalendar]) -> datetime | None:
    """When the deadline passes; None when it depends on somebody's planning."""
    calendar = next((found for found in calendars if found.id == deadline.calendar), None)
    limit = deadline.within if deadline.within is not None else deadline.below
    if limit is not None:
        return start + limit if calendar is None else add_business_time(start, limit, calendar)
    if calendar is None:
        return None
    if deadline.below_business_days is not None:
        return add_business_days(start, deadline.below_business_days, calendar)
    return end_of_next_business_day(start, calendar)


def _open_periods(moment: datetime, calendar: BusinessCalendar) -> Iterator[tuple[datetime, datetime]]:
    """Open periods from `moment` on, the first one cut to start there."""
    day = moment.astimezone(ZoneInfo(calendar.time_zone)).date() - timedelta(days=1)
    for _ in range(_DAYS_SEARCHED_MAX):
        if is_business_day(day, calendar):
            starts_at, ends_at = _opening(day, calendar)
            starts_at = max(starts_at, moment)
            if starts_at < ends_at:
                yield starts_at, ends_at
        day += timedelta(days=1)
    raise NeverOpen(_never_open(calendar))


def _opening(day: date, calendar: BusinessCalendar) -> tuple[datetime, datetime]:
    zone = ZoneInfo(calendar.time_zone)
    last_day = day + timedelta(days=1) if calendar.closes == time() else day
    return (
        instant_of(datetime.combine(day, calendar.opens), zone),
        instant_of(datetime.combine(last_day, calendar.closes), zone),
    )


def _business_day_after(day: date, calendar: BusinessCalendar) -> date:
    for _ in range(_DAYS_SEARCHED_MAX):
        day += timedelta(days=1)
        opens_at, closes_at = _opening(day, calendar)
        if is_business_day(day, calendar) and opens_at < closes_at:
            return day
    raise NeverOpen(_never_open(calendar))


@lru_cache(maxsize=512)
def _public_holidays(country: str, region: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=region, years=year))


def _never_open(calendar: BusinessCalendar) -> str:
    return f"the calendar {calendar.id!r} has no open time from here on: correct its weekdays and closed days"
