"""Which urgency an alert has, and which maintenance window holds it back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.people.models import Urgency
from watchbill.domain.services.models import UrgencyRule

_WAKES = frozenset({"critical", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Maintenance from `starts_at` until before `ends_at`."""

    id: UUID
    starts_at: datetime
    ends_at: datetime


def urgency_of(rule: str, severity: str) -> str:
    if rule == UrgencyRule.BY_SEVERITY:
        return Urgency.HIGH.value if severity in _WAKES else Urgency.LOW.value
    return Urgency.LOW.value if rule == UrgencyRule.LOW else Urgency.HIGH.value


def window_at(windows: Iterable[Window], *, now: datetime) -> Window | None:
    """Of several open ones, the one that ends last: the alert is held back until all are over."""
    open_now = [window for window in windows if window.starts_at <= now < window.ends_at]
    return max(open_now, key=lambda window: window.ends_at, default=None)


def silent_until(windows: Iterable[Window], *, at: datetime) -> datetime | None:
    """When an alert of `at` is paged, None: at once. A window that begins before another is over prolongs it."""
    held, until = list(windows), None
    while (window := window_at(held, now=until or at)) is not None:
        until = window.ends_at
    return until
