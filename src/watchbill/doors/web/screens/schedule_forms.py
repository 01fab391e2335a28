"""Making and changing a schedule and its rotations, with a look at what the change would do before it is made."""

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.access.models import User
from watchbill.domain.oncall import reads
from watchbill.domain.oncall.actions import archive_schedule, change_schedule, create_schedule, set_rotations
from watchbill.domain.oncall.rotation_rules import (
    WEEKDAYS,
    RotationDraft,
    ScheduleDraft,
    check_rotations,
    rotation_rule,
)
from watchbill.domain.oncall.schedule_reads import load_schedules
from watchbill.domain.people.models import Team
from watchbill.domain.people.reads import organization
from watchbill.domain.services.reads import uses_of_schedule
from watchbill.doors.web.calendar_bars import monday_of, weeks_of
from watchbill.doors.web.forms import (
    Danger,
    Field,
    FormPage,
    Group,
    local_input,
    person_choices,
    person_ids,
    posted,
    posted_emails,
    posted_id,
    posted_instant,
    posted_number,
    posted_numbers,
    posted_rows,
    rearranged,
    rearranging,
    show_form,
    zone_choices,
)
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of, viewer_id, zone_of
from watchbill.doors.web.window_words import hours_words, windows_of, words_of
from watchbill.ground.refusals import ChangeRefused

NOBODY = "nobody"
_BLANKS = 1
_TRAIL = ("/schedules", "On-call")
_UNITS = (("weeks", "weeks"), ("days", "days"), ("hours", "hours"))
_DAYS = tuple((str(number), name) for number, name in enumerate(WEEKDAYS))


