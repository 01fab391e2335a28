"""`explain` for a service: the whole chain of people, as an alert at that time would meet it."""

from dataclasses import dataclass
from datetime import datetime

from watchbill.domain.escalation.explain import Ladder, explain_plan
from watchbill.domain.escalation.rules import WHY_AFTER_MAINTENANCE
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.services.models import MaintenanceWindow, Service
from watchbill.domain.services.routing import Window, silent_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`maintenance_until`: alerts are kept and not paged before that; the ladder then starts there."""

    service: str
    maintenance_until: datetime | None
    ladder: Ladder


def explain(service: Service, *, urgency: str, at: datetime, ways: Ways) -> Explanation:
    """`service` with `policy__current_version__policy` selected costs the fewest queries."""
    rows = MaintenanceWindow.objects.filter(service=service, cancelled_at=None, ends_at__gt=at)
    windows = [Window(id=row.id, starts_at=row.starts_at, ends_at=row.ends_at) for row in rows]
    until = silent_until(windows, at=at)
    version = service.policy.current_version if service.policy else None
    because = WHY_AFTER_MAINTENANCE if until else ""
    ladder = explain_plan(version, urgency=urgency, at=until or at, because=because, ways=ways)
    return Explanation(service=service.name, maintenance_until=until, ladder=ladder)
