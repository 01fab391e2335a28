"""Which services need which, both ways, near and far."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from watchbill.domain.services.dependency_rules import reached_from
from watchbill.domain.services.models import Dependency, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependent:
    """A service that would suffer, and by which way: the names from the service at fault up to this one."""

    service: Service
    way: tuple[str, ...]

    @property
    def because(self) -> str:
        """`needs payments`, or `needs checkout, which needs payments`."""
        return ", which ".join(f"needs {name}" for name in reversed(self.way[:-1]))


def needs_by_service() -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for service_id, needs_id in Dependency.objects.order_by("id").values_list("service_id", "needs_id"):
        found.setdefault(service_id, []).append(needs_id)
    return found


def needed_by(service_id: UUID) -> QuerySet[Service]:
    """The services that need it directly."""
    return Service.objects.filter(dependencies__needs_id=service_id, archived_at=None).order_by("name")


def dependents_of(service_ids: Iterable[UUID]) -> list[Dependent]:
    """Everything that needs one of these, directly or through others; the nearest first, without these."""
    links: dict[UUID, list[UUID]] = {}
    for service_id, needs in needs_by_service().items():
        for one in needs:
            links.setdefault(one, []).append(service_id)
    ways = reached_from(links, sorted(set(service_ids)))
    rows = {
        row.id: row
        for row in Service.objects.filter(id__in={one for way in ways.values() for one in way}, archived_at=None)
    }
    names = {one: row.name for one, row in rows.items()}
    found = [
        Dependent(service=rows[one], way=tuple(names.get(step, "?") for step in way))
        for one, way in ways.items()
        if one in rows
    ]
    return sorted(found, key=lambda one: (len(one.way), one.service.name))
