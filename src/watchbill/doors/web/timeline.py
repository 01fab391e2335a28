"""The audit entries about an alert, as sentences: who did what, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from watchbill.domain.audit.models import ActorKind, Entry
from watchbill.domain.escalation.rules import REASSIGNED, level_words
from watchbill.doors.web import times

# action: icon, tone, and what the actor did; where the details have a say, `_words` puts it together.
LOOKS: Mapping[str, tuple[str, str, str]] = {
    "alert.triggered": ("dot", "is-bad", "raised it"),
    "alert.suppressed": ("mute", "is-idle", "raised it under maintenance: nobody is paged until that ends"),
    "alert.maintenance_ended": ("alerts", "is-bad", "woke it: the maintenance is over"),
    "alert.acknowledged": ("ring", "is-warn", "acknowledged it"),
    "alert.acknowledgement_expired": ("wait", "is-bad", "triggered it again: acknowledged, but not resolved in time"),
    "alert.resolved": ("check", "is-good", "resolved it"),
    "alert.snoozed": ("pause", "is-idle", "snoozed it"),
    "alert.snooze_ended": ("alerts", "is-bad", "woke it: the snooze ended"),
    "alert.reassigned": ("swap", "is-warn", "reassigned it"),
    "alert.escalated": ("up", "is-warn", "escalated it to the next level"),
    "alert.raised": ("up", "is-bad", "says that it is worse"),
    "alert.driven_again": ("warning", "is-bad", "took it up again: nothing was driving it any more"),
    "escalation.paged": ("alerts", "is-warn", "paged"),
    "escalation.nobody": ("warning", "is-bad", "passed a level at once: nobody to page"),
    "escalation.exhausted": ("warning", "is-bad", "tried every level and paged the fallback:"),
    "escalation.tried_again": ("alerts", "is-bad", "began to page again"),
    "page.sent": ("send", "is-good", "handed a page to"),
    "page.failed": ("cross", "is-bad", "could not reach"),
    "page.cancelled": ("cross", "is-idle", "called off the page to"),
}


# How an actor came in, as people say it.
VIA_WORDS = {"mail-link": "the link in a message", "cli": "the command line", "api": "the API", "ingest": "its source"}


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
    icon, tone, _ = LOOKS.get(entry.action, ("history", "is-idle", ""))
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
        via=VIA_WORDS.get(entry.via, entry.via) if is_person else "",
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
            if details.get("level") == REASSIGNED:
                return f"paged {level_words(REASSIGNED)}{again}:"
            return f"paged level {details.get('level', '?')} of {details.get('policy', 'the policy')}{again}:"
        case "escalation.nobody":
            return f"passed {level_words(int(details.get('level', 1)))} at once: nobody to page"
        case "escalation.exhausted" if details.get("reached_nobody"):
            return "tried every level, and there is no fallback who can be reached"
        case "escalation.exhausted":
            return "tried every level and paged the fallback:"
        case "page.sent" | "page.failed" | "page.cancelled":
            return f"{LOOKS[entry.action][2]} {details.get('contact', 'a contact')} ({details.get('kind', '?')}) of"
    if entry.action in LOOKS:
        return LOOKS[entry.action][2]
    return entry.action.replace(".", ": ").replace("_", " ")


def _why(details: Mapping[str, Any]) -> str:
    parts = [details.get(name) for name in ("why", "reason", "error", "nobody")]
    if "again" in details:
        parts.append("another try follows" if details["again"] else "no other try by this way")
    if others := details.get("bundled_with"):
        parts.append(f"in one message with {others} other{'s' if others > 1 else ''}")
    return "; ".join(str(part) for part in parts if part)


def _instant(text: Any, zone: ZoneInfo) -> str:
    try:
        return times.absolute(datetime.fromisoformat(str(text)), zone=zone)
    except ValueError:
        return str(text)
