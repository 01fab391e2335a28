"""The entries about an incident, as sentences: who did what, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from watchbill.domain.audit.models import ActorKind, Entry
from watchbill.domain.incidents.models import Attachment, Post
from watchbill.domain.incidents.timeline_reads import TimelineLine
from watchbill.doors.web.timeline import LOOKS as PAGE_LOOKS
from watchbill.doors.web.timeline import VIA_WORDS, line_of

# action: icon, tone, group (what the timeline can be narrowed to), and what the actor did.
LOOKS: Mapping[str, tuple[str, str, str, str]] = {
    "incident.declared": ("incident", "is-bad", "state", "declared it"),
    "incident.declared_again": ("incident", "is-bad", "state", "declared it once more"),
    "incident.acknowledged": ("ring", "is-warn", "state", "is on it"),
    "incident.answered": ("ring", "is-idle", "state", "knows of it"),
    "incident.severity_changed": ("level", "is-warn", "state", "changed the severity"),
    "incident.room_opened": ("chat", "is-idle", "state", "opened the war room"),
    "incident.escalated": ("up", "is-warn", "pages", "escalated it"),
    "incident.mitigated": ("check", "is-good", "state", "mitigated it: customers are no longer harmed"),
    "incident.not_mitigated": ("warning", "is-bad", "state", "says that it is back"),
    "incident.resolved": ("check", "is-good", "state", "resolved it"),
    "incident.reopened": ("warning", "is-bad", "state", "reopened it"),
    "incident.closed": ("check", "is-good", "state", "closed it"),
    "incident.cancelled": ("cross", "is-idle", "state", "cancelled it: no incident after all"),
    "incident.merged": ("link", "is-idle", "state", "merged it"),
    "incident.merged_from": ("link", "is-idle", "state", "merged another one into it"),
    "incident.alerts_added": ("alerts", "is-idle", "state", "added alerts"),
    "incident.insider_added": ("people", "is-idle", "state", "let somebody see it:"),
    "incident.called": ("alerts", "is-warn", "pages", "paged"),
    "incident.fallback_called": ("warning", "is-bad", "pages", "paged the fallback:"),
    "incident.left_alone": ("warning", "is-bad", "pages", "calls people again"),
    "incident.driven_again": ("warning", "is-bad", "pages", "took its ladder up again"),
    "incident.role_offered": ("people", "is-idle", "roles", "asked"),
    "incident.role_taken": ("people", "is-good", "roles", "gave a role to"),
    "incident.role_declined": ("people", "is-warn", "roles", "declined a role:"),
    "incident.role_unanswered": ("people", "is-warn", "roles", "got no answer from"),
    "incident.role_open": ("warning", "is-warn", "roles", "found nobody else to ask"),
    "incident.step_done": ("check", "is-good", "steps", "did a step"),
    "incident.step_undone": ("cross", "is-idle", "steps", "took a step back"),
    "incident.verification_asked": ("search", "is-idle", "steps", "asked monitoring whether it is healthy"),
    "incident.verified": ("check", "is-good", "steps", "found everything healthy in monitoring"),
    "incident.not_verified": ("warning", "is-warn", "steps", "could not verify that everything is healthy"),
    "incident.step_passed_over": ("warning", "is-warn", "steps", "passed over a step"),
    "incident.message": ("chat", "is-idle", "messages", "wrote"),
    "incident.noted": ("history", "is-idle", "messages", "noted"),
    "incident.updated": ("send", "is-good", "updates", "posted a status update"),
    "incident.impact_set": ("info", "is-warn", "assess", "set scope and impact"),
    "incident.affected_set": ("services", "is-warn", "assess", "named the affected services"),
    "incident.hypothesis": ("search", "is-idle", "assess", "has a hypothesis"),
    "incident.hypothesis_settled": ("search", "is-idle", "assess", "settled a hypothesis"),
    "incident.moment_set": ("history", "is-warn", "assess", "corrected a time"),
    "incident.change_proposed": ("swap", "is-idle", "changes", "proposed a change"),
    "incident.change_approved": ("check", "is-good", "changes", "approved a change"),
    "incident.change_declined": ("cross", "is-warn", "changes", "declined a change"),
    "incident.change_applied": ("swap", "is-warn", "changes", "applied a change"),
    "incident.change_observed": ("info", "is-idle", "changes", "saw the effect of a change"),
    "incident.change_rolled_back": ("swap", "is-warn", "changes", "rolled a change back"),
    "incident.follow_up": ("check", "is-idle", "steps", "has to be followed up"),
    "incident.follow_up_settled": ("check", "is-good", "steps", "settled a follow-up"),
    "incident.bridge_opened": ("phone", "is-good", "state", "opened the bridge"),
    "incident.bridge_made": ("phone", "is-good", "state", "made a meeting"),
    "incident.bridge_changed": ("phone", "is-warn", "state", "changed the bridge"),
    "incident.bridge_yielded": ("phone", "is-warn", "state", "gave the phone bridge away"),
    "incident.bridge_missing": ("warning", "is-bad", "state", "found no bridge that is free"),
    "incident.bridge_not_made": ("warning", "is-warn", "state", "could not make a meeting"),
    "incident.bridge_freed": ("phone", "is-idle", "state", "freed the bridge"),
    "incident.published": ("send", "is-good", "updates", "published on the status page"),
    "incident.publication_corrected": ("send", "is-idle", "updates", "corrected what the status page says"),
    "incident.publication_retracted": ("cross", "is-warn", "updates", "took an update off the status page"),
    "incident.customer_asked": ("people", "is-warn", "updates", "noted that a customer asked"),
    "incident.no_customer_asked": ("people", "is-idle", "updates", "noted that no customer asked after all"),
    "incident.statement_drafted": ("chat", "is-idle", "updates", "drafted"),
    "incident.statement_changed": ("chat", "is-idle", "updates", "changed the draft of"),
    "incident.statement_discarded": ("cross", "is-idle", "updates", "discarded the draft of"),
    "incident.approval_asked": ("people", "is-warn", "updates", "asked for approval of"),
    "incident.statement_approved": ("check", "is-good", "updates", "approved"),
    "incident.statement_declined": ("cross", "is-warn", "updates", "declined"),
    "incident.statement_published": ("send", "is-good", "updates", "published"),
    "incident.statement_sent_again": ("send", "is-warn", "updates", "sent what had failed once more of"),
    "incident.told_elsewhere": ("people", "is-good", "updates", "told them by other means"),
    "incident.pinned": ("pin", "is-idle", "messages", "pinned a message"),
    "incident.unpinned": ("pin", "is-idle", "messages", "unpinned a message"),
    "incident.chat_room_opened": ("chat", "is-good", "state", "opened a room in the chat tool"),
    "incident.chat_room_archived": ("chat", "is-idle", "state", "archived the room in the chat tool"),
    "incident.chat_room_tried": ("chat", "is-idle", "state", "asked for the room in the chat tool to be tried again"),
    "incident.chat_room_refused": ("warning", "is-warn", "state", "could not open a room in the chat tool"),
}
GROUPS = (
    ("messages", "Messages"),
    ("updates", "Updates"),
    ("changes", "Changes"),
    ("assess", "Findings"),
    ("pages", "Pages"),
    ("roles", "Roles"),
    ("steps", "Steps"),
    ("state", "State"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A piece of what was written; with `user_id` it is the name of somebody who is mentioned."""

    text: str
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """`people`: id and name of those the entry names. `group`: one of GROUPS. `minor`: shown only when asked for.

    `post_id` is the first version of the post; `thread_id` the one that it answers.
    """

    action: str
    entry_id: int

    at: datetime
    recorded_at: datetime
    icon: str
    tone: str
    group: str
    actor: str
    actor_id: UUID | None
    words: str
    people: tuple[tuple[str, str], ...]
    why: str
    via: str
    post: Post | None
    post_id: UUID | None = None
    thread_id: UUID | None = None
    files: tuple[Attachment, ...] = ()
    said: tuple[Said, ...] = ()
    minor: bool = False


