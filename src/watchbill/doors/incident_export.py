"""The record of an incident as a file, the same through every door: Markdown, CSV or JSON. Times are UTC."""

import csv
import io
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from watchbill.domain.incidents.reads import IncidentDetail
from watchbill.doors.web.incident_words import IncidentLine, incident_line
from watchbill.ground.refusals import ChangeRefused
from watchbill.ground.text import one_line

KINDS = {
    "markdown": ("md", "text/markdown; charset=utf-8"),
    "csv": ("csv", "text/csv; charset=utf-8"),
    "json": ("json", "application/json"),
}
_UTC = ZoneInfo("UTC")
# A cell that begins like this is run as a formula by spreadsheets.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(detail: IncidentDetail, kind: str) -> str:
    """Raises ChangeRefused."""
    if kind not in KINDS:
        raise ChangeRefused("as", f"use one of {', '.join(KINDS)}")
    lines = [incident_line(line, zone=_UTC) for line in detail.timeline]
    return {"markdown": _markdown, "csv": _csv, "json": _json}[kind](detail, lines)


def _markdown(detail: IncidentDetail, lines: list[IncidentLine]) -> str:
    incident = detail.incident
    facts = [
        f"- Severity: {detail.severity.label} ({detail.severity.name})",
        f"- State: {incident.get_state_display()}",
        f"- Service: {_md(incident.service.name) if incident.service else 'none'}",
        f"- Declared: {_at(incident.declared_at)} by {_md(incident.declared_by)}",
        f"- Acknowledged: {_at(incident.acknowledged_at)}",
        f"- Mitigated: {_at(incident.mitigated_at)}",
        f"- Resolved: {_at(incident.resolved_at)}",
        *(f"- {line.label}: {_md(line.held.user.name)}" for line in detail.seats if line.held is not None),
    ]
    rows = [f"| {_at(line.at)} | {_md(line.actor)} | {_md(_what(line))} |" for line in lines]
    return "\n".join(
        [
            f"# Incident {incident.number}: {_md(incident.title)}",
            "",
            *(["DRILL", ""] if incident.drill else []),
            *facts,
            "",
            "## Timeline (UTC)",
            "",
            "| time | who | what |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _csv(_detail: IncidentDetail, lines: list[IncidentLine]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["at", "recorded_at", "group", "who", "what", "why"])
    for line in lines:
        writer.writerow(
            [
                _at(line.at),
                _at(line.recorded_at),
                line.group,
                *(_cell(text) for text in (line.actor, _what(line), line.why)),
            ]
        )
    return out.getvalue()


def _json(detail: IncidentDetail, lines: list[IncidentLine]) -> str:
    incident = detail.incident
    return json.dumps(
        {
            "number": incident.number,
            "title": incident.title,
            "severity": incident.severity,
            "state": incident.state,
            "drill": incident.drill,
            "service": incident.service.name if incident.service else None,
            "declared_at": _at(incident.declared_at),
            "timeline": [
                {
                    "at": _at(line.at),
                    "recorded_at": _at(line.recorded_at),
                    "group": line.group,
                    "who": line.actor,
                    "what": _what(line),
                    "why": line.why,
                }
                for line in lines
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


def _what(line: IncidentLine) -> str:
    people = ", ".join(name for _, name in line.people)
    words = f"{line.words} {people}".strip()
    if line.post is None:
        return words
    return f"{words}: {line.post.prefix} {line.post.text}".replace("  ", " ")


def _at(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else "not yet"


def _md(text: str) -> str:
    """In one line, and nothing in it is markup: it comes from outside."""
    clean = one_line(text)
    for sign in "\\`*_[]<>|#":
        clean = clean.replace(sign, f"\\{sign}")
    return clean


def _cell(text: str) -> str:
    clean = one_line(text)
    return f"'{clean}" if clean.startswith(_FORMULA) else clean
