"""The words that every channel uses for a page."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchbill.domain.paging.contract import AlertLine, Message
from watchbill.ground.text import cut_characters, one_line

_TITLE_CHARACTERS_MAX = 300
_NAME_CHARACTERS_MAX = 100


def headline(message: Message) -> str:
    """What it is about in one line; for a bundle the exact count comes first."""
    if message.note is not None:
        return cut_characters(one_line(message.note.title), _TITLE_CHARACTERS_MAX)
    first = message.alerts[0]
    if len(message.alerts) == 1:
        return f"#{first.number} {title(first)} ({name(first.service)})"
    services = sorted({name(alert.service) for alert in message.alerts})
    where = services[0] if len(services) == 1 else f"{len(services)} services"
    return f"{len(message.alerts)} {message.plural} in {where}, first #{first.number} {title(first)}"


def title(alert: AlertLine) -> str:
    return cut_characters(one_line(alert.title), _TITLE_CHARACTERS_MAX) or "Alert without a title"


def name(text: str) -> str:
    return cut_characters(one_line(text), _NAME_CHARACTERS_MAX) or "unnamed"


def local_time(instant: datetime, time_zone: str) -> str:
    """In the reader's zone, which is named; UTC when the zone is unknown here."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"


def is_urgent(message: Message) -> bool:
    if message.note is not None:
        return message.note.urgent
    return any(alert.urgency == "high" for alert in message.alerts)


def unlisted(message: Message, listed: int) -> str:
    """The line that keeps the count exact when not every alert fits; empty when every one did."""
    missing = len(message.alerts) - listed
    return f"and {missing} more; open the link for all {len(message.alerts)}" if missing > 0 else ""