def incident_line(line: TimelineLine, *, zone: ZoneInfo) -> IncidentLine:
    entry = line.entry
    if entry.action in PAGE_LOOKS:
        page = line_of(entry, zone=zone)
        return IncidentLine(
            action=entry.action,
            entry_id=entry.id,
            at=line.at,
            recorded_at=entry.at,
            icon=page.icon,
            tone=page.tone,
            group="pages",
            actor=page.actor,
            actor_id=page.actor_id,
            words=page.words,
            people=page.people,
            why=page.why,
            via=page.via,
            post=None,
            minor=entry.action == "page.sent" or bool(entry.details.get("again")),
        )
    icon, tone, group, _ = LOOKS.get(entry.action, ("history", "is-idle", "state", ""))
    is_person = entry.actor_kind == ActorKind.PERSON
    return IncidentLine(
        action=entry.action,
        entry_id=entry.id,
        at=line.at,
        recorded_at=entry.at,
        icon=icon,
        tone=tone,
        group=group,
        actor=entry.actor_label,
        actor_id=entry.actor_id if is_person else None,
        words=_words(entry),
        people=tuple(
            (str(one.get("id", "")), str(one.get("name", "")))
            for one in entry.details.get("people", ())
            if isinstance(one, Mapping)
        ),
        why=_why(entry.details),
        via=VIA_WORDS.get(entry.via, entry.via) if is_person else "",
        post=line.post,
        post_id=line.post_id,
        thread_id=line.post.thread_id if line.post is not None else None,
        files=line.files,
    )


