"""Ask monitoring whether an incident is over, and read what it answered."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.reads import visible_to
from watchbill.domain.verification.actions import verify as ask_monitoring
from watchbill.domain.verification.reads import standing_of
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.incident_out import incident_id, viewer_of
from watchbill.doors.api.values import InstantOut, Name, Output
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired

router = Router(tags=["incidents"])


class SeriesOut(Output):
    """`value` is text, because it may be NaN or +Inf."""

    labels: str
    value: str


class CheckResultOut(Output):
    """`verdict`: waiting, healthy, unhealthy, no-data, refused (the query is at fault) or unanswered."""

    service: str
    check: str
    query: str
    healthy_when: str
    unit: str
    verdict: str
    words: str
    series: list[SeriesOut]
    measured_at: InstantOut | None


class VerificationOut(Output):
    """`state`: never, asked (the answers are still to come), healthy, unhealthy or unanswered.

    `checks` counts what would be asked now; `unwatched`: services without a check; `firing`: alerts that are open.
    """

    state: str
    asked_at: InstantOut | None
    asked_by: str
    finished_at: InstantOut | None
    results: list[CheckResultOut]
    checks: int
    unwatched: list[str]
    firing: list[int]
    firing_count: int


@router.post("/{incident}/verify", response={202: VerificationOut}, summary="Ask monitoring whether it is over")
@requires("incident.respond")
def verify(request: HttpRequest, incident: Name) -> Status[VerificationOut]:
    """All checks of its services are asked; when all are healthy, the step `resolve/verify` is done."""
    found = incident_id(request, incident)
    ask_monitoring(incident_id=found, has_source=wired().has_metrics, actor=caller(request).actor, now=now_of(request))
    return Status(202, _out(_incident(request, found)))


@router.get("/{incident}/verification", response=VerificationOut, summary="Read what monitoring answered last")
@requires("incident.read")
def verification(request: HttpRequest, incident: Name) -> VerificationOut:
    return _out(_incident(request, incident_id(request, incident)))


def _incident(request: HttpRequest, found: UUID) -> Incident:
    return visible_to(viewer_of(request)).get(id=found)


def _out(incident: Incident) -> VerificationOut:
    standing = standing_of(incident)
    latest = standing.latest
    return VerificationOut(
        state=str(latest.state) if latest else "never",
        asked_at=latest.asked_at if latest else None,
        asked_by=latest.asked_by if latest else "",
        finished_at=latest.finished_at if latest else None,
        results=[
            CheckResultOut(
                service=one.service,
                check=one.name,
                query=one.query,
                healthy_when=one.healthy_when,
                unit=one.unit,
                verdict=str(one.verdict),
                words=one.words,
                series=[SeriesOut(labels=labels, value=value) for labels, value in one.series],
                measured_at=one.measured_at,
            )
            for one in standing.results
        ],
        checks=standing.checks,
        unwatched=[service.name for service in standing.unwatched],
        firing=[alert.number for alert in standing.firing],
        firing_count=standing.firing_count,
    )
