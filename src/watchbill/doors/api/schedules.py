"""Schedules: who is on call, when, and by which rotations and overrides."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from watchbill.domain.oncall import actions, override_actions
from watchbill.domain.oncall.models import Override
from watchbill.domain.oncall.reads import OverrideLine, ScheduleDetail, schedule, schedules
from watchbill.domain.oncall.rotation_rules import RotationDraft, ScheduleDraft
from watchbill.domain.oncall.rules import (
    NOBODY,
    Schedule,
    Shift,
    Unit,
    Window,
    on_call_at,
    shift_around,
    shifts_between,
)
from watchbill.domain.oncall.schedule_reads import load_schedules
from watchbill.domain.oncall.words import format_every, format_handoff, parse_every, parse_handoff
from watchbill.domain.people.reads import emails_of
from watchbill.domain.services.reads import uses_of_schedule
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import person_id, schedule_id, team_id
from watchbill.doors.api.pages import ListQuery, Page, page_of
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Input, Instant, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.ground.refusals import ChangeRefused

router = Router(tags=["schedules"])

USUAL_RANGE = timedelta(days=28)
RANGE_MAX = timedelta(days=3 * 366)


class WindowIn(Input):
    """Every week, in the schedule's local time, like "Monday 09:00"."""

    starts: Text
    ends: Text


class RotationIn(Input):
    """As in an organization file: `every` "1 week", `handoff` "Monday 10:00"; members by address, "nobody" allowed."""

    name: Text
    members: Annotated[list[Text], Field(max_length=500)]
    every: Text
    handoff: Text
    starts: date
    ends: Instant | None = None
    per_turn: Annotated[int, Field(ge=1, le=500)] = 1
    windows: Annotated[tuple[WindowIn, ...], Field(max_length=100)] = ()


class ScheduleIn(Input):
    name: Text
    time_zone: Text
    team: Text | None = None
    description: Text = ""


class NewScheduleIn(ScheduleIn):
    rotations: Annotated[tuple[RotationIn, ...], Field(max_length=100)] = ()


class RotationsIn(Input):
    """All of them, in order: later ones win."""

    rotations: Annotated[tuple[RotationIn, ...], Field(max_length=100)]


class OverrideIn(Input):
    user: Text
    start: Instant
    end: Instant


class WindowOut(Output):
    starts: str
    ends: str


class RotationOut(Output):
    name: str
    members: list[str]
    every: str
    handoff: str
    starts: date
    ends: InstantOut | None
    per_turn: int
    windows: list[WindowOut]


class OverrideOut(Output):
    id: UUID
    user: str
    start: InstantOut
    end: InstantOut
    created_at: InstantOut
    created_by: str


class ScheduleOut(Output):
    id: UUID
    name: str
    time_zone: str
    team: str | None
    description: str
    rotations: list[RotationOut]
    overrides: list[OverrideOut]


class ShiftOut(Output):
    """`source`: rotation:NAME or override."""

    start: InstantOut
    end: InstantOut
    users: list[str]
    source: str


class OnCallOut(Output):
    """Nobody on call: no users, and `source` is "nobody". `start` and `end` are the shift's."""

    at: InstantOut
    users: list[str]
    source: str
    start: InstantOut | None
    end: InstantOut | None


class AtQuery(Input):
    at: Instant | None = None


class RangeQuery(Input):
    """`from` is now if left out, `to` four weeks later."""

    starts: Annotated[Instant | None, Field(alias="from")] = None
    ends: Annotated[Instant | None, Field(alias="to")] = None


@router.get("", response=Page[ScheduleOut], summary="List schedules")
@requires("schedule.read")
def listing(request: HttpRequest, asked: Query[ListQuery]) -> Page[ScheduleOut]:
    found = schedules(now=now_of(request))
    emails = emails_of(_people(found))
    return page_of(
        found,
        cursor=asked.cursor,
        limit=asked.limit,
        key=lambda row: row.draft.name,
        show=lambda row: _out(row, emails),
    )


@router.post("", response={201: ScheduleOut}, summary="Create a schedule")
@requires("schedule.change")
def create(request: HttpRequest, body: NewScheduleIn) -> Status[ScheduleOut]:
    draft = _draft(body)
    caller(request).check("schedule.change", team_ids=[draft.team_id])
    made = actions.create_schedule(
        draft, rotations=_rotations(body.rotations), actor=caller(request).actor, now=now_of(request)
    )
    return Status(201, _shown(request, made.id))


