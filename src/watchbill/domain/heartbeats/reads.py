"""Heartbeats for screens, API and CLI."""

from collections.abc import Sequence
from uuid import UUID

from watchbill.domain.heartbeats.models import Heartbeat


def heartbeats_of_service(service_id: UUID) -> Sequence[Heartbeat]:
    """Those that are in use, with their integration, by name."""
    return list(
        Heartbeat.objects.filter(integration__service_id=service_id, integration__removed_at=None)
        .select_related("integration")
        .order_by("integration__name", "id")
    )
