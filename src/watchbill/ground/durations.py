"""Durations as people write them: `90s`, `5m`, `1h30m`, `2d`, `1w`. A day is 24 hours, a week seven days."""

import re
from datetime import timedelta

_SHAPE = re.compile(r"(?:(\d{1,5})w)?(?:(\d{1,6})d)?(?:(\d{1,7})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_PART = re.compile(r"(\d+)\s*([^\d\s]*)", re.ASCII)
_UNITS = "wdhms"
_REMEDY = "Write it as 90s, 5m, 1h30m or 2d"


def parse_duration(text: str) -> timedelta:
    """Raises ValueError, naming the fault and the remedy, for anything but whole numbers of w, d, h, m, s in order."""
    match = _SHAPE.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"{text!r} is not a duration{_what_is_wrong(text)}. {_REMEDY}")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """A text that `parse_duration` reads back, days the largest unit; parts of a second are cut off."""
    total = int(duration.total_seconds())
    if total < 0:
        raise ValueError("a duration is not negative")
    minutes, seconds = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _what_is_wrong(text: str) -> str:
    if not text.strip():
        return ": it is empty"
    if text.lstrip().startswith("-"):
        return ": it is negative"
    parts = [(match[1], match[2]) for match in _PART.finditer(text)]
    if not parts:
        return ": it has no number"
    for number, unit in parts:
        if not unit:
            return f": {number} has no unit"
        if unit not in _UNITS or len(unit) > 1:
            return f": {unit!r} is not a unit"
    units = [unit for _, unit in parts]
    if sorted(set(units), key=_UNITS.index) != units:
        return ": each unit comes once, the larger first"
    return ": no blanks, and no number this long"
