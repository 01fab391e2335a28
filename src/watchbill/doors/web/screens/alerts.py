"""The list of alerts: filters and a search in the address, so that every view of it can be sent to somebody."""

from dataclasses import asdict
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from watchbill.domain.alerts.listing import AlertFilter, CursorRefused, Listing, count_open, list_alerts
from watchbill.domain.alerts.models import Severity
from watchbill.domain.services.models import Service
from watchbill.doors.web.guards import requires
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.page import now_of, show

STATUSES = (
    ("open", "Open"),
    ("triggered", "Triggered"),
    ("acknowledged", "Acknowledged"),
    ("resolved", "Resolved"),
    ("all", "All"),
)
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
            "since": stamp_of(now_of(request)),
        },
    )


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
