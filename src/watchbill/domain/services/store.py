"""Integrations by the digest of their key: the hot path of every event that comes in."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from watchbill.domain.services.routing import Window

_ROUTES = """
SELECT integration.digest, integration.id, integration.kind, service.id AS service_id, service.name AS service_name,
       service.urgency_rule, policy.current_version_id AS policy_version_id
FROM services_integration AS integration
JOIN services_service AS service ON service.id = integration.service_id
LEFT JOIN escalation_policy AS policy ON policy.id = service.policy_id
WHERE integration.digest = ANY($1::text[]) AND integration.removed_at IS NULL AND service.archived_at IS NULL
"""
_WINDOWS = """
SELECT service_id, id, starts_at, ends_at FROM services_maintenancewindow
WHERE service_id = ANY($1::uuid[]) AND cancelled_at IS NULL AND ends_at > $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where an integration's events go. `label` names it in the audit trail."""

    integration_id: UUID
    kind: str
    service_id: UUID
    service_name: str
    urgency_rule: str
    policy_version_id: UUID | None
    windows: tuple[Window, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.kind} of {self.service_name}"


async def load_routes(connection: Any, digests: Sequence[str], *, now: datetime) -> dict[str, Route]:
    """By digest; a digest that no living integration has is absent. `connection` is asyncpg's."""
    rows = await connection.fetch(_ROUTES, digests)
    windows: dict[UUID, list[Window]] = defaultdict(list)
    if rows:
        for row in await connection.fetch(_WINDOWS, [row["service_id"] for row in rows], now):
            windows[row["service_id"]].append(Window(id=row["id"], starts_at=row["starts_at"], ends_at=row["ends_at"]))
    return {
        row["digest"]: Route(
            integration_id=row["id"],
            kind=row["kind"],
            service_id=row["service_id"],
            service_name=row["service_name"],
            urgency_rule=row["urgency_rule"],
            policy_version_id=row["policy_version_id"],
            windows=tuple(windows[row["service_id"]]),
        )
        for row in rows
    }
