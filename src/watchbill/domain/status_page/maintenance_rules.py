"""Where announced work stands, by the time. Pure."""

from datetime import datetime
from enum import StrEnum

from watchbill.domain.status_page.models import PublicMaintenance


class MaintenanceStatus(StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


def end_of(row: PublicMaintenance) -> datetime:
    """The earliest of what was announced, what was said since, and the inner window's own end."""
    ends = [row.ends_at, row.ended_at or row.ends_at]
    if row.window is not None:
        ends.append(max(row.window.ends_at, row.starts_at))
    return min(ends)


def is_called_off(row: PublicMaintenance) -> bool:
    return row.cancelled_at is not None or (row.window is not None and row.window.cancelled_at is not None)


def status_of(row: PublicMaintenance, *, now: datetime) -> MaintenanceStatus:
    if now < row.starts_at:
        return MaintenanceStatus.SCHEDULED
    return MaintenanceStatus.IN_PROGRESS if now < end_of(row) else MaintenanceStatus.COMPLETED
