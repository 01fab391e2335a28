"""What a schedule, a rotation and a window must look like before they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from watchbill.domain.oncall.rules import Rotation, Unit, Window
from watchbill.domain.people.rules import clean_name
from watchbill.ground.refusals import ChangeRefused

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ROTATIONS_MAX = 50
SEATS_MAX = 200
WINDOWS_MAX = 50
EVERY_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationDraft:
    """`member_ids` in turn, None for nobody; `handoff_weekday` (Monday is 0) only for weeks."""

    name: str
    member_ids: tuple[UUID | None, ...]
    every: int
    unit: str
    handoff_time: time
    starts_date: date
    handoff_weekday: int | None = None
    ends_at: datetime | None = None
    per_turn: int = 1
    windows: tuple[Window, ...] = ()


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


def rotation_rule(
    draft: RotationDraft,
    *,
    members: Sequence[str | None],
    effective_at: datetime | None = None,
    retired_at: datetime | None = None,
) -> Rotation:
    """As the calculation wants it. `members`: what it is to answer, in turn, instead of the draft's ids."""
    return Rotation(
        name=draft.name,
        members=tuple(members),
        every=draft.every,
        unit=Unit(draft.unit),
        handoff_time=draft.handoff_time,
        handoff_weekday=draft.handoff_weekday,
        starts_date=draft.starts_date,
        ends_at=draft.ends_at,
        per_turn=draft.per_turn,
        windows=draft.windows,
        effective_at=effective_at,
        retired_at=retired_at,
    )


def windows_to_json(windows: Sequence[Window]) -> list[dict[str, Any]]:
    """`windows_from_json` reads it back."""
    return [
        {
            "starts_weekday": window.starts_weekday,
            "starts_time": window.starts_time.isoformat(),
            "ends_weekday": window.ends_weekday,
            "ends_time": window.ends_time.isoformat(),
        }
        for window in windows
    ]


def windows_from_json(rows: Sequence[Mapping[str, Any]]) -> tuple[Window, ...]:
    return tuple(
        Window(
            starts_weekday=row["starts_weekday"],
            starts_time=time.fromisoformat(row["starts_time"]),
            ends_weekday=row["ends_weekday"],
            ends_time=time.fromisoformat(row["ends_time"]),
        )
        for row in rows
    )


def _checked(rotation: RotationDraft, at: str) -> RotationDraft:
    name = clean_name(rotation.name, field=f"{at}.name")
    if rotation.unit not in tuple(Unit):
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
        if not (0 <= window.starts_weekday <= 6 and 0 <= window.ends_weekday <= 6):
            raise ChangeRefused(f"{at}.windows[{index}]", "a weekday is 0 (Monday) to 6 (Sunday)")
    return replace(rotation, name=name)
