"""The first screen: am I on call, what needs me, who else stands watch, what is wrong with the set-up."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from watchbill.domain.alerts.listing import held_by, paged_to
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.standing_reads import concerns, paging_others, standings, stranded, tally
from watchbill.domain.escalation.duty_reads import duties
from watchbill.domain.oncall.watch import everybody_on_watch
from watchbill.domain.services.models import Service
from watchbill.domain.services.setup_warnings import setup_warnings
from watchbill.domain.services.throttle_notices import throttle_notices
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.page import now_of, show, viewer_id
from watchbill.doors.web.wiring import wired

_OTHERS_SHOWN = 6
_FORGOTTEN_SHOWN = 50
_MEND_AT = {"fallback": "/admin/organization", "user": "/people/{}", "service": "/services/{}"}


@requires("alert.read")
def now_screen(request: HttpRequest) -> HttpResponse:
    now = now_of(request)
    me = viewer_id(request)
    watches = everybody_on_watch(now=now)
    needs_me = paged_to(me)
    forgotten = _forgotten()
    for_me = concerns(me, forgotten)
    needs_me = [alert for alert in needs_me if alert not in for_me]
    others = paging_others(than=needs_me, limit=_OTHERS_SHOWN)
    return show(
        request,
        "now/now.html",
        {
            "watches": watches,
            "can_schedule": caller(request).may("schedule.change").allowed,
            "my_watches": [watch for watch in watches if any(person.id == me for person in watch.people)],
            "duties": duties(me),
            "forgotten": for_me,
            "needs_me": needs_me,
            "held": held_by(me),
            "others": others,
            "standings": standings([*for_me, *needs_me, *others]),
            "tally": tally(),
            "warnings": [
                {
                    "problem": found.problem,
                    "remedy": found.remedy,
                    "address": _address(found.subject_kind, found.subject_id),
                }
                for found in setup_warnings(ways=wired().ways(), now=now)
            ],
            "throttled": throttle_notices(now=now),
            "has_services": Service.objects.filter(archived_at=None).exists(),
            "since": stamp_of(now),
        },
    )


def _forgotten() -> list[Alert]:
    rows = stranded().select_related("service__team").defer("details")
    return list(rows.order_by("opened_at", "id")[:_FORGOTTEN_SHOWN])


def _address(kind: str, identity: UUID | None) -> str:
    return _MEND_AT[kind].format(identity)