@requires("schedule.change")
def new_schedule(request: HttpRequest) -> HttpResponse:
    page = FormPage(
        title="New schedule",
        trail=[_TRAIL],
        groups=_schedule_groups(request, None),
        submit="Make it",
        back="/schedules",
        intro="First its name and zone; its rotations come next.",
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        draft = _schedule_draft(request)
        caller(request).check("schedule.change", team_ids=[draft.team_id])
        schedule = create_schedule(draft, rotations=(), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, f"Schedule {schedule.name} is made. Now say who takes turns in it.")
    return HttpResponseRedirect(f"/schedules/{schedule.id}/rotations")


@requires("schedule.change")
def edit_schedule(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    detail = _detail(request, schedule_id)
    caller(request).check("schedule.change", team_ids=[detail.draft.team_id])
    page = FormPage(
        title=f"Edit {detail.draft.name}",
        trail=[_TRAIL, (f"/schedules/{schedule_id}", detail.draft.name)],
        groups=_schedule_groups(request, detail.draft),
        back=f"/schedules/{schedule_id}",
        danger=Danger(
            address=f"/schedules/{schedule_id}/archive",
            label="Archive this schedule",
            words="Nobody is on call by it any more. Its past stays. A policy that still pages it refuses this.",
        ),
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        draft = _schedule_draft(request)
        caller(request).check("schedule.change", team_ids=[draft.team_id])
        change_schedule(schedule_id, draft, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect(f"/schedules/{schedule_id}")


@require_POST
@requires("schedule.change")
def archive(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    detail = _detail(request, schedule_id)
    caller(request).check("schedule.change", team_ids=[detail.draft.team_id])
    try:
        archive_schedule(schedule_id, uses=uses_of_schedule(schedule_id), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(f"/schedules/{schedule_id}/edit")
    messages.success(request, f"Schedule {detail.draft.name} is archived.")
    return HttpResponseRedirect("/schedules")


@requires("schedule.change")
def edit_rotations(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    detail = _detail(request, schedule_id)
    caller(request).check("schedule.change", team_ids=[detail.draft.team_id])
    zone = ZoneInfo(detail.draft.time_zone)
    people = {str(user.id): user.email for user in User.objects.all()}
    shown = [_typed(one, people, zone) for one in detail.rotations]
    page = _rotations_page(detail, shown, zone)
    if request.method != "POST":
        return show_form(request, page, template="schedules/rotations.html")
    typed = _typed_in(request)
    page = _rotations_page(detail, typed, zone)
    if rearranging(request):
        return show_form(request, page, template="schedules/rotations.html")
    try:
        drafts = check_rotations([_rotation_draft(request, number, zone) for number in _numbers(request)])
        if "preview" in request.POST:
            page.more["weeks"] = _preview(request, detail, drafts)
            page.more["hours"] = [(one.name, hours_words(one.windows)) for one in drafts if one.windows]
            return show_form(request, page, template="schedules/rotations.html")
        set_rotations(schedule_id, drafts, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused, template="schedules/rotations.html")
    messages.success(request, "Saved. It counts from now; who was on call before stays as it was.")
    return HttpResponseRedirect(f"/schedules/{schedule_id}")


def _preview(request: HttpRequest, detail: reads.ScheduleDetail, drafts: tuple[RotationDraft, ...]) -> object:
    """As it would be after saving: what was stays, overrides win over the new rotations too."""
    now, zone = now_of(request), zone_of(request)
    names = {str(user.id): str(user) for user in User.objects.all()}
    held = load_schedules([detail.id])[detail.id]
    before = tuple(replace(one, retired_at=one.retired_at or now) for one in held.rotations)
    after = tuple(
        rotation_rule(one, members=[str(member) if member else None for member in one.member_ids], effective_at=now)
        for one in drafts
    )
    schedule = replace(held, rotations=before + after)
    first = monday_of(now.astimezone(zone).date())
    return weeks_of(schedule, names=names, me=str(viewer_id(request)), first=first, zone=zone, now=now)


def _detail(request: HttpRequest, schedule_id: UUID) -> reads.ScheduleDetail:
    detail = reads.schedule(schedule_id, now=now_of(request))
    if detail is None:
        raise Http404("There is no such schedule; it may have been archived.")
    return detail


def team_choices() -> list[tuple[str, str]]:
    rows = Team.objects.filter(archived_at=None).order_by("name")
    return [("", "No team"), *((str(row.id), row.name) for row in rows)]


def _schedule_groups(request: HttpRequest, held: ScheduleDraft | None) -> list[Group]:
    is_posted = request.method == "POST"

    def value(name: str, kept: str) -> str:
        return posted(request, name) if is_posted else kept

    known = organization()
    zone = held.time_zone if held else known.time_zone if known else zone_of(request).key
    return [
        Group(
            fields=[
                Field(name="name", label="Name", value=value("name", held.name if held else ""), required=True),
                Field(
                    name="time_zone",
                    label="Time zone",
                    kind="select",
                    value=value("time_zone", zone),
                    choices=zone_choices(),
                    help="Hand-offs happen at this zone's clock. It cannot change once there are rotations.",
                ),
                Field(
                    name="team",
                    label="Team",
                    kind="select",
                    value=value("team", str(held.team_id or "") if held else ""),
                    choices=team_choices(),
                ),
                Field(
                    name="description",
                    label="Description",
                    kind="textarea",
                    value=value("description", held.description if held else ""),
                ),
            ]
        )
    ]


def _schedule_draft(request: HttpRequest) -> ScheduleDraft:
    return ScheduleDraft(
        name=posted(request, "name"),
        time_zone=posted(request, "time_zone"),
        team_id=posted_id(request, "team"),
        description=posted(request, "description"),
    )


_PARTS = (
    "name",
    "members",
    "every_count",
    "every",
    "handoff_weekday",
    "handoff",
    "starts",
    "ends",
    "per_turn",
    "windows",
)
_NEW = {"every_count": "1", "every": "weeks", "handoff_weekday": "0", "handoff": "10:00", "per_turn": "1"}


def _numbers(request: HttpRequest) -> list[int]:
    """Those of the posted groups that hold something."""
    return [
        number
        for number in posted_numbers(request, "rotations")
        if posted(request, f"rotations[{number}].name").strip()
        or posted_emails(request, f"rotations[{number}].members")
    ]


def _typed_in(request: HttpRequest) -> list[dict[str, str]]:
    asked = rearranging(request)
    return [
        {
            **{part: posted(request, f"rotations[{number}].{part}") for part in _PARTS if part != "members"},
            "members": "\n".join(
                rearranged(
                    posted_rows(request, f"rotations[{number}].members"),
                    f"rotations[{number}].members",
                    asked,
                    blank="",
                )
            ),
        }
        for number in _numbers(request)
    ]


def _typed(draft: RotationDraft, people: dict[str, str], zone: ZoneInfo) -> dict[str, str]:
    return {
        "name": draft.name,
        "members": "\n".join(people.get(str(one), NOBODY) if one else NOBODY for one in draft.member_ids),
        "every_count": str(draft.every),
        "every": draft.unit,
        "handoff_weekday": str(draft.handoff_weekday or 0),
        "handoff": f"{draft.handoff_time:%H:%M}",
        "starts": draft.starts_date.isoformat(),
        "ends": local_input(draft.ends_at, zone=zone),
        "per_turn": str(draft.per_turn),
        "windows": words_of(draft.windows),
    }


def _rotations_page(detail: reads.ScheduleDetail, typed: list[dict[str, str]], zone: ZoneInfo) -> FormPage:
    blank = {**dict.fromkeys(_PARTS, ""), **_NEW}
    groups = [
        Group(
            legend=_legend(one["name"], is_first=not number),
            help="" if one["name"] or not number else "Leave it empty if one more is not needed.",
            fields=_rotation_fields(f"rotations[{number}]", one, zone),
        )
        for number, one in enumerate([*typed, *([blank] * _BLANKS)])
    ]
    return FormPage(
        title=f"Rotations of {detail.draft.name}",
        trail=[_TRAIL, (f"/schedules/{detail.id}", detail.draft.name)],
        groups=groups,
        back=f"/schedules/{detail.id}",
        intro=f"All times are {zone.key}. A rotation further down wins over those above it; overrides win over all. "
        "Empty a rotation's name and members to remove it.",
    )


def _legend(name: str, *, is_first: bool) -> str:
    return f"Rotation {name}" if name else "The first rotation" if is_first else "Another rotation"


def _rotation_fields(at: str, one: dict[str, str], zone: ZoneInfo) -> list[Field]:
    members = one["members"].split("\n")
    return [
        Field(name=f"{at}.name", label="Name", value=one["name"]),
        Field(
            name=f"{at}.members",
            label="Members, in turn",
            kind="picker",
            values=members,
            choices=[*person_choices(kept=members), (NOBODY, "An empty turn, on purpose")],
            add_label="Add a turn",
        ),
        Field(name=f"{at}.every_count", label="A turn lasts", kind="number", value=one["every_count"]),
        Field(name=f"{at}.every", label="Unit", kind="select", value=one["every"], choices=_UNITS),
        Field(
            name=f"{at}.handoff_weekday",
            label="Hand-off day",
            kind="select",
            value=one["handoff_weekday"],
            choices=_DAYS,
            help="Counts for weeks only.",
        ),
        Field(name=f"{at}.handoff", label="Hand-off time", kind="time", value=one["handoff"]),
        Field(
            name=f"{at}.starts",
            label="Counts from (optional)",
            kind="date",
            value=one["starts"],
            help="Whose turn is first on that day. Empty: the first has the turn that is running now.",
        ),
        Field(name=f"{at}.ends", label="Until (optional)", kind="datetime-local", value=one["ends"]),
        Field(name=f"{at}.per_turn", label="People at once", kind="number", value=one["per_turn"]),
        Field(
            name=f"{at}.windows",
            label="Only in these hours (optional)",
            kind="textarea",
            value=one["windows"],
            help="Mon-Fri 09:00-17:00 is five stretches, one a day; Fri 17:00 - Mon 09:00 is one long stretch. "
            "One a line. Empty: always.",
        ),
    ]


def _rotation_draft(request: HttpRequest, number: int, zone: ZoneInfo) -> RotationDraft:
    at = f"rotations[{number}]"
    unit = posted(request, f"{at}.every")
    ends = posted(request, f"{at}.ends").strip()
    return RotationDraft(
        name=posted(request, f"{at}.name"),
        member_ids=_members(request, at),
        every=posted_number(request, f"{at}.every_count", default=1),
        unit=unit,
        handoff_time=_time(posted(request, f"{at}.handoff"), field=f"{at}.handoff"),
        starts_date=_date(posted(request, f"{at}.starts"), request, unit=unit, field=f"{at}.starts"),
        handoff_weekday=posted_number(request, f"{at}.handoff_weekday") if unit == "weeks" else None,
        ends_at=posted_instant(request, f"{at}.ends", zone=zone) if ends else None,
        per_turn=posted_number(request, f"{at}.per_turn", default=1),
        windows=windows_of(posted(request, f"{at}.windows"), field=f"{at}.windows"),
    )


def _members(request: HttpRequest, at: str) -> tuple[UUID | None, ...]:
    emails = posted_emails(request, f"{at}.members")
    known = person_ids((email for email in emails if email != NOBODY), field=f"{at}.members")
    return tuple(None if email == NOBODY else known[email] for email in emails)


def _time(text: str, *, field: str) -> time:
    try:
        return time.fromisoformat(text.strip())
    except ValueError as error:
        raise ChangeRefused(field, f"{text!r} is not a time of day; write it like 10:00") from error


def _date(text: str, request: HttpRequest, *, unit: str, field: str) -> date:
    """Left empty: early enough for the first member to have the turn that is running now."""
    if not text.strip():
        return now_of(request).date() - timedelta(days=7 if unit == "weeks" else 1)
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ChangeRefused(field, f"{text!r} is not a date; write it like 2026-01-05") from error
