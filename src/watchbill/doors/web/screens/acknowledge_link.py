"""The link in a message. Opening it changes nothing, because mail scanners open links; the button acknowledges."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from watchbill.domain.access.models import User
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.reads import alerts_of_attempt, latest_pages, pages_again_at
from watchbill.domain.incidents.reads import incidents_of_attempt
from watchbill.domain.paging.links import LinkRefused, read_token
from watchbill.doors.web.guards import open_to_all
from watchbill.doors.web.page import now_of, show, zone_named
from watchbill.doors.web.screens.alert import is_web
from watchbill.doors.web.screens.incident_link import incident_link, person_by_link
from watchbill.doors.web.wiring import wired


@open_to_all("the token in the address stands for one person and one message")
def acknowledge_link(request: HttpRequest, token: str) -> HttpResponse:
    now = now_of(request)
    try:
        link = read_token(token, secret_key=wired().secret_key, now=now)
    except LinkRefused as error:
        return show(request, "alerts/link_refused.html", {"why": str(error)}, status=410)
    person = User.objects.filter(id=link.user_id, is_active=True).first()
    alerts = alerts_of_attempt(link.attempt_id, user_id=link.user_id) if person else []
    incidents = incidents_of_attempt(link.attempt_id, user_id=link.user_id) if person else []
    if person is not None and incidents:
        return incident_link(request, person, incidents)
    if person is None or not alerts:
        why = "This link does not stand for anything any more. Sign in to see what is open."
        return show(request, "alerts/link_refused.html", {"why": why}, status=410)
    if request.method == "POST":
        _acknowledge(request, person, alerts)
        return redirect(request.path)
    lines = _lines(person, alerts)
    return show(
        request,
        "alerts/link.html",
        {
            "person": person,
            "zone": zone_named(person.time_zone),
            "lines": lines,
            "waiting": sum(line["alert"].state == "triggered" for line in lines),
            "mine": [line for line in lines if line["mine"]],
            "open": sum(line["alert"].state != "resolved" for line in lines),
        },
    )


def _lines(person: User, alerts: list[Alert]) -> list[dict[str, Any]]:
    again, pages = pages_again_at(alerts), latest_pages(alerts)
    return [
        {
            "alert": alert,
            "mine": alert.state == "acknowledged" and alert.acknowledged_by_id == person.id,
            "again_at": again.get(alert.id),
            "why": next((page.reason for page in pages[alert.id] if page.user_id == person.id), ""),
            "others": [str(page.user) for page in pages[alert.id] if page.user_id != person.id],
            "runbook": alert.service.runbook_url if is_web(alert.service.runbook_url) else "",
        }
        for alert in alerts
    ]


def _acknowledge(request: HttpRequest, person: User, alerts: list[Alert]) -> None:
    actor = person_by_link(request, person)
    for alert in alerts:
        try:
            actions.acknowledge(alert_id=alert.id, actor=actor, now=now_of(request))
        except actions.AlertResolvedAlready:
            continue  # resolved between the page and the button: the page that follows says so
