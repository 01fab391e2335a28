"""The record of an incident as a file, the same through every door: Markdown, CSV or JSON, or all with its files (ZIP).

Times are UTC.
"""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from watchbill.domain.incidents.attachment_reads import content_of
from watchbill.domain.incidents.models import Attachment
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


def export_zip(detail: IncidentDetail) -> bytes:
    """The record in every form, and the files in a folder of their own, each named with when it came."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, (ending, _) in KINDS.items():
            archive.writestr(f"timeline.{ending}", export(detail, kind))
        for number, one in enumerate(_files(detail), start=1):
            archive.writestr(_inside(number, one), content_of(one))
    return out.getvalue()


def _inside(number: int, one: Attachment) -> str:
    return f"files/{number:03}-{one.added_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{one.name}"


def _files(detail: IncidentDetail) -> list[Attachment]:
    return sorted(
        (one for line in detail.timeline for one in line.files),
        key=lambda one: (one.added_at, one.post_id, one.position),
    )


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
            *_markdown_files(detail),
        ]
    )


def _markdown_files(detail: IncidentDetail) -> list[str]:
    files = _files(detail)
    if not files:
        return []
    rows = [
        f"| {_at(one.added_at)} | {_md(one.added_by)} | {_md(one.name)} | {one.size} | {_md(one.alt)} | {one.sha256} |"
        for one in files
    ]
    return [
        "## Files",
        "",
        "| time | who | name | bytes | shows | SHA-256 |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


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
            "files": [
                {
                    "at": _at(one.added_at),
                    "who": one.added_by,
                    "name": one.name,
                    "content_type": one.content_type,
                    "size": one.size,
                    "sha256": one.sha256,
                    "alt": one.alt,
                }
                for one in _files(detail)
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
    files = f" [{', '.join(one.name for one in line.files)}]" if line.files else ""
    return f"{words}: {line.post.prefix} {line.post.text}{files}".replace("  ", " ")


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
