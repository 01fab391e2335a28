"""The first screen: am I on call, what needs me, who else stands watch, what is wrong with the set-up."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from watchbill.domain.access.models import User
from watchbill.domain.alerts.listing import held_by, paged_to
from watchbill.domain.alerts.models import Alert, Severity
from watchbill.domain.alerts.standing_reads import concerns, paging_others, standings, stranded, tally
from watchbill.domain.escalation.duty_reads import duties
from watchbill.domain.escalation.models import Policy
from watchbill.domain.incidents.reads import IncidentFilter, list_incidents
from watchbill.domain.oncall.models import Rotation
from watchbill.domain.oncall.watch import everybody_on_watch
from watchbill.domain.people.models import ContactMethod, FallbackRecipient
from watchbill.domain.process.reads import running
from watchbill.domain.services.models import Integration, Service
from watchbill.domain.services.setup_warnings import setup_warnings
from watchbill.domain.services.throttle_notices import throttle_notices
from watchbill.domain.services.unfilled_roles import unfilled_roles
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.incident_cards import cards_of
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.needs_you import needs_of
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.doors.web.wiring import wired

_OTHERS_SHOWN = 6
_SHOWN_MAX = 50
_FORGOTTEN_READ = 1_000
_MEND_AT = {
    "fallback": "/admin/organization",
    "user": "/people/{}",
    "service": "/services/{}",
    "people": "/people",
    "services": "/services",
    "team": "/teams/{}",
    "role": "/roles/{}",
    "process": "/admin/process",
}


@requires("alert.read")
def now_screen(request: HttpRequest) -> HttpResponse:
    now = now_of(request)
    me = viewer_id(request)
    watches = everybody_on_watch(now=now)
    paged, held = paged_to(me, limit=_SHOWN_MAX + 1), held_by(me, limit=_SHOWN_MAX + 1)
    for_me = concerns(me, _forgotten())
    needs_me = sorted(
        (alert for alert in paged[:_SHOWN_MAX] if alert not in for_me),
        key=lambda alert: Severity.values.index(alert.severity),
    )
    others = paging_others(than=needs_me, limit=_OTHERS_SHOWN)
    open_incidents = list_incidents(IncidentFilter(), viewer=me)
    may_respond = caller(request).may("incident.respond").allowed
    needs = needs_of(actor_of(request), open_incidents, ways=wired().ways(), now=now) if may_respond else []
    mine = {one.incident.id for one in needs}
    incidents = cards_of([one for one in open_incidents if one.id not in mine], viewer=me, now=now)
    return show(
        request,
        "now/now.html",
        {
            "watches": watches,
            "can_schedule": caller(request).may("schedule.change").allowed,
            "my_watches": [watch for watch in watches if any(person.id == me for person in watch.people)],
            "duties": duties(me),
            "forgotten": for_me[:_SHOWN_MAX],
            "forgotten_count": len(for_me),
            "incidents": incidents[:_OTHERS_SHOWN],
            "incidents_count": len(incidents),
            "needs": needs,
            "needs_real": [one for one in needs if not one.incident.drill],
            "needs_drill": [one for one in needs if one.incident.drill],
            "needs_count": sum(one.count for one in needs),
            "may_declare": caller(request).may("incident.declare").allowed,
            "needs_me": needs_me,
            "needs_me_more": len(paged) > _SHOWN_MAX,
            "held": held[:_SHOWN_MAX],
            "held_more": len(held) > _SHOWN_MAX,
            "others": others,
            "standings": standings([*for_me[:_SHOWN_MAX], *needs_me, *others]),
            "tally": tally(),
            "warnings": [
                {
                    "problem": found.problem,
                    "remedy": found.remedy,
                    "address": "/me"
                    if found.subject_id == me
                    else _address(found.subject_kind, found.subject_name or found.subject_id),
                    "is_mine": found.subject_id == me,
                }
                for found in setup_warnings(ways=wired().ways(), now=now)
            ],
            "throttled": throttle_notices(now=now),
            "steps": _first_steps() if caller(request).may("organization.change").allowed else [],
            "may_mend": caller(request).may("organization.change").allowed,
            "since": stamp_of(now),
        },
    )


def _forgotten() -> list[Alert]:
    rows = stranded().select_related("service__team").defer("details")
    return list(rows.order_by("opened_at", "id")[:_FORGOTTEN_READ])


def _address(kind: str, identity: UUID | str | None) -> str:
    return _MEND_AT[kind].format(identity)


def _first_steps() -> list[dict[str, object]]:
    """From nothing to a first page, in the order in which one needs the other. Nothing once an alert came in."""
    if Alert.objects.exists():
        return []
    people = User.objects.filter(is_active=True).count()
    return [
        {"done": done, "address": address, "words": words}
        for done, address, words in (
            (ContactMethod.objects.filter(removed_at=None).exists(), "/me", "Say how you are reached"),
            (people > 1, "/people/new", "Add the people who go on call, and how they are reached"),
            (FallbackRecipient.objects.exists(), "/admin/organization", "Name the fallback: paged when nobody answers"),
            (
                Rotation.objects.filter(retired_at=None, schedule__archived_at=None).exists(),
                "/schedules",
                "Make a schedule: who is on call when",
            ),
            (
                Policy.objects.filter(archived_at=None).exists(),
                "/policies",
                "Make a policy: who is paged in which order",
            ),
            (Service.objects.filter(archived_at=None).exists(), "/services", "Make a service for what is watched"),
            (not unfilled_roles(running()), "/roles", "Name who commands an incident, and who is told of the worst"),
            (
                Integration.objects.filter(removed_at=None).exists(),
                "/services",
                "Give it a key",
            ),
            (False, "/services", "Send a first alert with it"),
        )
    ]
