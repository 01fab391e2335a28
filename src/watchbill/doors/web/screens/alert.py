"""One alert: what happens, who knows, what comes next and when; and the buttons that change it."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from watchbill.domain.access.models import User
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.models import Alert, Event
from watchbill.domain.alerts.reads import AlertDetail, PageLine, alert_detail
from watchbill.domain.escalation.actions import RunCannotEscalate
from watchbill.domain.escalation.target_words import targets_of
from watchbill.domain.incidents.reads import incidents_about
from watchbill.domain.oncall.models import Schedule
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id, zone_of
from watchbill.doors.web.timeline import line_of
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused
from watchbill.ground.web_address import parts_of

SNOOZES = (
    (15, "15 minutes"),
    (30, "30 minutes"),
    (60, "1 hour"),
    (120, "2 hours"),
    (240, "4 hours"),
    (480, "8 hours"),
    (1440, "1 day"),
    (4320, "3 days"),
)
_BODY_SHOWN = 4_000
_DETAILS_SHOWN = 8_000


@requires("alert.read")
def alert_page(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    detail = alert_detail(alert_id, ways=wired().ways(), now=now_of(request))
    if detail is None:
        raise Http404("There is no such alert.")
    zone = zone_of(request)
    return show(
        request,
        "alerts/alert.html",
        {
            "detail": detail,
            "alert": detail.alert,
            "aware": _aware(detail.pages),
            "links": _safe_links(detail.alert),
            "facts": _facts(detail.alert),
            "custom": _pretty(detail.alert.details.get("custom_details")),
            "timeline": [line_of(entry, zone=zone) for entry in detail.timeline],
            "events": [{"event": event, "body": _body(event)} for event in detail.events],
            "snoozes": SNOOZES,
            "incidents": incidents_about(alert_id, viewer=viewer_id(request)),
            "may_declare": caller(request).may("incident.declare").allowed,
            "since": stamp_of(now_of(request)),
            **_choices(detail),
        },
    )


@require_POST
@requires("alert.acknowledge")
def acknowledge(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    try:
        alert = actions.acknowledge(alert_id=alert_id, actor=actor_of(request), now=now_of(request))
    except (actions.AlertUnknown, actions.AlertResolvedAlready) as error:
        messages.error(request, str(error))
    else:
        mine = alert.acknowledged_by_id == getattr(request.user, "id", None)
        if mine:
            messages.success(request, f"You have #{alert.number}. Paging has stopped.")
        else:
            messages.info(request, f"{alert.acknowledged_by} has #{alert.number} already.")
    return _back(request, alert_id)


@require_POST
@requires("alert.resolve")
def resolve(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    try:
        alert = actions.resolve(alert_id=alert_id, actor=actor_of(request), now=now_of(request))
    except actions.AlertUnknown as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"#{alert.number} is resolved.")
    return _back(request, alert_id)


@require_POST
@requires("alert.snooze")
def snooze(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    now = now_of(request)
    text = request.POST.get("minutes", "")
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    try:
        alert = actions.snooze(
            alert_id=alert_id, until=now + timedelta(minutes=minutes), actor=actor_of(request), now=now
        )
    except (actions.AlertUnknown, actions.AlertResolvedAlready, actions.SnoozeRefused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"#{alert.number} is snoozed; it pages again when the snooze ends.")
    return _back(request, alert_id)


@require_POST
@requires("alert.escalate")
def escalate(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    try:
        alert = actions.escalate(alert_id=alert_id, actor=actor_of(request), now=now_of(request))
    except (actions.AlertUnknown, actions.AlertResolvedAlready, RunCannotEscalate) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"#{alert.number}: the next level is being paged.")
    return _back(request, alert_id)


@require_POST
@requires("alert.reassign")
def reassign(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    try:
        targets = targets_of([text for text in request.POST.getlist("target") if text])
        alert = actions.reassign(alert_id=alert_id, targets=targets, actor=actor_of(request), now=now_of(request))
    except (actions.AlertUnknown, actions.AlertResolvedAlready, actions.ReassignmentRefused, ChangeRefused) as error:
        messages.error(request, str(error))
    else:
        words = ", ".join(target.words for target in targets)
        messages.success(request, f"#{alert.number} now pages {words}.")
    return _back(request, alert_id)


def _back(request: HttpRequest, alert_id: UUID) -> HttpResponseRedirect:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return HttpResponseRedirect(wanted if wanted and safe else f"/alerts/{alert_id}")


def _choices(detail: AlertDetail) -> dict[str, Any]:
    if detail.alert.state == "resolved":
        return {}
    return {
        "people": User.objects.filter(is_active=True).exclude(role="stakeholder").order_by("name").only("id", "name"),
        "schedules": Schedule.objects.filter(archived_at=None).order_by("name").only("id", "name"),
    }


def _aware(pages: tuple[PageLine, ...]) -> list[dict[str, Any]]:
    """Each person once, with the newest page: who else knows."""
    newest: dict[UUID, PageLine] = {}
    for page in pages:
        newest[page.person_id] = page
    return [
        {
            "id": page.person_id,
            "name": page.person,
            "at": page.created_at,
            "answered": page.is_answered,
            "sent_to": ", ".join(page.sent_to),
        }
        for page in newest.values()
    ]


def _safe_links(alert: Alert) -> list[dict[str, str]]:
    """Only web addresses: anything else in an alert could be a script."""
    found = []
    if alert.service.runbook_url:
        found.append({"address": alert.service.runbook_url, "text": "Runbook"})
    for link in alert.links if isinstance(alert.links, list) else []:
        if isinstance(link, dict):
            address = str(link.get("href", ""))
            found.append({"address": address, "text": str(link.get("text") or address)[:80]})
    client = alert.details.get("client_url")
    if client:
        found.append({"address": str(client), "text": str(alert.details.get("client") or "Source")[:80]})
    return [link for link in found if is_web(link["address"])]


def is_web(address: str) -> bool:
    """Fit to be a link: has a host and cannot run."""
    try:
        parts = parts_of(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _facts(alert: Alert) -> list[tuple[str, str]]:
    names = (("Component", "component"), ("Group", "group"), ("Class", "class"))
    rows = [("Source", alert.source), *((label, str(alert.details.get(name) or "")) for label, name in names)]
    return [(label, value) for label, value in rows if value]


def _pretty(value: Any) -> str:
    if value in (None, "", {}, []):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return _cut(text, _DETAILS_SHOWN)


def _body(event: Event) -> str:
    raw = bytes(event.body)
    try:
        return _cut(json.dumps(json.loads(raw), indent=2, ensure_ascii=False), _BODY_SHOWN)
    except (ValueError, RecursionError):
        return _cut(raw.decode("utf-8", "replace"), _BODY_SHOWN)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + f"\n… and {len(text) - most} characters more"
