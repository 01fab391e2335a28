"""The audit entries about an alert, as sentences: who did what, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from watchbill.domain.audit.models import ActorKind, Entry
from watchbill.doors.web import times

_LOOKS: Mapping[str, tuple[str, str]] = {
    # action: icon, tone
    "alert.triggered": ("dot", "is-bad"),
    "alert.suppressed": ("mute", "is-idle"),
    "alert.acknowledged": ("ring", "is-warn"),
    "alert.resolved": ("check", "is-good"),
    "alert.snoozed": ("pause", "is-idle"),
    "alert.snooze_ended": ("alerts", "is-bad"),
    "alert.reassigned": ("swap", "is-warn"),
    "alert.escalated": ("up", "is-warn"),
    "alert.acknowledgement_expired": ("wait", "is-bad"),
    "escalation.paged": ("alerts", "is-warn"),
    "alert.raised": ("up", "is-bad"),
    "escalation.nobody": ("warning", "is-bad"),
    "escalation.tried_again": ("alerts", "is-bad"),
    "escalation.exhausted": ("warning", "is-bad"),
    "page.sent": ("send", "is-good"),
    "page.failed": ("cross", "is-bad"),
    "page.bundled": ("send", "is-idle"),
    "page.cancelled": ("cross", "is-idle"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    at: datetime
    icon: str
    tone: str
    actor: str
    actor_id: UUID | None
    words: str
    people: tuple[tuple[str, str], ...]
    why: str
    via: str


def line_of(entry: Entry, *, zone: ZoneInfo) -> Line:
    """`people`: id and name of those the entry names; `why`: the rule or reason behind it."""
    icon, tone = _LOOKS.get(entry.action, ("history", "is-idle"))
    is_person = entry.actor_kind == ActorKind.PERSON
    return Line(
        at=entry.at,
        icon=icon,
        tone=tone,
        actor=entry.actor_label,
        actor_id=entry.actor_id if is_person else None,
        words=_words(entry, zone),
        people=tuple(
            (str(one.get("id", "")), str(one.get("name", "")))
            for one in entry.details.get("people", ())
            if isinstance(one, Mapping)
        ),
        why=_why(entry.details),
        via=entry.via if is_person else "",
    )


def _words(entry: Entry, zone: ZoneInfo) -> str:
    details = entry.details
    match entry.action:
        case "alert.snoozed":
            return f"snoozed it until {_instant(details.get('until'), zone)}"
        case "alert.reassigned":
            return f"reassigned it to {details.get('to', 'somebody else')}"
        case "alert.raised":
            before, after = (dict(details.get(one) or {}).get("severity", "?") for one in ("before", "after"))
            return f"says it is worse: {before} before, {after} now"
        case "escalation.paged":
            again = f", round {int(details.get('cycle', 0)) + 1}" if details.get("cycle") else ""
            return f"paged level {details.get('level', '?')} of {details.get('policy', 'the policy')}{again}:"
        case "escalation.nobody":
            return f"passed level {details.get('level', '?')} at once: nobody to page"
        case "escalation.exhausted" if details.get("reached_nobody"):
            return "tried every level, and there is no fallback who can be reached"
        case "escalation.exhausted":
            return "tried every level and paged the fallback:"
        case "page.sent" | "page.failed" | "page.bundled":
            contact = details.get("contact") or details.get("kind") or "a contact"
            verb = {"page.sent": "handed a page to", "page.failed": "could not send by", "page.bundled": "bundled into"}
            person = details.get("person") or details.get("to") or ""
            return f"{verb[entry.action]} {contact}" + (f" of {person}" if person else "")
    return _PLAIN.get(entry.action, entry.action.replace(".", ": ").replace("_", " "))


_PLAIN = {
    "alert.triggered": "raised it",
    "alert.suppressed": "raised it under maintenance: nobody is paged until that ends",
    "alert.acknowledged": "acknowledged it",
    "alert.resolved": "resolved it",
    "alert.snooze_ended": "woke it: the snooze ended",
    "alert.escalated": "escalated it to the next level",
    "alert.acknowledgement_expired": "triggered it again: acknowledged, but not resolved in time",
    "page.cancelled": "called a page off",
    "escalation.tried_again": "began to page again",
}


def _why(details: Mapping[str, Any]) -> str:
    parts = [details.get(name) for name in ("why", "reason", "error", "nobody")]
    return "; ".join(str(part) for part in parts if part)


def _instant(text: Any, zone: ZoneInfo) -> str:
    try:
        return times.absolute(datetime.fromisoformat(str(text)), zone=zone)
    except ValueError:
        return str(text)
