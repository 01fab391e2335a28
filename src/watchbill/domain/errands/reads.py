"""What is late, and why."""

from collections.abc import Iterable
from uuid import UUID

from watchbill.domain.errands.models import Errand


def troubles(kind: str, subject_ids: Iterable[UUID]) -> dict[UUID, Errand]:
    """The errands that failed last time, by subject."""
    rows = Errand.objects.filter(kind=kind, subject_id__in=list(subject_ids), failures__gt=0)
    return {row.subject_id: row for row in rows}


def late_count() -> int:
    return Errand.objects.filter(failures__gt=0).count()
