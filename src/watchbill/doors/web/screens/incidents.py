"""All incidents, by phase and severity; and the form that declares one in ten seconds."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.standing_reads import tally
from watchbill.domain.incidents import actions
from watchbill.domain.incidents.models import UNRESOLVED, Incident
from watchbill.domain.incidents.process_followed import called_words, process_of
from watchbill.domain.incidents.reads import IncidentFilter, list_incidents
from watchbill.domain.incidents.severity_help import (
    Suggestion,
    customer_choices,
    definitions,
    example_choices,
    suggest,
)
from watchbill.domain.oncall.watch import everybody_on_watch
from watchbill.domain.process.reads import running
from watchbill.domain.services.models import Service
from watchbill.domain.services.unfilled_roles import unfilled_roles
from watchbill.doors.web.forms import posted, posted_id
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.incident_cards import Card, cards_of
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused

_STATUSES = (("open", "Open"), ("ended", "Ended"), ("all", "All"))
_ALERTS_MAX = 50
_WALL_MAX = 12


@requires("incident.read")
def board(request: HttpRequest) -> HttpResponse:
    """Open ones stand in their phase, the worst first; `wall`: for a screen that nobody touches."""
    now = now_of(request)
    status = request.GET.get("status", "open")
    wanted = IncidentFilter(status=status if status in dict(_STATUSES) else "open")
    cards = cards_of(list_incidents(wanted, viewer=viewer_id(request)), viewer=viewer_id(request), now=now)
    if "wall" in request.GET:
        return _wall(request, cards)
    return show(
        request,
        "incidents/board.html",
        {
            "status": wanted.status,
            "statuses": _STATUSES,
            "cards": cards,
            "columns": _columns(cards) if wanted.status == "open" else [],
            "severities": running().severities,
            "may_declare": caller(request).may("incident.declare").allowed,
            "since": stamp_of(now),
        },
    )


def _wall(request: HttpRequest, cards: Sequence[Card]) -> HttpResponse:
    """What is open by severity, the time, and who is on call: to be read from across the room."""
    now = now_of(request)
    open_ones = [card for card in cards if card.incident.state in UNRESOLVED]
    return show(
        request,
        "incidents/wall.html",
        {
            "cards": open_ones[:_WALL_MAX],
            "left": len(open_ones[_WALL_MAX:]),
            "watches": everybody_on_watch(now=now),
            "tally": tally(),
            "since": stamp_of(now),
        },
    )


def _columns(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """One per phase of the running process; what follows an older process with other phases stands in the first."""
    phases = running().war_room.workflow
    known = {phase.id for phase in phases}
    return [
        {
            "label": phase.label,
            "cards": [
                card
                for card in cards
                if card.incident.phase == phase.id or (index == 0 and card.incident.phase not in known)
            ],
        }
        for index, phase in enumerate(phases)
    ]


@requires("incident.declare")
def declare(request: HttpRequest) -> HttpResponse:
    if request.method != "POST" or posted(request, "do") == "suggest":
        return _form(request)
    try:
        service_id = posted_id(request, "service")
    except ChangeRefused as refused:
        return _form(request, refused=refused)
    wanted = actions.Declaration(
        title=posted(request, "title"),
        severity=posted(request, "severity"),
        service_id=service_id,
        alert_ids=_alert_ids(request.POST.getlist("alert")),
        restricted=posted(request, "restricted") == "yes",
        drill=posted(request, "drill") == "yes",
        summary=posted(request, "summary"),
    )
    if not wanted.severity:
        return _form(request, refused=ChangeRefused("severity", "choose a severity; when in doubt, the higher"))
    try:
        made = actions.declare(wanted, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return _form(request, refused=refused)
    number = made.incident.number
    if made.joined:
        messages.info(request, f"Incident #{number} is about this already: you joined it.")
    else:
        messages.success(request, f"Incident #{number} is declared. {called_words(made.incident)}")
    return HttpResponseRedirect(f"/incidents/{number}")


def _form(request: HttpRequest, *, refused: ChangeRefused | None = None) -> HttpResponse:
    process = running()
    given = request.POST if request.method == "POST" else request.GET
    alerts = list(Alert.objects.filter(id__in=_alert_ids(given.getlist("alert"))).select_related("service"))
    title = given.get("title") if "title" in given else (alerts[0].summary[: actions.TITLE_MAX] if alerts else "")
    service = given.get("service", "") or (str(alerts[0].service_id) if alerts else "")
    suggested, unclear = _suggestion(given)
    refused = refused or unclear
    return show(
        request,
        "incidents/declare.html",
        {
            "title_typed": title,
            "summary_typed": given.get("summary", ""),
            "service_chosen": service,
            "severity_chosen": suggested.severity.id if suggested else given.get("severity", ""),
            "restricted": given.get("restricted") == "yes",
            "drill": given.get("drill") == "yes",
            "alerts": alerts,
            "suggested": suggested,
            "severities": definitions(
                process, empty={one.role for one in unfilled_roles(process) if one.team_id is None}
            ),
            "customers": customer_choices(process),
            "examples": example_choices(process),
            "asked": {"customers": given.get("customers", ""), "holds": given.getlist("holds")},
            "nothing_answered": posted(request, "do") == "suggest" and suggested is None and not refused,
            "services": Service.objects.filter(archived_at=None).order_by("name").only("id", "name"),
            "refused": refused,
        },
        status=422 if refused else 200,
    )


def _suggestion(given: QueryDict) -> tuple[Suggestion | None, ChangeRefused | None]:
    """An answer that is none of the choices says nothing, and that."""
    holds = [one for one in given.getlist("holds") if one]
    try:
        return suggest(running(), customers=given.get("customers", ""), holds=holds), None
    except ChangeRefused as refused:
        return None, refused


def _alert_ids(texts: Sequence[str]) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(found for text in texts[:_ALERTS_MAX] if (found := uuid_in(text))))


def severities_of(incident: Incident) -> list[tuple[str, str]]:
    return [(one.id, f"{one.label} {one.name}") for one in process_of(incident).severities]
