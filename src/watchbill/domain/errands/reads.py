"""What is late, and why."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from watchbill.domain.errands.models import Errand

_TAKEN_UP_WITHIN = timedelta(minutes=1)


def troubles(kind: str, subject_ids: Iterable[UUID]) -> dict[UUID, Errand]:
    """The errands that failed last time, by subject."""
    rows = Errand.objects.filter(kind=kind, subject_id__in=list(subject_ids), failures__gt=0)
    return {row.subject_id: row for row in rows}


def late_count(*, now: datetime) -> int:
    """Those that failed last time, and those that nobody took up: no worker is there, or it does not come round."""
    overdue = Q(due_at__lt=now - _TAKEN_UP_WITHIN) & (Q(lease_until=None) | Q(lease_until__lt=now - _TAKEN_UP_WITHIN))
    return Errand.objects.filter(Q(failures__gt=0) | overdue).count()
