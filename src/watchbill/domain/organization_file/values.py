"""The texts of the organization file that are values: durations, turns, hand-offs, instants, names."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from watchbill.domain.escalation.policy_rules import TARGET_KINDS
from watchbill.domain.oncall.rules import NOBODY, Unit
from watchbill.domain.oncall.words import format_every, format_handoff, parse_every, parse_handoff
from watchbill.domain.people.rules import check_zone, clean_email, clean_name
from watchbill.ground.durations import format_duration, parse_duration
from watchbill.ground.refusals import ChangeRefused

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True, slots=True, order=True)
class Every:
    """A turn: `1 week`, `12 hours`."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        return format_every(self.count, self.unit)


@dataclass(frozen=True, slots=True, order=True)
class WallTime:
    """`10:00`, or `Monday 10:00` (Monday is 0)."""

    weekday: int | None
    time: time

    def __str__(self) -> str:
        return format_handoff(self.weekday, self.time)


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError(f"{given!r} is no text; put it in quotes")  # noqa: TRY004 - pydantic reports ValueErrors
    return given.strip()


def _every(given: Any) -> Every:
    if isinstance(given, Every):
        return given
    return Every(*parse_every(_text(given)))


def _wall_time(given: Any) -> WallTime:
    if isinstance(given, WallTime):
        return given
    return WallTime(*parse_handoff(_text(given)))


def _weekly_time(given: Any) -> WallTime:
    moment = _wall_time(given)
    if moment.weekday is None:
        raise ValueError(f'{given!r} has no weekday; write it like "Monday 08:00"')
    return moment


def _duration(given: Any) -> timedelta:
    if isinstance(given, timedelta):
        return given
    if given == 0 and not isinstance(given, bool):
        return timedelta(0)
    if isinstance(given, int | float) and not isinstance(given, bool):
        remedy = f"write {abs(given):g}m for minutes, or s, h, d instead of the m"
        raise ValueError(f"{given!r} has no unit; {remedy}")  # noqa: TRY004 - pydantic reports ValueErrors
    return parse_duration(_text(given))


def _instant(given: Any) -> datetime:
    """Without an offset it stays naive: the schedule's local time, resolved where the zone is known."""
    if isinstance(given, datetime):
        return given
    text = _text(given)
    if not _INSTANT.fullmatch(text):
        raise ValueError(f'{text!r} is no time; write it like "2026-12-24T18:00+01:00"')
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f'{text!r} does not exist; write it like "2026-12-24T18:00+01:00"') from error


def _date(given: Any) -> date:
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    try:
        return date.fromisoformat(_text(given))
    except ValueError as error:
        raise ValueError(f"{given!r} is no date; write it like 2026-01-05") from error


def instant_text(moment: datetime) -> str:
    whole = not moment.microsecond
    return moment.isoformat(timespec="microseconds" if not whole else "seconds" if moment.second else "minutes")


def checked(check: Callable[[str], str]) -> Callable[[Any], str]:
    """A domain check as pydantic wants it."""

    def validate(given: Any) -> str:
        try:
            return check(_text(given))
        except ChangeRefused as refused:
            raise ValueError(refused.reason) from refused

    return validate


def _member(text: str) -> str:
    return NOBODY if text == NOBODY else clean_email(text)


def _target(given: Any) -> str:
    kind, _, name = _text(given).partition(":")
    if kind not in TARGET_KINDS or not name.strip():
        raise ValueError(
            f"unknown target {given!r}; use schedule:NAME, user:EMAIL, team-lead:NAME or team-manager:NAME"
        )
    return f"{kind}:{checked(clean_email if kind == 'user' else clean_name)(name)}"


Text = Annotated[str, BeforeValidator(_text)]
Name = Annotated[str, BeforeValidator(checked(clean_name))]
Email = Annotated[str, BeforeValidator(checked(clean_email))]
Member = Annotated[str, BeforeValidator(checked(_member))]
Zone = Annotated[str, BeforeValidator(checked(check_zone))]
Turn = Annotated[Every, BeforeValidator(_every), PlainSerializer(str)]
Handoff = Annotated[WallTime, BeforeValidator(_wall_time), PlainSerializer(str)]
WeeklyTime = Annotated[WallTime, BeforeValidator(_weekly_time), PlainSerializer(str)]
Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(format_duration)]
Instant = Annotated[datetime, BeforeValidator(_instant), PlainSerializer(instant_text)]
Target = Annotated[str, BeforeValidator(_target)]
Day = Annotated[date, BeforeValidator(_date)]