def _words(entry: Entry) -> str:
    details = entry.details
    match entry.action:
        case "incident.declared":
            service = f" of {details['service']}" if details.get("service") else ""
            return f"declared {details.get('severity', 'it')}{service}"
        case "incident.declared_again":
            return f"declared it once more, as {details.get('severity', '?')}: {details.get('text', '')}"
        case "incident.severity_changed":
            return f"changed the severity from {details.get('before', '?')} to {details.get('after', '?')}"
        case "incident.escalated":
            return f"escalated it to tier {details.get('tier', '?')}"
        case "incident.merged":
            return f"merged it into #{details.get('into', '?')}"
        case "incident.merged_from":
            return f"merged #{details.get('number', '?')} into it"
        case "incident.alerts_added":
            return "added " + ", ".join(f"alert #{number}" for number in details.get("alerts", ()))
        case "incident.role_offered":
            return f"asked for {_label(details)}:"
        case "incident.role_taken":
            return f"made {_label(details)}:"
        case "incident.role_declined":
            return f"declined to be {_label(details)}:"
        case "incident.role_unanswered":
            return f"got no answer about {_label(details)} from"
        case "incident.role_open":
            return f"found nobody else to be {_label(details)}"
        case "incident.step_done" | "incident.step_undone" | "incident.step_passed_over":
            how = {"incident.step_done": "done", "incident.step_undone": "not done after all"}
            return f"{how.get(entry.action, 'passed over')}: {details.get('label', '?')}"
        case "incident.hypothesis_settled":
            return f"{details.get('after', 'settled')}: {details.get('text', '')}"
        case "incident.hypothesis":
            return f"thinks: {details.get('text', '')}"
        case "incident.follow_up":
            return f"planned a follow-up ({str(details.get('kind', '')).lower()}): {details.get('text', '')}"
        case "incident.follow_up_settled":
            return f"{details.get('after', 'settled')}: {details.get('text', '')}"
        case "incident.moment_set":
            return f"corrected “{details.get('moment', '?')}” from {details.get('before')} to {details.get('after')}"
        case "incident.affected_set":
            return "named as affected: " + (", ".join(map(str, details.get("after", ()))) or "no other service")
        case action if action.startswith("incident.bridge_"):
            return _bridge(entry.action, details)
        case "incident.published":
            return f"published “{details.get('after', '?')}” on the status page: {details.get('text', '')}"
        case "incident.impact_set":
            return _impact(details.get("after"))
        case action if action.startswith("incident.change_"):
            effect = f" ({details['after']})" if details.get("after") else ""
            return f"{LOOKS[action][3]}, number {details.get('change', '?')}{effect}: {details.get('text', '')}"
        case "incident.chat_room_opened" | "incident.chat_room_archived" if details.get("room"):
            return f"{LOOKS[entry.action][3]}: {details['room']}"
        case "incident.told_elsewhere":
            return f"told them by other means ({_lower(details.get('item'))}): {details.get('text', '')}"
        case action if details.get("statement"):
            return f"{LOOKS[action][3]} the {_lower(details.get('item'))}: {details.get('text', '')}"
        case "incident.fallback_called" if details.get("reached_nobody"):
            return "found nobody to page, and no fallback who can be reached"
        case "incident.called" if not details.get("people"):
            return "had nobody new to page" if details.get("here") else "found nobody to page"
    if entry.action in LOOKS:
        return LOOKS[entry.action][3]
    return entry.action.replace(".", ": ").replace("_", " ")


def _bridge(action: str, details: Mapping[str, Any]) -> str:
    before, after = details.get("before") or "none", details.get("after")
    match action:
        case "incident.bridge_opened":
            ways = (details.get("bridge"), f"by phone {details['phone']}" if details.get("phone") else "")
            return "opened the bridge: " + ", ".join(str(one) for one in ways if one)
        case "incident.bridge_made":
            return f"made a meeting, which is the bridge now: {details.get('bridge', '?')}, before: {before}"
        case "incident.bridge_changed":
            return f"changed the bridge from {before} to {after}"
        case "incident.bridge_not_made":
            return f"could not make a meeting at {details.get('kind', 'its host')}"
        case "incident.bridge_yielded" | "incident.bridge_freed":
            return f"{LOOKS[action][3]}: {details.get('bridge', '?')}"
    return LOOKS[action][3] if action in LOOKS else action


def _impact(after: Any) -> str:
    found = after if isinstance(after, Mapping) else {}
    parts = [str(found.get(name) or "") for name in ("customers", "impact")]
    facing = (
        {True: "customers see it", False: "customers do not see it"}.get(bool(found["customer_facing"]), "")
        if isinstance(found.get("customer_facing"), bool)
        else ""
    )
    return "set the impact: " + ("; ".join(part for part in (*parts, facing) if part) or "nothing is known")


def _lower(label: Any) -> str:
    text = str(label or "statement")
    return text[:1].lower() + text[1:]


def _label(details: Mapping[str, Any]) -> str:
    return str(details.get("label", "a role")).lower()


def _why(details: Mapping[str, Any]) -> str:
    parts = [details.get("why")]
    missing = details.get("nobody")
    if isinstance(missing, Mapping):
        parts += [f"{role}: {why}" for role, why in missing.items()]
    here = details.get("here")
    if isinstance(here, list) and here:
        names = ", ".join(str(one.get("name", "")) for one in here if isinstance(one, Mapping))
        parts.append(f"not paged, because they know already: {names}")
    return "; ".join(str(part) for part in parts if part)
