"""Who is on call when: the list with who is on now, four weeks of one schedule, and the overrides in it."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.access.models import User
from watchbill.domain.escalation.policy_reads import policies_paging
from watchbill.domain.oncall import reads
from watchbill.domain.oncall.override_actions import add_override, cancel_override
from watchbill.domain.oncall.rules import Schedule, shifts_between
from watchbill.domain.oncall.schedule_reads import load_schedules
from watchbill.domain.oncall.watch import everybody_on_watch
from watchbill.doors.web.calendar_bars import WEEKS, monday_of, period_of, weeks_of
from watchbill.doors.web.forms import Field, Group, local_input, place, posted, posted_instant, required_id
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id, zone_of
from watchbill.ground.refusals import ChangeRefused


@requires("schedule.read")
def schedule_list(request: HttpRequest) -> HttpResponse:
    now = now_of(request)
    details = {detail.id: detail for detail in reads.schedules(now=now)}
    rows = [(watch, details.get(watch.schedule_id)) for watch in everybody_on_watch(now=now)]
    return show(
        request,
        "schedules/list.html",
        {
            "rows": rows,
            "me": viewer_id(request),
            "may_change": caller(request).may("schedule.change").allowed,
            "since": stamp_of(now),
        },
    )


@requires("schedule.read")
def schedule_page(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    return _page(request, schedule_id)


@require_POST
@requires("override.create")
def override(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    detail = _detail(request, schedule_id)
    caller(request).check("override.create", team_ids=[detail.draft.team_id])
    zone = zone_of(request)
    try:
        made = add_override(
            schedule_id,
            user_id=required_id(request, "user"),
            starts_at=posted_instant(request, "start", zone=zone),
            ends_at=posted_instant(request, "end", zone=zone),
            actor=actor_of(request),
            now=now_of(request),
        )
    except ChangeRefused as refused:
        return _page(request, schedule_id, refused=refused)
    messages.success(request, f"{made.user} is on call in {detail.draft.name} for that time.")
    return HttpResponseRedirect(f"/schedules/{schedule_id}")


@require_POST
@requires("override.create")
def end_override(request: HttpRequest, schedule_id: UUID, override_id: UUID) -> HttpResponse:
    detail = _detail(request, schedule_id)
    caller(request).check("override.create", team_ids=[detail.draft.team_id])
    if override_id not in {line.id for line in detail.overrides}:
        raise Http404("There is no such override in this schedule.")
    try:
        cancel_override(override_id, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The override is cancelled; the rotation counts again.")
    return HttpResponseRedirect(f"/schedules/{schedule_id}")


def _page(request: HttpRequest, schedule_id: UUID, *, refused: ChangeRefused | None = None) -> HttpResponse:
    now = now_of(request)
    detail = _detail(request, schedule_id)
    zone, zones = _zone(request, detail)
    first = _first(request, zone, now)
    schedule = load_schedules([schedule_id])[schedule_id]
    names = names_in(schedule)
    groups = [_override_group(request, now)]
    leftover = place(refused, groups) if refused else ""
    return show(
        request,
        "schedules/schedule.html",
        {
            "detail": detail,
            "overrides": [(line, names.get(str(line.user_id), line.email)) for line in detail.overrides],
            "watch": next((one for one in everybody_on_watch(now=now) if one.schedule_id == schedule_id), None),
            "weeks": weeks_of(schedule, names=names, me=str(viewer_id(request)), first=first, zone=zone, now=now),
            "shifts": _shifts(schedule, names, first, zone),
            "zone": zone,
            "zones": zones,
            "first": first,
            "previous": first - timedelta(weeks=WEEKS),
            "following": first + timedelta(weeks=WEEKS),
            "groups": groups,
            "refused": bool(refused),
            "leftover": leftover,
            "policies": policies_paging(kinds=["schedule"], target_id=schedule_id),
            "may_change": caller(request).may("schedule.change", team_ids=[detail.draft.team_id]).allowed,
            "may_override": caller(request).may("override.create", team_ids=[detail.draft.team_id]).allowed,
        },
        status=422 if refused else 200,
    )


def names_in(schedule: Schedule) -> dict[str, str]:
    ids = {user for rotation in schedule.rotations for user in rotation.members if user}
    ids |= {one.user for one in schedule.overrides}
    return {str(user.id): str(user) for user in User.objects.filter(id__in=ids)}


def _detail(request: HttpRequest, schedule_id: UUID) -> reads.ScheduleDetail:
    detail = reads.schedule(schedule_id, now=now_of(request))
    if detail is None:
        raise Http404("There is no such schedule; it may have been archived.")
    return detail


def _zone(request: HttpRequest, detail: reads.ScheduleDetail) -> tuple[ZoneInfo, list[tuple[str, str, bool]]]:
    """Mine, the schedule's, or UTC; and the switch between them."""
    known = {"mine": zone_of(request), "schedule": ZoneInfo(detail.draft.time_zone), "utc": ZoneInfo("UTC")}
    asked = request.GET.get("zone", "mine")
    chosen = asked if asked in known else "mine"
    labels = {"mine": "Mine", "schedule": "The schedule's", "utc": "UTC"}
    return known[chosen], [
        (name, f"{labels[name]}: {known[name].key}" if name != "utc" else "UTC", name == chosen) for name in known
    ]


def _first(request: HttpRequest, zone: ZoneInfo, now: datetime) -> date:
    try:
        asked = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        asked = now.astimezone(zone).date()
    return monday_of(min(max(asked, date(1990, 1, 1)), date(2090, 1, 1)))


def _shifts(schedule: Schedule, names: dict[str, str], first: date, zone: ZoneInfo) -> list[dict[str, object]]:
    starts_at, ends_at = period_of(first, zone=zone)
    return [
        {
            "starts_at": shift.starts_at,
            "ends_at": shift.ends_at,
            "people": [(user, names.get(user, "somebody who left")) for user in shift.users],
            "source": shift.source.replace("rotation:", "rotation "),
        }
        for shift in shifts_between(schedule, starts_at=starts_at, ends_at=ends_at)
    ]


def _override_group(request: HttpRequest, now: datetime) -> Group:
    zone = zone_of(request)
    people = User.objects.filter(is_active=True).order_by("name")
    soon = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return Group(
        legend="",
        fields=[
            Field(
                name="user",
                label="Who takes the watch",
                kind="select",
                value=posted(request, "user") or str(viewer_id(request)),
                choices=[(str(user.id), str(user)) for user in people],
            ),
            Field(
                name="start",
                label=f"From ({zone.key})",
                kind="datetime-local",
                value=posted(request, "start") or local_input(soon, zone=zone),
            ),
            Field(
                name="end",
                label=f"Until ({zone.key})",
                kind="datetime-local",
                value=posted(request, "end") or local_input(soon + timedelta(hours=8), zone=zone),
            ),
        ],
    )
