"""Go anywhere: what the palette shows as one types, and a page of its own where there is no script."""

from django.http import HttpRequest, HttpResponse

from watchbill.domain.access.models import User
from watchbill.domain.alerts.listing import AlertFilter, list_alerts
from watchbill.domain.oncall.watch import everybody_on_watch
from watchbill.domain.services.models import Service
from watchbill.doors.web.guards import requires
from watchbill.doors.web.page import RAIL, now_of, show

_EACH = 5
_MORE = (
    ("/explain", "explain", "Who would be paged"),
    ("/alerts?status=all", "alerts", "All alerts"),
)


@requires("alert.read")
def go(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").replace("\0", "").strip()[:100]
    return show(request, "go.html", {"query": query, "found": _found(request, query)})


def _found(request: HttpRequest, query: str) -> list[dict[str, str]]:
    wanted = query.lower()
    screens = [(address, icon, name) for address, icon, name, _ in RAIL] + list(_MORE)
    found = [
        {"address": address, "icon": icon, "label": name, "note": "screen"}
        for address, icon, name in screens
        if wanted in name.lower()
    ]
    if not query:
        return found
    for watch in everybody_on_watch(now=now_of(request)):
        if wanted in watch.schedule_name.lower():
            who = ", ".join(str(user) for user in watch.people) or "nobody"
            found.append(_one(f"/schedules/{watch.schedule_id}", "oncall", watch.schedule_name, f"on call: {who}"))
    for service in Service.objects.filter(archived_at=None, name__icontains=query).order_by("name")[:_EACH]:
        found.append(_one(f"/services/{service.id}", "services", service.name, "service"))
        found.append(_one(f"/explain?service={service.id}", "explain", f"Who is paged for {service.name}", "explain"))
    for user in User.objects.filter(is_active=True, name__icontains=query).order_by("name")[:_EACH]:
        found.append(_one(f"/people/{user.id}", "people", str(user), "person"))
    for alert in list_alerts(AlertFilter(status="all", query=query), limit=_EACH).alerts:
        found.append(_one(f"/alerts/{alert.id}", "alerts", f"#{alert.number} {alert.summary[:80]}", alert.state))
    return found


def _one(address: str, icon: str, label: str, note: str) -> dict[str, str]:
    return {"address": address, "icon": icon, "label": label, "note": note}
