"""Hours of a rotation as people write them: `Mon-Fri 09:00-17:00` is five stretches, `Fri 17:00 - Mon 09:00` one."""

import re
from collections.abc import Sequence
from datetime import datetime, time

from watchbill.domain.oncall.rotation_rules import WEEKDAYS, WINDOWS_MAX
from watchbill.domain.oncall.rules import Window
from watchbill.ground.refusals import ChangeRefused

_SHORT = tuple(name[:3] for name in WEEKDAYS)
_DAYS = {name.lower(): number for number, name in enumerate(_SHORT)}
_CLOCK = r"(\d{1,2}:\d{2})"
_EACH_DAY = re.compile(rf"([a-z]{{3}})[a-z]*(?:\s*-\s*([a-z]{{3}})[a-z]*)?\s+{_CLOCK}\s*-\s*{_CLOCK}", re.IGNORECASE)
_STRETCH = re.compile(rf"([a-z]{{3}})[a-z]*\s+{_CLOCK}\s*-\s*([a-z]{{3}})[a-z]*\s+{_CLOCK}", re.IGNORECASE)
_WEEK_MINUTES = 7 * 24 * 60


def windows_of(text: str, *, field: str) -> tuple[Window, ...]:
    """One line each; all lines that are wrong are named at once."""
    found: list[Window] = []
    wrong: list[str] = []
    lines = [line.strip().replace("\u2013", "-") for line in text.splitlines() if line.strip()]
    if len(lines) > WINDOWS_MAX:
        raise ChangeRefused(field, f"has {len(lines)} lines; write at most {WINDOWS_MAX}")
    for line in lines:
        try:
            found.extend(_windows(line))
        except (ValueError, KeyError):
            wrong.append(repr(line))
    if wrong:
        raise ChangeRefused(
            field, f"{' and '.join(wrong)} cannot be read; write Mon-Fri 09:00-17:00, or Fri 17:00 - Mon 09:00"
        )
    return tuple(found)


def words_of(windows: Sequence[Window]) -> str:
    """The lines that `windows_of` reads back: days in a row with the same hours are one line."""
    lines: list[str] = []
    rest = list(windows)
    while rest:
        first = rest.pop(0)
        if not _is_daily(first):
            lines.append(
                f"{_SHORT[first.starts_weekday]} {first.starts_time:%H:%M} - "
                f"{_SHORT[first.ends_weekday]} {first.ends_time:%H:%M}"
            )
            continue
        last = first
        while rest and _is_daily(rest[0]) and _follows(rest[0], last):
            last = rest.pop(0)
        days = _SHORT[first.starts_weekday]
        if last is not first:
            days += f"-{_SHORT[last.starts_weekday]}"
        lines.append(f"{days} {first.starts_time:%H:%M}-{first.ends_time:%H:%M}")
    return "\n".join(lines)


def hours_words(windows: Sequence[Window]) -> str:
    """`5 stretches, 40 of the week's 168 hours`: shows a line that meant something else."""
    covered: set[int] = set()
    longest = 0
    for one in windows:
        starts, lasts = _minute(one.starts_weekday, one.starts_time), _minutes(one)
        longest = max(longest, lasts)
        covered.update((starts + offset) % _WEEK_MINUTES for offset in range(lasts))
    stretches = f"{len(windows)} stretches" if len(windows) > 1 else "one stretch"
    return f"{stretches}, the longest {longest / 60:g} hours, {len(covered) / 60:g} of the week's 168 hours"


def _windows(line: str) -> list[Window]:
    stretch = _STRETCH.fullmatch(line)
    if stretch:
        first, starts, last, ends = stretch.groups()
        return [_window(_DAYS[first.lower()], starts, _DAYS[last.lower()], ends)]
    each = _EACH_DAY.fullmatch(line)
    if not each:
        raise ValueError(line)
    first, last, starts, ends = each.groups()
    begins = _DAYS[first.lower()]
    count = (_DAYS[(last or first).lower()] - begins) % 7 + 1
    over_night = 1 if _clock(ends) <= _clock(starts) else 0
    days = [(begins + number) % 7 for number in range(count)]
    return [_window(day, starts, (day + over_night) % 7, ends) for day in days]


def _window(starts_weekday: int, starts: str, ends_weekday: int, ends: str) -> Window:
    return Window(
        starts_weekday=starts_weekday, starts_time=_clock(starts), ends_weekday=ends_weekday, ends_time=_clock(ends)
    )


def _clock(text: str) -> time:
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  a wall-clock time has no zone


def _is_daily(one: Window) -> bool:
    over_night = 1 if one.ends_time <= one.starts_time else 0
    return one.ends_weekday == (one.starts_weekday + over_night) % 7


def _follows(one: Window, former: Window) -> bool:
    same = (one.starts_time, one.ends_time) == (former.starts_time, former.ends_time)
    return same and one.starts_weekday == former.starts_weekday + 1


def _minute(weekday: int, at: time) -> int:
    return weekday * 24 * 60 + at.hour * 60 + at.minute


def _minutes(one: Window) -> int:
    lasts = _minute(one.ends_weekday, one.ends_time) - _minute(one.starts_weekday, one.starts_time)
    return lasts % _WEEK_MINUTES or _WEEK_MINUTES