@router.get("/{name}", response=ScheduleOut, summary="Read one schedule")
@requires("schedule.read")
def one(request: HttpRequest, name: Name) -> ScheduleOut:
    return _shown(request, schedule_id(name))


@router.put("/{name}", response=ScheduleOut, summary="Change a schedule")
@requires("schedule.change")
def change(request: HttpRequest, name: Name, body: ScheduleIn) -> ScheduleOut:
    """Its rotations stay as they are."""
    found, draft = _detail(request, schedule_id(name)), _draft(body)
    caller(request).check("schedule.change", team_ids=[found.draft.team_id, draft.team_id])
    actions.change_schedule(found.id, draft, actor=caller(request).actor, now=now_of(request))
    return _shown(request, found.id)


@router.put("/{name}/rotations", response=ScheduleOut, summary="Set a schedule's rotations")
@requires("schedule.change")
def set_rotations(request: HttpRequest, name: Name, body: RotationsIn) -> ScheduleOut:
    """Counts from now: who was on call in the past never changes."""
    found = _detail(request, schedule_id(name))
    caller(request).check("schedule.change", team_ids=[found.draft.team_id])
    wanted = _rotations(body.rotations)
    actions.set_rotations(found.id, wanted, actor=caller(request).actor, now=now_of(request))
    return _shown(request, found.id)


