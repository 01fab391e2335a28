"""What is published, as the rooms above and the screens ask for it."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import F, QuerySet

from watchbill.domain.status_page.models import (
    Component,
    PublicIncident,
    PublicUpdate,
    StatusPage,
    Subscriber,
)


def page() -> StatusPage | None:
    """None before anything was set up or published."""
    return StatusPage.objects.first()


def components() -> list[Component]:
    """Those that are on the page or may be, in the order in which it shows them: without a group first."""
    return list(_in_order(Component.objects.filter(removed_at=None)))


def public_incident_of(incident_id: UUID) -> PublicIncident | None:
    """What the public knows of an incident; None when nothing was published, or all of it was retracted."""
    return PublicIncident.objects.filter(incident_id=incident_id, retracted_at=None).first()


def public_incident(public_id: UUID) -> PublicIncident | None:
    return PublicIncident.objects.filter(id=public_id, retracted_at=None).first()


def public_incidents(*, limit: int) -> list[PublicIncident]:
    """The latest first."""
    return list(PublicIncident.objects.filter(retracted_at=None).order_by("-started_at", "-id")[:limit])


def updates_of(public_ids: Iterable[UUID]) -> dict[UUID, list[PublicUpdate]]:
    """In the order in which they were published, without those that were retracted."""
    found: dict[UUID, list[PublicUpdate]] = {one: [] for one in public_ids}
    rows = PublicUpdate.objects.filter(public_incident_id__in=list(found), retracted_at=None)
    for row in rows.order_by("public_incident_id", "number"):
        found[row.public_incident_id].append(row)
    return found


def subscribers_count() -> dict[str, int]:
    """By kind, those that are told."""
    kinds = Subscriber.objects.exclude(confirmed_at=None).filter(ended_at=None).values_list("kind", flat=True)
    found: dict[str, int] = {}
    for kind in kinds:
        found[kind] = found.get(kind, 0) + 1
    return found


def _in_order(rows: QuerySet[Component]) -> QuerySet[Component]:
    return rows.select_related("group", "service").order_by(
        F("group__position").asc(nulls_first=True), "group__name", "position", "name"
    )
