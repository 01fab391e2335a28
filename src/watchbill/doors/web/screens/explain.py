"""Who would be paged, when, on which device, and why: the engine's own calculation, drawn with time downwards."""

from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from watchbill.domain.escalation.explain import Ladder
from watchbill.domain.escalation.rules import duration_words
from watchbill.domain.incidents.reads import explain_severity
from watchbill.domain.process.reads import running
from watchbill.domain.services.explain import explain
from watchbill.domain.services.models import Service
from watchbill.doors.web.forms import local_input
from watchbill.doors.web.guards import requires
from watchbill.doors.web.page import now_of, show, zone_of
from watchbill.doors.web.wiring import wired
from watchbill.ground.local_time import instant_of


@requires("policy.read")
def explain_page(request: HttpRequest) -> HttpResponse:
    zone, now = zone_of(request), now_of(request)
    asked = request.GET
    urgency = "low" if asked.get("urgency") == "low" else "high"
    at, wrong = now, ""
    if asked.get("at", "").strip():
        try:
            wall = datetime.fromisoformat(asked["at"].strip())
            at = wall if wall.tzinfo else instant_of(wall, zone)
        except (ValueError, OverflowError):
            wrong = "That is not a date and time; write it like 2026-12-24T18:00."
    service = _service(asked.get("service", ""))
    found = None
    if service is not None and not wrong:
        found = explain(service, urgency=urgency, at=at, ways=wired().ways())
    return show(
        request,
        "explain/explain.html",
        {
            "services": Service.objects.filter(archived_at=None).order_by("name").only("id", "name"),
            "service": service,
            "urgency": urgency,
            "at": at,
            "at_typed": asked.get("at") or local_input(now, zone=zone),
            "wrong": wrong,
            "ladder": found and found.ladder,
            "maintenance_until": found and found.maintenance_until,
            "rounds": _rounds(found.ladder) if found else [],
            "severities": [
                {"severity": one, "ladder": explain_severity(service, one, at=at, ways=wired().ways())}
                for one in running().severities
            ]
            if service is not None and found
            else [],
        },
    )


def _service(text: str) -> Service | None:
    rows = Service.objects.filter(archived_at=None).select_related("policy__current_version__policy", "team")
    try:
        return rows.filter(id=UUID(text)).first()
    except ValueError:
        return None


def _rounds(ladder: Ladder) -> list[dict[str, object]]:
    """Round by round, the fallback at the end; a round that pages the same people as the one before it is folded."""
    rounds: list[dict[str, object]] = []
    seen: object = None
    for (is_fallback, cycle), rows in groupby(_steps(ladder), key=lambda row: (not row["level"], row["cycle"])):
        steps = list(rows)
        pages = [
            [[(person["name"], person["devices"]) for person in target["people"]] for target in row["targets"]]
            for row in steps
        ]
        rounds.append({"steps": steps, "number": cycle + 1, "is_same": pages == seen and not is_fallback})
        seen = pages
    return rounds


def _steps(ladder: Ladder) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    for step in ladder.steps:
        after = step.at - ladder.starts_at
        steps.append(
            {
                "step": step,
                "level": step.level,
                "cycle": step.cycle,
                "after": f"+{duration_words(int(after.total_seconds()))}" if after else "at once",
                "reaches": any(target.people for target in step.targets),
                "targets": [
                    {
                        "words": target.words,
                        "nobody": target.nobody,
                        "people": [
                            {
                                "name": person.name or person.email,
                                "reason": person.reason,
                                "devices": [
                                    {
                                        "after": f"+{duration_words(one.after_seconds)}"
                                        if one.after_seconds
                                        else "at once",
                                        "contact": one.contact,
                                        "kind": one.kind,
                                        "rule": one.rule,
                                    }
                                    for one in person.deliveries
                                ],
                            }
                            for person in target.people
                        ],
                    }
                    for target in step.targets
                ],
            }
        )
    return steps
