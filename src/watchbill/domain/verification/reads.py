"""What stands beside Verify: the last answers, what can be asked, and which alerts still fire."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from watchbill.domain.alerts.models import Alert, AlertState
from watchbill.domain.incidents.models import Incident
from watchbill.domain.services.models import HealthCheck, Service
from watchbill.domain.verification.models import CheckResult, Verdict, Verification

FIRING_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`checks` counts what would be asked now; `unwatched`: the services that have no check."""

    latest: Verification | None
    results: tuple[CheckResult, ...]
    checks: int
    unwatched: tuple[Service, ...]
    firing: tuple[Alert, ...]
    firing_count: int


def standing_of(incident: Incident) -> Standing:
    """For an incident that the viewer may see."""
    latest = Verification.objects.filter(incident=incident).order_by("-asked_at", "-id").first()
    checked = list(checks_of(incident).values_list("service_id", flat=True))
    firing = firing_alerts(incident)
    return Standing(
        latest=latest,
        results=tuple(latest.results.order_by("position")) if latest is not None else (),
        checks=len(checked),
        unwatched=tuple(services_of(incident).exclude(id__in=checked).order_by("name")),
        firing=tuple(firing.select_related("service").order_by("-opened_at")[:FIRING_SHOWN]),
        firing_count=firing.count(),
    )


def services_of(incident: Incident) -> QuerySet[Service]:
    """The one it was declared for, and the affected ones."""
    affected = Q(id__in=incident.affected.values("service_id"))
    return Service.objects.filter(affected | Q(id=incident.service_id), archived_at=None)


def checks_of(incident: Incident) -> QuerySet[HealthCheck]:
    rows = HealthCheck.objects.filter(service__in=services_of(incident)).select_related("service")
    return rows.order_by("service__name", "position")


def firing_alerts(incident: Incident) -> QuerySet[Alert]:
    """Everything that is not resolved in its services: their sources still see it."""
    return Alert.objects.filter(service__in=services_of(incident)).exclude(state=AlertState.RESOLVED)


def next_to_ask(verification_id: UUID) -> CheckResult | None:
    return (
        CheckResult.objects.filter(verification_id=verification_id, verdict=Verdict.WAITING)
        .order_by("position")
        .first()
    )
