"""The record of an incident as one Markdown document: what it was, what was done, what is left. Times are UTC."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from watchbill.domain.incidents.models import Attachment, FollowUp, FollowUpKind, ProductionChange, Seat
from watchbill.domain.incidents.process_followed import role_label
from watchbill.domain.incidents.reads import IncidentDetail
from watchbill.doors.web.incident_words import IncidentLine
from watchbill.ground.text import block, one_line

_MARKUP = "\\`*_[]<>|#"


def document(detail: IncidentDetail, lines: Sequence[IncidentLine], *, files: Sequence[Attachment]) -> str:
    incident = detail.incident
    return "\n".join(
        [
            f"# Incident {incident.number}: {md(incident.title)}",
            "",
            *(["DRILL", ""] if incident.drill else []),
            *_head(detail),
            "",
            *_section("Moments", ["moment", "time"], _moments(detail)),
            *_section("Roles", ["role", "who", "from", "until"], _roles(detail)),
            *_summary(detail),
            *_section("Timeline (UTC)", ["time", "who", "what", "why"], [_line(one) for one in nested(lines)]),
            *_section("Changes", ["number", "what", "where", "way back", "what became of it"], _changes(detail)),
            *_section("Action items", ["kind", "what", "who", "due", "state"], _follow_ups(detail)),
            *_section("Files", ["time", "who", "name", "bytes", "shows", "SHA-256"], [_file(one) for one in files]),
        ]
    )


def nested(lines: Sequence[IncidentLine]) -> list[IncidentLine]:
    """Answers stand behind what they answer, in their order."""
    said = {line.post_id for line in lines if line.post_id is not None and line.thread_id is None}
    answers: dict[object, list[IncidentLine]] = {}
    for line in lines:
        if line.thread_id in said:
            answers.setdefault(line.thread_id, []).append(line)
    found: list[IncidentLine] = []
    for line in lines:
        if line.thread_id not in said:
            found += [line, *answers.pop(line.post_id, [])]
    return found


def what(line: IncidentLine) -> str:
    people = ", ".join(name for _, name in line.people)
    words = f"{line.words} {people}".strip()
    if line.post is None:
        return words
    files = f" [{', '.join(one.name for one in line.files)}]" if line.files else ""
    return f"{words}: {line.post.prefix} {line.post.text}{files}".replace("  ", " ")


def at(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else "not yet"


def md(text: str) -> str:
    """In one line, and nothing in it is markup: it comes from outside."""
    return _escaped(one_line(text))


def _escaped(text: str) -> str:
    for sign in _MARKUP:
        text = text.replace(sign, f"\\{sign}")
    return text


def _head(detail: IncidentDetail) -> list[str]:
    incident = detail.incident
    affected = ", ".join(md(one.name) for one in detail.affected)
    began, over = incident.started_at or incident.detected_at or incident.declared_at, incident.resolved_at
    facing = {True: "yes", False: "no", None: "not known"}[incident.customer_facing]
    return [
        f"- Severity: {md(detail.severity.label)} ({md(detail.severity.name)})",
        f"- State: {incident.get_state_display()}",
        f"- Service: {md(incident.service.name) if incident.service else 'none'}",
        *([f"- Also affected: {affected}"] if affected else []),
        f"- Impact: {md(incident.customer_impact) or 'not written down'}",
        f"- Customers see it: {facing}",
        *([f"- Customers: {md(incident.customers_affected)}"] if incident.customers_affected else []),
        f"- Duration: {_length(began, over)}" if over else "- Duration: it goes on",
        *([f"- Harm to customers: {_length(began, incident.mitigated_at)}"] if incident.mitigated_at else []),
        f"- Declared by: {md(incident.declared_by)}",
        *(f"- {md(line.label)}: {md(line.held.user.name)}" for line in detail.seats if line.held is not None),
    ]


def _length(start: datetime, end: datetime) -> str:
    seconds = max(0, int((end - start).total_seconds()))
    return f"{seconds // 3600} h {seconds // 60 % 60} min {seconds % 60} s ({at(start)} to {at(end)})"


def _moments(detail: IncidentDetail) -> list[list[str]]:
    incident = detail.incident
    known = [("Impact began", incident.started_at), ("Detected", incident.detected_at)]
    again = [("Reopened", incident.reopened_at)] if incident.reopened_at else []
    return [
        *([label, at(moment)] for label, moment in known if moment),
        ["Declared", at(incident.declared_at)],
        *([label, at(moment)] for label, moment in again),
        ["Acknowledged", at(incident.acknowledged_at)],
        ["Mitigated", at(incident.mitigated_at)],
        ["Resolved", at(incident.resolved_at)],
        ["Closed", at(incident.closed_at)],
    ]


def _roles(detail: IncidentDetail) -> list[list[str]]:
    """Everybody who ever had one."""
    held = Seat.objects.filter(incident=detail.incident).exclude(held_at=None).select_related("user")
    return [
        [
            md(role_label(detail.incident, seat.role)),
            md(seat.user.name),
            at(seat.held_at),
            at(seat.ended_at) if seat.ended_at else "",
        ]
        for seat in held.order_by("held_at")
    ]


def _summary(detail: IncidentDetail) -> list[str]:
    texts = [one.text for one in detail.follow_ups if one.kind == FollowUpKind.SUMMARY]
    return ["## Summary", "", *(_escaped(line) for line in block(texts[0]).splitlines()), ""] if texts else []


def _line(line: IncidentLine) -> list[str]:
    mark = "↳ " if line.thread_id is not None else ""
    return [at(line.at), md(line.actor), f"{mark}{md(what(line))}", md(line.why)]


def _changes(detail: IncidentDetail) -> list[list[str]]:
    return [[str(one.number), md(one.what), md(one.where), md(one.rollback), _fate(one)] for one in detail.changes]


def _fate(one: ProductionChange) -> str:
    parts = [f"proposed by {one.proposed_by} {at(one.proposed_at)}"]
    if one.decided_at:
        parts.append(f"decided by {one.decided_by} {at(one.decided_at)}{f' ({one.why})' if one.why else ''}")
    if one.applied_at:
        parts.append(f"applied by {one.applied_by} {at(one.applied_at)}")
    if one.effect_at:
        parts.append(f"effect noted {at(one.effect_at)}{f' ({one.effect})' if one.effect else ''}")
    if one.rolled_back_at:
        parts.append(f"rolled back {at(one.rolled_back_at)}")
    return md(f"{one.get_state_display()}: {'; '.join(parts)}")


def _follow_ups(detail: IncidentDetail) -> list[list[str]]:
    return [_follow_up(one) for one in detail.follow_ups if one.kind != FollowUpKind.SUMMARY]


def _follow_up(one: FollowUp) -> list[str]:
    owner = md(one.owner.name) if one.owner else "nobody yet"
    state = f"{one.get_state_display()}{f' ({one.why})' if one.why else ''}"
    return [one.get_kind_display(), md(one.text), owner, at(one.due_at) if one.due_at else "", md(state)]


def _file(one: Attachment) -> list[str]:
    return [at(one.added_at), md(one.added_by), md(one.name), str(one.size), md(one.alt), one.sha256]


def _section(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    held = list(rows)
    if not held:
        return []
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return [f"## {title}", "", *head, *(f"| {' | '.join(row)} |" for row in held), ""]
