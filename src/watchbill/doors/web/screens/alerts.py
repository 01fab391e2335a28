"""The list of alerts: filters and a search in the address, so that every view of it can be sent to somebody."""

from dataclasses import asdict
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from watchbill.domain.alerts import actions
from watchbill.domain.alerts.listing import AlertFilter, CursorRefused, Listing, count_open, list_alerts
from watchbill.domain.alerts.models import AlertState, Severity
from watchbill.domain.services.models import Service
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id

STATUSES = (
    ("open", "Open"),
    ("triggered", "Triggered"),
    ("acknowledged", "Acknowledged"),
    ("resolved", "Resolved"),
    ("all", "All"),
)
_PICKED_MAX, _TOLD_MAX = 200, 3
URGENCIES = (("high", "High"), ("low", "Low"))


@requires("alert.read")
def alert_list(request: HttpRequest) -> HttpResponse:

    wanted = filter_of(request)
    try:
        listing = list_alerts(wanted, after=request.GET.get("after", ""))
    except CursorRefused:
        listing = list_alerts(wanted)
    return show(
        request,
        "alerts/list.html",
        {
            "listing": listing,
            "filter": wanted,
            "is_narrowed": wanted != AlertFilter(status=wanted.status),
            "statuses": STATUSES,
            "severities": Severity.choices,
            "urgencies": URGENCIES,
            "services": Service.objects.filter(archived_at=None).order_by("name").only("id", "name"),
            "counts": count_open(),
            "older": _address(wanted, listing),
            "first": f"/alerts?{_query(wanted)}" if request.GET.get("after") else "",
            "may_acknowledge": caller(request).may("alert.acknowledge").allowed,
            "can_pick": sum(
                alert.state == AlertState.TRIGGERED and not alert.suppressed_by_id for alert in listing.alerts
            ),
            "since": stamp_of(now_of(request)),
        },
    )


@require_POST
@requires("alert.acknowledge")
def acknowledge_several(request: HttpRequest) -> HttpResponse:
    """Each by itself: one that somebody has already, or that is over, keeps none of the others waiting."""
    named = request.POST.getlist("listed" if request.POST.get("all") == "yes" else "alert")
    ids = dict.fromkeys(found for text in named[:_PICKED_MAX] if (found := _uuid(text)))
    mine, others = 0, []
    for alert_id in ids:
        try:
            alert = actions.acknowledge(alert_id=alert_id, actor=actor_of(request), now=now_of(request))
        except (actions.AlertUnknown, actions.AlertResolvedAlready) as error:
            others.append(str(error))
            continue
        if alert.acknowledged_by_id == viewer_id(request):
            mine += 1
        else:
            others.append(f"{alert.acknowledged_by} has #{alert.number} already")
    if mine:
        messages.success(request, f"You have {mine} alert{'s' if mine > 1 else ''}. Their paging has stopped.")
    if others:
        messages.info(request, f"{'; '.join(others[:_TOLD_MAX])}{' and more' if len(others) > _TOLD_MAX else ''}.")
    if not ids:
        messages.info(request, "Nothing was ticked: tick the alerts that you take, or take all on the page.")
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    return wanted if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/alerts"


def filter_of(request: HttpRequest) -> AlertFilter:
    """What makes no sense is left out: an address typed by hand shows more, never an error."""
    asked = request.GET
    status = asked.get("status", "open")
    severity = asked.get("severity", "")
    urgency = asked.get("urgency", "")
    return AlertFilter(
        status=status if status in dict(STATUSES) else "open",
        service=_uuid(asked.get("service", "")),
        urgency=urgency if urgency in dict(URGENCIES) else "",
        severity=severity if severity in Severity.values else "",
        query=asked.get("q", "").replace("\0", "").strip()[:200],
    )


def _address(wanted: AlertFilter, listing: Listing) -> str:
    if not listing.next_cursor:
        return ""
    return f"/alerts?{_query(wanted)}&{urlencode({'after': listing.next_cursor})}"


def _query(wanted: AlertFilter) -> str:
    values = asdict(wanted)
    values["q"] = values.pop("query")
    return urlencode({name: value for name, value in values.items() if value})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
