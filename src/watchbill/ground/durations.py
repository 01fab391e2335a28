"""Durations as people write them: `90s`, `5m`, `1h30m`, `2d`. A day is 24 hours."""

import re
from datetime import timedelta

_SHAPE = re.compile(r"(?:([0-9]{1,6})d)?(?:([0-9]{1,7})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")


def parse_duration(text: str) -> timedelta:
    """Raises ValueError, naming the remedy, for anything but whole days, hours, minutes, seconds in this order."""
    match = _SHAPE.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"{text!r} is not a duration. Write it as 90s, 5m, 1h30m or 2d")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back; parts of a second are cut off."""
    total = int(duration.total_seconds())
    if total < 0:
        raise ValueError("a duration is not negative")
    minutes, seconds = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
