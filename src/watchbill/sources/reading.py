"""Read what senders write, leniently: a field of the wrong type is still worth showing."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from watchbill.domain.alerts.contract import SUMMARY_MAX
from watchbill.ground.text import cut_characters

SOURCE_MAX = 500
_LINKS_MAX = 50
_LINK_MAX = 2000

_SEVERITIES = {
    **dict.fromkeys(("critical", "crit", "fatal", "emergency", "emerg", "alert", "disaster", "page"), "critical"),
    **dict.fromkeys(("p1", "sev1", "sev-1", "s1", "1", "blocker", "highest"), "critical"),
    **dict.fromkeys(("error", "err", "major", "high", "p2", "sev2", "sev-2", "s2", "2"), "error"),
    **dict.fromkeys(("warning", "warn", "minor", "average", "medium", "moderate"), "warning"),
    **dict.fromkeys(("p3", "sev3", "sev-3", "s3", "3"), "warning"),
    **dict.fromkeys(("info", "information", "informational", "notice", "none", "ok", "debug", "low"), "info"),
    **dict.fromkeys(("lowest", "p4", "p5", "sev4", "sev-4", "sev5", "s4", "4", "5"), "info"),
}


def text(value: Any, limit: int = SUMMARY_MAX) -> str:
    """Any JSON value as text of at most `limit` characters; null is the empty text."""
    if isinstance(value, str):
        return value if len(value) <= limit else cut_characters(value, limit)
    if value is None:
        return ""
    return cut_characters(_as_json(value), limit)


def severity(value: Any, *, default: str = "critical") -> str:
    """Other tools' words mapped to ours. A word nobody knows is an error: it wakes rather than waits."""
    if isinstance(value, str) and value in ("critical", "error", "warning", "info"):
        return value
    word = text(value, 40).strip().lower()
    return _SEVERITIES.get(word, "error") if word else default


def instant(value: Any) -> datetime | None:
    """ISO 8601 with or without the colon in the offset, mail dates, Unix seconds or milliseconds; else None."""
    try:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return _from_unix(float(value))
        found = _from_text(str(value).strip())
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        moment = aware.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    # Year 1 is how Go writes "no time".
    return moment if moment.year > 1 else None


def links(*candidates: tuple[Any, Any]) -> tuple[Mapping[str, str], ...]:
    """(address, text) pairs; only web addresses pass, because these are clicked on."""
    made = []
    for address, label in candidates[:_LINKS_MAX]:
        href = address.strip() if isinstance(address, str) else ""
        if href.lower().startswith(("https://", "http://")) and len(href) <= _LINK_MAX:
            made.append({"href": href, "text": text(label, 200)})
    return tuple(made)


def present(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value not in (None, "", {}, [])}


def _as_json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, RecursionError):
        return str(value)


def _from_unix(seconds: float) -> datetime | None:
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    if seconds > 1e11:
        seconds /= 1000
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _from_text(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return parsedate_to_datetime(value)