@router.delete("/{name}", response={204: None}, summary="Archive a schedule")
@requires("schedule.change")
def archive(request: HttpRequest, name: Name) -> Status[None]:
    found = _detail(request, schedule_id(name))
    caller(request).check("schedule.change", team_ids=[found.draft.team_id])
    uses = uses_of_schedule(found.id)
    actions.archive_schedule(found.id, uses=uses, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@router.get("/{name}/on-call", response=OnCallOut, summary="Who is on call at one moment")
@requires("schedule.read")
def on_call(request: HttpRequest, name: Name, asked: Query[AtQuery]) -> OnCallOut:
    at = asked.at or now_of(request)
    loaded = _loaded(schedule_id(name))
    found = on_call_at(loaded, at=at)
    emails = emails_of(UUID(user) for user in found.users)
    shift = shift_around(loaded, at=at)
    return OnCallOut(
        at=at,
        users=[emails[UUID(user)] for user in found.users],
        source=found.source,
        start=shift.starts_at if shift else None,
        end=shift.ends_at if shift else None,
    )


@router.get("/{name}/shifts", response=list[ShiftOut], summary="Who is on call when")
@requires("schedule.read")
def shifts(request: HttpRequest, name: Name, asked: Query[RangeQuery]) -> list[ShiftOut]:
    starts_at = asked.starts or now_of(request)
    ends_at = asked.ends or starts_at + USUAL_RANGE
    if not starts_at < ends_at <= starts_at + RANGE_MAX:
        raise ChangeRefused("to", "is not after from, or more than 3 years later; choose another")
    found = shifts_between(_loaded(schedule_id(name)), starts_at=starts_at, ends_at=ends_at)
    emails = emails_of(UUID(user) for shift in found for user in shift.users)
    return [_shift(shift, emails) for shift in found]


@router.post("/{name}/overrides", response={201: OverrideOut}, summary="Add an override")
@requires("override.create")
def add_override(request: HttpRequest, name: Name, body: OverrideIn) -> Status[OverrideOut]:
    """One that would have begun earlier begins now."""
    found = _detail(request, schedule_id(name))
    caller(request).check("override.create", team_ids=[found.draft.team_id])
    made = override_actions.add_override(
        found.id,
        user_id=person_id(body.user, field="user"),
        starts_at=body.start,
        ends_at=body.end,
        actor=caller(request).actor,
        now=now_of(request),
    )
    added = next(one for one in _detail(request, found.id).overrides if one.id == made.id)
    return Status(201, _override_out(added))


@router.delete("/{name}/overrides/{override}", response={204: None}, summary="End or cancel an override")
@requires("override.create")
def cancel_override(request: HttpRequest, name: Name, override: UUID) -> Status[None]:
    """One under way ends now."""
    found = _detail(request, schedule_id(name))
    caller(request).check("override.create", team_ids=[found.draft.team_id])
    if not Override.objects.filter(id=override, schedule_id=found.id).exists():
        raise NotFound(f"Schedule {found.draft.name} has no override {override}.")
    override_actions.cancel_override(override, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


def _draft(body: ScheduleIn) -> ScheduleDraft:
    return ScheduleDraft(
        name=body.name,
        time_zone=body.time_zone,
        team_id=team_id(body.team, field="team") if body.team else None,
        description=body.description,
    )


def _rotations(rows: Sequence[RotationIn]) -> list[RotationDraft]:
    return [_rotation(row, at=f"rotations[{index}]") for index, row in enumerate(rows)]


def _rotation(row: RotationIn, *, at: str) -> RotationDraft:
    members = tuple(None if one == NOBODY else person_id(one, field=f"{at}.members") for one in row.members)
    try:
        every, unit = parse_every(row.every)
    except ValueError as error:
        raise ChangeRefused(f"{at}.every", str(error)) from error
    weekday, time = _handoff(row.handoff, field=f"{at}.handoff")
    return RotationDraft(
        name=row.name,
        member_ids=members,
        every=every,
        unit=unit,
        handoff_time=time,
        handoff_weekday=weekday,
        starts_date=row.starts,
        ends_at=row.ends,
        per_turn=row.per_turn,
        windows=tuple(_window(window, at=f"{at}.windows[{index}]") for index, window in enumerate(row.windows)),
    )


def _window(row: WindowIn, *, at: str) -> Window:
    starts_weekday, starts_time = _handoff(row.starts, field=f"{at}.starts")
    ends_weekday, ends_time = _handoff(row.ends, field=f"{at}.ends")
    if starts_weekday is None or ends_weekday is None:
        raise ChangeRefused(at, 'has no weekday; write it like "Monday 09:00"')
    return Window(
        starts_weekday=starts_weekday, starts_time=starts_time, ends_weekday=ends_weekday, ends_time=ends_time
    )


def _handoff(text: str, *, field: str) -> tuple[int | None, time]:
    try:
        return parse_handoff(text)
    except ValueError as error:
        raise ChangeRefused(field, str(error)) from error


def _detail(request: HttpRequest, wanted: UUID) -> ScheduleDetail:
    found = schedule(wanted, now=now_of(request))
    if found is None:
        raise NotFound(f"There is no schedule {wanted}.")
    return found


def _shown(request: HttpRequest, wanted: UUID) -> ScheduleOut:
    found = _detail(request, wanted)
    return _out(found, emails_of(_people([found])))


def _loaded(wanted: UUID) -> Schedule:
    loaded = load_schedules([wanted]).get(wanted)
    if loaded is None:
        raise NotFound(f"There is no schedule {wanted}.")
    return loaded


def _people(rows: list[ScheduleDetail]) -> set[UUID]:
    return {user for row in rows for rotation in row.rotations for user in rotation.member_ids if user is not None}


def _shift(shift: Shift, emails: dict[UUID, str]) -> ShiftOut:
    return ShiftOut(
        start=shift.starts_at,
        end=shift.ends_at,
        users=[emails[UUID(user)] for user in shift.users],
        source=shift.source,
    )


def _out(row: ScheduleDetail, emails: dict[UUID, str]) -> ScheduleOut:
    return ScheduleOut(
        id=row.id,
        name=row.draft.name,
        time_zone=row.draft.time_zone,
        team=row.team,
        description=row.draft.description,
        rotations=[_rotation_out(rotation, emails) for rotation in row.rotations],
        overrides=[_override_out(override) for override in row.overrides],
    )


def _rotation_out(row: RotationDraft, emails: dict[UUID, str]) -> RotationOut:
    return RotationOut(
        name=row.name,
        members=[emails[user] if user else NOBODY for user in row.member_ids],
        every=format_every(row.every, Unit(row.unit)),
        handoff=format_handoff(row.handoff_weekday, row.handoff_time),
        starts=row.starts_date,
        ends=row.ends_at,
        per_turn=row.per_turn,
        windows=[
            WindowOut(
                starts=format_handoff(window.starts_weekday, window.starts_time),
                ends=format_handoff(window.ends_weekday, window.ends_time),
            )
            for window in row.windows
        ],
    )


def _override_out(row: OverrideLine) -> OverrideOut:
    return OverrideOut(
        id=row.id,
        user=row.email,
        start=row.starts_at,
        end=row.ends_at,
        created_at=row.created_at,
        created_by=row.created_by,
    )
