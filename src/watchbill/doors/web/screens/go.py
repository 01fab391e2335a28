"""Go anywhere and do what is done most: what the palette shows as one types, and a page where there is no script."""

import re
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from watchbill.domain.access.models import User
from watchbill.domain.alerts.listing import AlertFilter, list_alerts, paged_to
from watchbill.domain.alerts.models import Alert
from watchbill.domain.incidents.reads import IncidentFilter, list_incidents
from watchbill.domain.oncall.watch import Watch, everybody_on_watch
from watchbill.domain.services.models import Service
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import RAIL, now_of, show, viewer_id

_EACH = 5
_MORE = (
    ("/explain", "explain", "Who would be paged"),
    ("/alerts?status=all", "alerts", "All alerts"),
    ("/incidents/new", "incident", "Declare an incident"),
    ("/status-page/publish", "globe", "Publish on the status page"),
    ("/roles", "people", "Roles of the process"),
)
_ALERT_PAGE = re.compile(r"/alerts/([0-9a-f-]{36})")
_WHO = re.compile(r"(who( is|'s)?( on[ -]?call)?|on[ -]?call)( for| in)?\s*")
_SNOOZE_MINUTES = "60"

Found = dict[str, str]


@requires("alert.read")
def go(request: HttpRequest) -> HttpResponse:
    query = " ".join(request.GET.get("q", "").replace("\0", "").split())[:100]
    wanted = query.lower()
    found = [*_verbs(request, wanted), *_watches(request, wanted), *_screens(wanted)]
    if query:
        found += _named(query, viewer=viewer_id(request))
    return show(request, "go.html", {"query": query, "found": found})


def _verbs(request: HttpRequest, wanted: str) -> list[Found]:
    """What can be done to the alert on the screen; from anywhere else, to those that page me."""
    may = caller(request).may
    here = _alert_on_screen(request)
    alerts = [here] if here else paged_to(viewer_id(request))[:_EACH] if wanted else []
    found: list[Found] = []
    for alert in alerts:
        title = f"#{alert.number} {alert.summary[:60]}"
        at = f"/alerts/{alert.id}"
        if alert.state == "triggered" and may("alert.acknowledge").allowed:
            found.append({**_one(f"{at}/acknowledge", "check", f"Acknowledge {title}", "a"), "post": "yes"})
        if alert.state != "resolved" and may("alert.resolve").allowed:
            found.append(_one(f"{at}?do=resolve#do-resolve", "check", f"Resolve {title}", "r"))
            found.append(
                {
                    **_one(f"{at}/snooze", "pause", f"Snooze {title}", "1 hour"),
                    "post": "yes",
                    "minutes": _SNOOZE_MINUTES,
                }
            )
    return [one for one in found if _is_asked_for(wanted, one["label"])]


def _is_asked_for(wanted: str, label: str) -> bool:
    """Nothing is done to an alert unless its verb was typed: who looks for a word of the title wants to see it."""
    verb = label.partition(" ")[0].lower()
    return not wanted or (_fits(wanted, label) and any(verb.startswith(word) for word in wanted.split()))


def _watches(request: HttpRequest, wanted: str) -> list[Found]:
    asked = _WHO.match(wanted)
    name = wanted[asked.end() :].strip(" ?") if asked else wanted
    if not wanted:
        return []
    watches = everybody_on_watch(now=now_of(request))
    found = []
    if asked:
        found = [_watch(watch) for watch in watches if name in watch.schedule_name.lower()]
    elif _fits(wanted, "override") or _fits(wanted, "take or give a watch"):
        found = [
            _one(
                f"/schedules/{watch.schedule_id}#new-override", "swap", f"Override in {watch.schedule_name}", "on-call"
            )
            for watch in watches
        ]
    else:
        found = [_watch(watch) for watch in watches if name in watch.schedule_name.lower()]
    return found


def _watch(watch: Watch) -> Found:
    who = ", ".join(str(user) for user in watch.people) or "nobody"
    return _one(f"/schedules/{watch.schedule_id}", "oncall", watch.schedule_name, f"on call: {who}")


def _screens(wanted: str) -> list[Found]:
    screens = [(address, icon, name) for address, icon, name, _ in RAIL] + list(_MORE)
    return [_one(address, icon, name, "screen") for address, icon, name in screens if wanted in name.lower()]


def _named(query: str, *, viewer: UUID) -> list[Found]:
    person = query[5:] if query.lower().startswith("page ") else query
    found = []
    for service in Service.objects.filter(archived_at=None, name__icontains=query).order_by("name")[:_EACH]:
        found.append(_one(f"/services/{service.id}", "services", service.name, "service"))
        found.append(_one(f"/explain?service={service.id}", "explain", f"Who is paged for {service.name}", "explain"))
    for user in User.objects.filter(is_active=True, name__icontains=person).order_by("name")[:_EACH]:
        found.append(_one(f"/people/{user.id}", "people", str(user), "person"))
    for one in list_incidents(IncidentFilter(status="all"), viewer=viewer):
        title = f"#{one.number} {one.title[:80]}"
        if query.lower() in title.lower():
            found.append(_one(f"/incidents/{one.number}", "incident", title, "incident"))
    for alert in list_alerts(AlertFilter(status="all", query=query), limit=_EACH).alerts:
        found.append(_one(f"/alerts/{alert.id}", "alerts", f"#{alert.number} {alert.summary[:80]}", alert.state))
    return found


def _alert_on_screen(request: HttpRequest) -> Alert | None:
    """The palette opened on an alert's page says so by the header that htmx sends."""
    on = _ALERT_PAGE.fullmatch(urlsplit(request.headers.get("HX-Current-URL", "")).path)
    try:
        return Alert.objects.filter(id=UUID(on.group(1))).first() if on else None
    except ValueError:
        return None


def _fits(wanted: str, label: str) -> bool:
    return all(word in label.lower() for word in wanted.split())


def _one(address: str, icon: str, label: str, note: str) -> Found:
    return {"address": address, "icon": icon, "label": label, "note": note}
