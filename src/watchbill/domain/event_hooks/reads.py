"""Endpoints as an admin, the API and the doctor look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from watchbill.domain.event_hooks.models import DeliveryState, EventDelivery, EventHook
from watchbill.domain.incidents.reads import Viewer, visible_to
from watchbill.ground.identity import uuid_in

RECENT = 50
_FAILING_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookLine:
    hook: EventHook
    waiting: int
    given_up: int


def hooks() -> list[HookLine]:
    """By name."""
    rows = EventHook.objects.filter(removed_at=None).select_related("service")
    counted = rows.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=DeliveryState.PENDING)),
        given_up=Count("deliveries", filter=Q(deliveries__state=DeliveryState.GIVEN_UP)),
    )
    return [HookLine(hook=row, waiting=row.waiting, given_up=row.given_up) for row in counted.order_by("name")]


def hook_line(hook_id: UUID) -> HookLine | None:
    return next((line for line in hooks() if line.hook.id == hook_id), None)


def hook_id_of(name_or_id: str) -> UUID | None:
    rows = EventHook.objects.filter(removed_at=None)
    identity = uuid_in(name_or_id)
    found = rows.filter(id=identity) if identity is not None else rows.filter(name=name_or_id)
    return found.values_list("id", flat=True).first()


def recent_deliveries(hook_id: UUID, *, viewer: Viewer, limit: int = RECENT) -> list[EventDelivery]:
    """The newest first; of incidents that the viewer may see, also where the endpoint is told of more."""
    rows = EventDelivery.objects.filter(hook_id=hook_id, incident__in=visible_to(viewer).values("id"))
    return list(rows.select_related("incident").order_by("-entry_id")[:limit])


def delivery_is_visible(hook_id: UUID, delivery_id: UUID, *, viewer: Viewer) -> bool:
    rows = EventDelivery.objects.filter(hook_id=hook_id, id=delivery_id)
    return rows.filter(incident__in=visible_to(viewer).values("id")).exists()


def in_trouble(*, now: datetime) -> Sequence[EventHook]:
    """Paused, or without a delivery for an hour although there was something to deliver."""
    rows = EventHook.objects.filter(removed_at=None)
    return list(rows.filter(~Q(paused_at=None) | Q(failing_since__lt=now - _FAILING_FOR)).order_by("name"))
