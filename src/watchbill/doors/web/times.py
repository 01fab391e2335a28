"""Times as a reader wants them: relative, with the absolute one and its zone beside."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def span(seconds: float) -> str:
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        hours, minutes = whole // _HOUR, whole % _HOUR // _MINUTE
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{whole // _DAY} days"


def relative(at: datetime, *, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    if abs(seconds) < 5:
        return "just now"
    return f"in {span(-seconds)}" if seconds < 0 else f"{span(seconds)} ago"


def countdown(due_at: datetime, *, now: datetime) -> str:
    left = (due_at - now).total_seconds()
    if left < -5:
        return f"overdue {span(-left)}"
    if left < 0:
        return "now"
    if left >= _HOUR:
        return f"in {span(left)}"
    return f"in {int(left) // 60}:{int(left) % 60:02d}"


def due(due_at: datetime, *, now: datetime) -> str:
    text = countdown(due_at, now=now)
    return text if text.startswith("overdue") else f"due {text}"


def absolute(at: datetime, *, zone: ZoneInfo) -> str:
    """`Mon 23 Nov 2026, 21:03:12 CET (20:03:12 UTC)`."""
    local = at.astimezone(zone)
    text = f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S %Z}"
    return text if local.utcoffset() == UTC.utcoffset(None) else f"{text} ({at.astimezone(UTC):%H:%M:%S} UTC)"


def short(at: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """The clock today, weekday and clock this week, else the date; with the zone."""
    local, here = at.astimezone(zone), now.astimezone(zone)
    days = abs((local.date() - here.date()).days)
    if days == 0:
        return f"{local:%H:%M %Z}"
    if days < 7:
        return f"{local:%a %H:%M %Z}"
    year = "" if local.year == here.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M %Z}"
