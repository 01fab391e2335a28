"""What a schedule, a rotation and a window must look like before they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from watchbill.domain.people.rules import clean_name
from watchbill.ground.refusals import ChangeRefused

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNITS = ("hours", "days", "weeks")
ROTATIONS_MAX = 50
SEATS_MAX = 200
WINDOWS_MAX = 50
EVERY_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowDraft:
    """Weekly, in the schedule's local time; Monday is 0. An end at or before the start lies in the next week."""

    from_weekday: int
    from_time: time
    to_weekday: int
    to_time: time


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationDraft:
    """`members` in turn, None for nobody; `handoff_weekday` (Monday is 0) only for weeks."""

    name: str
    member_ids: tuple[UUID | None, ...]
    every: int
    unit: str
    handoff_time: time
    starts_date: date
    handoff_weekday: int | None = None
    ends_at: datetime | None = None
    per_turn: int = 1
    windows: tuple[WindowDraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDraft:
    name: str
    time_zone: str
    team_id: UUID | None = None
    description: str = ""


def check_rotations(rotations: Sequence[RotationDraft]) -> tuple[RotationDraft, ...]:
    if len(rotations) > ROTATIONS_MAX:
        raise ChangeRefused("rotations", f"has {len(rotations)} rotations; use at most {ROTATIONS_MAX}")
    checked = tuple(_checked(rotation, f"rotations[{index}]") for index, rotation in enumerate(rotations))
    names = [rotation.name for rotation in checked]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ChangeRefused(f"rotations[{index}].name", f"{name!r} stands twice; give every rotation its own name")
    return checked


def windows_to_json(windows: Sequence[WindowDraft]) -> list[dict[str, Any]]:
    return [
        {
            "from_weekday": window.from_weekday,
            "from_time": f"{window.from_time:%H:%M:%S}",
            "to_weekday": window.to_weekday,
            "to_time": f"{window.to_time:%H:%M:%S}",
        }
        for window in windows
    ]


def windows_from_json(rows: Sequence[Mapping[str, Any]]) -> tuple[WindowDraft, ...]:
    return tuple(
        WindowDraft(
            from_weekday=row["from_weekday"],
            from_time=time.fromisoformat(row["from_time"]),
            to_weekday=row["to_weekday"],
            to_time=time.fromisoformat(row["to_time"]),
        )
        for row in rows
    )


def _checked(rotation: RotationDraft, at: str) -> RotationDraft:
    name = clean_name(rotation.name, field=f"{at}.name")
    if rotation.unit not in UNITS:
        raise ChangeRefused(f"{at}.every", f"{rotation.unit!r} is no unit; use hours, days or weeks")
    if not 1 <= rotation.every <= EVERY_MAX:
        raise ChangeRefused(f"{at}.every", f"a turn lasts 1 to {EVERY_MAX} {rotation.unit}; choose one in between")
    if not 1 <= len(rotation.member_ids) <= SEATS_MAX:
        raise ChangeRefused(f"{at}.members", f"name 1 to {SEATS_MAX} people, or nobody")
    if not 1 <= rotation.per_turn <= len(rotation.member_ids):
        raise ChangeRefused(
            f"{at}.per_turn", f"is {rotation.per_turn}; use 1 to {len(rotation.member_ids)}, the number of members"
        )
    if rotation.unit == "weeks" and rotation.handoff_weekday is None:
        raise ChangeRefused(f"{at}.handoff", 'turns of weeks need a weekday too; write it like "Monday 10:00"')
    if rotation.handoff_weekday is not None and not 0 <= rotation.handoff_weekday <= 6:
        raise ChangeRefused(f"{at}.handoff", "the weekday is 0 (Monday) to 6 (Sunday)")
    if rotation.unit != "weeks" and rotation.handoff_weekday is not None:
        raise ChangeRefused(f"{at}.handoff", f'turns of {rotation.unit} have no weekday; write the time alone, "10:00"')
    if rotation.ends_at is not None and rotation.ends_at.tzinfo is None:
        raise ChangeRefused(f"{at}.ends", "has no UTC offset; write it like 2026-12-31T10:00+01:00")
    if len(rotation.windows) > WINDOWS_MAX:
        raise ChangeRefused(f"{at}.windows", f"has {len(rotation.windows)} windows; use at most {WINDOWS_MAX}")
    for index, window in enumerate(rotation.windows):
        if not (0 <= window.from_weekday <= 6 and 0 <= window.to_weekday <= 6):
            raise ChangeRefused(f"{at}.windows[{index}]", "a weekday is 0 (Monday) to 6 (Sunday)")
        if (window.from_weekday, window.from_time) == (window.to_weekday, window.to_time):
            raise ChangeRefused(f"{at}.windows[{index}]", "starts when it ends; leave windows out for the whole week")
    return replace(rotation, name=name)
