"""Short ways to write schedules in tests."""

from datetime import date, datetime, time

from watchbill.domain.oncall.rules import Override, Rotation, Schedule, Unit, Window

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def rotation(*members: str | None, **changes: object) -> Rotation:
    """Weekly, Monday 10:00, from 2026-01-05 on, unless said otherwise."""
    values: dict[str, object] = {
        "name": "weekly",
        "members": members,
        "every": 1,
        "unit": Unit.WEEKS,
        "handoff_time": time(10),
        "handoff_weekday": None,
        "starts_date": date(2026, 1, 5),
        "ends_at": None,
    }
    return Rotation(**(values | changes))  # type: ignore[arg-type]  # the tests say what they mean


def daily(*members: str | None, at: time, **changes: object) -> Rotation:
    return rotation(*members, unit=Unit.DAYS, handoff_time=at, **{"name": "daily", **changes})


def schedule(time_zone: str, *rotations: Rotation, overrides: tuple[Override, ...] = ()) -> Schedule:
    return Schedule(name="payments", time_zone=time_zone, rotations=rotations, overrides=overrides)


def window(starts: str, ends: str) -> Window:
    """`window("Friday 18:00", "Monday 08:00")`"""
    (starts_weekday, starts_time), (ends_weekday, ends_time) = starts.split(), ends.split()
    return Window(
        starts_weekday=WEEKDAYS.index(starts_weekday),
        starts_time=time.fromisoformat(starts_time),
        ends_weekday=WEEKDAYS.index(ends_weekday),
        ends_time=time.fromisoformat(ends_time),
    )


def override(
    user: str, starts_at: str, ends_at: str, *, created_at: str = "2026-01-01T00:00Z", id: str = "1"
) -> Override:
    return Override(user=user, starts_at=utc(starts_at), ends_at=utc(ends_at), created_at=utc(created_at), id=id)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)
