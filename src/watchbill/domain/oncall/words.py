"""Turn lengths and times of the week as people write them: `1 week`, `12 hours`, `Monday 10:00`, `10:00`."""

import re
from datetime import time

from watchbill.domain.oncall.rotation_rules import EVERY_MAX, WEEKDAYS
from watchbill.domain.oncall.rules import Unit

_EVERY = re.compile(r"(\d{1,9})\s*([^\W\d]+)", re.ASCII)
_HANDOFF = re.compile(r"(?:([^\W\d]+)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


def parse_every(text: str) -> tuple[int, Unit]:
    """Raises ValueError, naming what is wrong and the remedy."""
    match = _EVERY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not the length of a turn. Write it as 1 week, 3 days or 12 hours")
    count, word = int(match[1]), match[2].lower()
    unit = next((unit for unit in Unit if word in (unit.value, unit.value.removesuffix("s"))), None)
    if unit is None:
        raise ValueError(f"{text!r}: {match[2]!r} is not a unit of turns. Write hours, days or weeks, as in 1 week")
    if not 1 <= count <= EVERY_MAX:
        raise ValueError(f"{text!r}: a turn is 1 to {EVERY_MAX} {unit} long. Write it as 1 week, 3 days or 12 hours")
    return count, unit


def format_every(every: int, unit: Unit) -> str:
    return f"{every} {unit.value.removesuffix('s') if every == 1 else unit.value}"


def parse_handoff(text: str) -> tuple[int | None, time]:
    """Weekday (Monday is 0) or None, and the time. Raises ValueError, naming what is wrong and the remedy.

    `Sunday 24:00` is Monday 00:00: windows end there.
    """
    match = _HANDOFF.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a hand-off. Write it as 10:00 or Monday 10:00")
    weekday = None if match[1] is None else _weekday(match[1], text)
    hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
    if weekday is not None and (hour, minute, second) == (24, 0, 0):
        return (weekday + 1) % 7, time(0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"{text!r}: that is not a time of day. Times go from 00:00 to 23:59")
    return weekday, time(hour, minute, second)


def format_handoff(weekday: int | None, at: time) -> str:
    clock = at.isoformat("seconds" if at.second else "minutes")
    return clock if weekday is None else f"{WEEKDAYS[weekday]} {clock}"


def _weekday(word: str, text: str) -> int:
    for number, name in enumerate(WEEKDAYS):
        if word.lower() in (name.lower(), name[:3].lower()):
            return number
    raise ValueError(f"{text!r}: {word!r} is not a weekday. Write {', '.join(WEEKDAYS[:-1])} or {WEEKDAYS[-1]}")
