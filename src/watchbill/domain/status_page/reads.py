"""What is published, as the rooms above and the screens ask for it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet

from watchbill.domain.errands.models import Errand
from watchbill.domain.errands.reads import troubles
from watchbill.domain.people.models import Organization
from watchbill.domain.status_page.maintenance_rules import end_of, is_called_off
from watchbill.domain.status_page.models import (
    Component,
    PublicIncident,
    PublicMaintenance,
    PublicUpdate,
    StatusPage,
    Subscriber,
)
from watchbill.domain.status_page.rules import WRITE, WRITTEN_EVERY

MAINTENANCES_MAX = 200
SUBSCRIBERS_MAX = 500


def page() -> StatusPage | None:
    """None before anything was set up or published."""
    return StatusPage.objects.first()


def public_zone() -> ZoneInfo:
    """In which times are shown to the public and to customers: the page's own, otherwise the organization's."""
    held, organization = page(), Organization.objects.filter(id=1).first()
    own = held.time_zone if held is not None else ""
    return ZoneInfo(own or (organization.time_zone if organization is not None else "UTC"))


def changes_of_page() -> int:
    return StatusPage.objects.values_list("changes", flat=True).first() or 0


def components() -> list[Component]:
    """Those that are on the page or may be, in the order in which it shows them: without a group first."""
    return list(_in_order(Component.objects.filter(removed_at=None)))


def component_id_of(text: str) -> UUID | None:
    """By id or name."""
    return next((one.id for one in components() if text in (str(one.id), one.name)), None)


def public_incident_of(incident_id: UUID) -> PublicIncident | None:
    """What the public knows of an incident; None when nothing was published, or all of it was retracted."""
    return PublicIncident.objects.filter(incident_id=incident_id, retracted_at=None).first()


def public_incident(public_id: UUID) -> PublicIncident | None:
    return PublicIncident.objects.filter(id=public_id, retracted_at=None).first()


def public_update(update_id: UUID) -> PublicUpdate | None:
    rows = PublicUpdate.objects.select_related("public_incident")
    return rows.filter(id=update_id, retracted_at=None).first()


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


def maintenances() -> list[PublicMaintenance]:
    """Those that were not called off, the latest start first."""
    rows = PublicMaintenance.objects.select_related("window").prefetch_related("components").filter(cancelled_at=None)
    return [one for one in rows.order_by("-starts_at", "-id")[:MAINTENANCES_MAX] if not is_called_off(one)]


def is_to_be_written(*, now: datetime) -> bool:
    """Something changed, maintenance began or ended, or the files are old."""
    held = page()
    if held is None:
        return False
    if held.written_at is None or held.written_changes != held.changes or now - held.written_at >= WRITTEN_EVERY:
        return True
    hours = [hour for one in maintenances() for hour in (one.starts_at, end_of(one))]
    return any(held.written_at < hour <= now for hour in hours)


def trouble() -> Errand | None:
    """Why the files could not be written, if they could not."""
    held = page()
    return troubles(WRITE, [held.id]).get(held.id) if held is not None else None


def subscribers_count() -> dict[str, int]:
    """By kind, those that are told."""
    kinds = Subscriber.objects.exclude(confirmed_at=None).filter(ended_at=None).values_list("kind", flat=True)
    found: dict[str, int] = {}
    for kind in kinds:
        found[kind] = found.get(kind, 0) + 1
    return found


def subscribers(*, limit: int = SUBSCRIBERS_MAX) -> list[Subscriber]:
    """Those that are told or were asked whether they want to be; the latest first."""
    return list(Subscriber.objects.filter(ended_at=None).order_by("-asked_at", "-id")[:limit])


def _in_order(rows: QuerySet[Component]) -> QuerySet[Component]:
    return rows.select_related("group", "service").order_by(
        F("group__position").asc(nulls_first=True), "group__name", "position", "name"
    )
