"""The record of an incident as a file, the same through every door: Markdown, CSV or JSON, or all with its files (ZIP).

Times are UTC.
"""

import csv
import io
import json
import zipfile
from datetime import UTC
from zoneinfo import ZoneInfo

from watchbill.domain.incidents.attachment_reads import content_of
from watchbill.domain.incidents.models import Attachment
from watchbill.domain.incidents.reads import IncidentDetail
from watchbill.doors.incident_document import at, document, what
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
    return document(detail, lines, files=_files(detail))


def _csv(_detail: IncidentDetail, lines: list[IncidentLine]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["at", "recorded_at", "group", "who", "what", "why", "post", "answers"])
    for line in lines:
        writer.writerow(
            [
                at(line.at),
                at(line.recorded_at),
                line.group,
                *(_cell(text) for text in (line.actor, what(line), line.why)),
                line.post_id or "",
                line.thread_id or "",
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
            "declared_at": at(incident.declared_at),
            "timeline": [
                {
                    "at": at(line.at),
                    "recorded_at": at(line.recorded_at),
                    "group": line.group,
                    "who": line.actor,
                    "what": what(line),
                    "why": line.why,
                    "post": str(line.post_id) if line.post_id else None,
                    "answers": str(line.thread_id) if line.thread_id else None,
                }
                for line in lines
            ],
            "files": [
                {
                    "at": at(one.added_at),
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


def _cell(text: str) -> str:
    clean = one_line(text)
    return f"'{clean}" if clean.startswith(_FORMULA) else clean
