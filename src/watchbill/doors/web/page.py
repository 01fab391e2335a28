"""How a screen becomes an answer: the time is read once, the zone is the reader's, the rail knows where we are."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents.looking_reads import unread_open
from watchbill.doors.moment import now_of as now_of  # screens take it from here, with the rest of what a page needs
from watchbill.doors.web.guards import caller

# The rail: address, icon, name, and whether the bar under the thumb has room for it.
RAIL: tuple[tuple[str, str, str, bool], ...] = (
    ("/", "now", "Now", True),
    ("/alerts", "alerts", "Alerts", True),
    ("/incidents", "incident", "Incidents", True),
    ("/schedules", "oncall", "On-call", True),
    ("/services", "services", "Services", False),
    ("/status-page", "globe", "Status page", False),
    ("/policies", "policies", "Policies", False),
    ("/people", "people", "People", False),
    ("/explain", "explain", "Explain", False),
    ("/admin", "admin", "Admin", False),
    ("/me", "me", "Me", True),
)
UTC_ZONE = ZoneInfo("UTC")


def zone_of(request: HttpRequest) -> ZoneInfo:
    return zone_named(getattr(request.user, "time_zone", "UTC"))


def zone_named(name: str) -> ZoneInfo:
    """UTC where the name is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC_ZONE


def viewer_id(request: HttpRequest) -> UUID:
    if not request.user.is_authenticated:
        raise PermissionError("nobody is signed in: the guard of this view is missing")
    return request.user.id


def actor_of(request: HttpRequest) -> Actor:
    return caller(request).actor


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame around every screen needs."""
    return {
        "now": now_of(request),
        "zone": zone_of(request),
        # A part that is fetched again shows no notes: it would use up those of the page that comes next.
        "is_part": "HX-Request" in request.headers,
        "rail": [
            {
                "address": address,
                "icon": icon,
                "name": name,
                "in_bar": in_bar,
                "current": _is_current(request, address),
                "new": _new(request) if address == "/incidents" else 0,
            }
            for address, icon, name, in_bar in RAIL
        ],
        "viewer": request.user,
    }


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    values = {**frame(request), **(context or {})}
    return HttpResponse(render_to_string(template, values, request=request), status=status)


def _new(request: HttpRequest) -> int:
    """How many open incidents have something that this person has not seen; counted once for a page."""
    if not request.user.is_authenticated or "HX-Request" in request.headers:
        return 0
    held: int | None = getattr(request, "watchbill_new", None)
    if held is None:
        held = unread_open(request.user.id)
        request.watchbill_new = held  # type: ignore[attr-defined]  # Django's request carries what a page needs
    return held


def _is_current(request: HttpRequest, address: str) -> bool:
    if address == "/":
        return request.path == "/"
    sections = (address, "/teams") if address == "/people" else (address,)
    return any(request.path == one or request.path.startswith(one + "/") for one in sections)
