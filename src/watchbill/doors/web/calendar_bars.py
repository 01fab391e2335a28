"""Four weeks of a schedule as bars: positions in per cent of a week, so that one drawing fits every screen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchbill.domain.oncall.rules import Rotation, Schedule, Shift, gaps_between, shifts_between
from watchbill.ground.local_time import instant_of

WEEKS = 4
# A narrower bar has room for initials or nothing; hovering and the table below say it.
_NAMED_FROM = 0.1
_INITIALS_FROM = 0.015
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`left` and `width` in per cent; `look`: shift, mine, override or hole."""

    left: str
    width: str
    look: str
    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    name: str
    is_result: bool
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    left: str
    middle: str
    words: str
    is_today: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    label: str
    days: tuple[Day, ...]
    tracks: tuple[Track, ...]
    now_at: str


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def weeks_of(
    schedule: Schedule, *, names: dict[str, str], me: str, first: date, zone: ZoneInfo, now: datetime
) -> list[Week]:
    """`first` is a Monday in `zone`. The final result first, then each rotation alone, the strongest on top."""
    return [_week(schedule, names, me, first + timedelta(weeks=number), zone, now) for number in range(WEEKS)]


def period_of(first: date, *, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return _midnight(first, zone), _midnight(first + timedelta(weeks=WEEKS), zone)


def _week(schedule: Schedule, names: dict[str, str], me: str, monday: date, zone: ZoneInfo, now: datetime) -> Week:
    starts_at, ends_at = _midnight(monday, zone), _midnight(monday + timedelta(weeks=1), zone)
    alive = [one for one in schedule.rotations if _touches(one, starts_at, ends_at)]
    result = Track(name="On call", is_result=True, bars=_result(schedule, names, me, starts_at, ends_at, zone))
    lanes = {one.name: tuple(other for other in alive if other.name == one.name) for one in reversed(alive)}
    layers = [
        Track(name=name, is_result=False, bars=_lane(schedule, ones, names, me, starts_at, ends_at, zone))
        for name, ones in lanes.items()
    ]
    shown = layers if len(lanes) > 1 or schedule.overrides else []
    days = tuple(_day(monday + timedelta(days=number), number, zone, now) for number in range(7))
    now_at = _percent(now, starts_at, ends_at) if starts_at <= now < ends_at else ""
    label = f"Week of {monday.day} {monday:%b}"
    return Week(label=label, days=days, tracks=(result, *shown), now_at=now_at)


def _lane(
    schedule: Schedule,
    rotations: tuple[Rotation, ...],
    names: dict[str, str],
    me: str,
    starts_at: datetime,
    ends_at: datetime,
    zone: ZoneInfo,
) -> tuple[Bar, ...]:
    """One rotation, before and after a change of it; a turn that is empty on purpose is drawn as one."""
    named = tuple(replace(one, members=tuple(who or _NOBODY for who in one.members)) for one in rotations)
    alone = replace(schedule, rotations=named, overrides=())
    shifts = shifts_between(alone, starts_at=starts_at, ends_at=ends_at)
    return _bars(shifts, {**names, _NOBODY: "Nobody"}, me, starts_at, ends_at, zone)


def _result(
    schedule: Schedule, names: dict[str, str], me: str, starts_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> tuple[Bar, ...]:
    shifts = _bars(shifts_between(schedule, starts_at=starts_at, ends_at=ends_at), names, me, starts_at, ends_at, zone)
    holes = [
        _bar(first, last, "hole", "Nobody", starts_at, ends_at, zone)
        for first, last in gaps_between(schedule, starts_at=starts_at, ends_at=ends_at)
    ]
    return (*shifts, *holes)


def _bars(
    shifts: Sequence[Shift],
    names: dict[str, str],
    me: str,
    starts_at: datetime,
    ends_at: datetime,
    zone: ZoneInfo,
) -> tuple[Bar, ...]:
    bars = []
    for shift in shifts:
        look = (
            "hole"
            if shift.users == (_NOBODY,)
            else "mine"
            if me in shift.users
            else "override"
            if shift.source == "override"
            else "shift"
        )
        who = ", ".join(names.get(user, "somebody who left") for user in shift.users)
        bars.append(_bar(shift.starts_at, shift.ends_at, look, who, starts_at, ends_at, zone))
    return tuple(bars)


def _bar(
    first: datetime, last: datetime, look: str, name: str, starts_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> Bar:
    share = (last - first).total_seconds() / (ends_at - starts_at).total_seconds()
    local_first, local_last = first.astimezone(zone), last.astimezone(zone)
    return Bar(
        left=_percent(first, starts_at, ends_at),
        width=f"{100 * share:.3f}",
        look=look,
        name=name if share >= _NAMED_FROM else _initials(name) if share >= _INITIALS_FROM else "",
        words=f"{name}: {local_first:%a %H:%M} to {local_last:%a %H:%M %Z}",
    )


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2])


def _day(day: date, number: int, zone: ZoneInfo, now: datetime) -> Day:
    return Day(
        left=f"{100 * number / 7:.3f}",
        middle=f"{100 * (number + 0.5) / 7:.3f}",
        words=f"{day:%a} {day.day}",
        is_today=day == now.astimezone(zone).date(),
    )


def _percent(at: datetime, starts_at: datetime, ends_at: datetime) -> str:
    return f"{100 * (at - starts_at).total_seconds() / (ends_at - starts_at).total_seconds():.3f}"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant_of(datetime.combine(day, time(0)), zone)


def _touches(rotation: Rotation, starts_at: datetime, ends_at: datetime) -> bool:
    begun = rotation.effective_at is None or rotation.effective_at < ends_at
    return begun and (rotation.retired_at is None or rotation.retired_at > starts_at)
