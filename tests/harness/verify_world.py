"""A world beside which a Prometheus stands."""

from datetime import datetime, timedelta
from typing import Any

from tests.harness.fake_prometheus import FakePrometheus
from tests.harness.incident_world import IncidentWorld
from tests.harness.setup_verbs import ADMIN
from tests.harness.world import START
from watchbill.domain.errands.contract import Errand
from watchbill.domain.incidents.models import Incident, StepDone
from watchbill.domain.services.check_actions import set_checks
from watchbill.domain.services.check_rules import CheckDraft
from watchbill.domain.services.models import Service
from watchbill.domain.verification.actions import verify
from watchbill.domain.verification.asking import VerifyIncident
from watchbill.domain.verification.models import Verification
from watchbill.engine.following import FollowIncident
from watchbill.ground.http_client import HttpClient
from watchbill.monitoring.prometheus import PrometheusSource


class VerifyWorld(IncidentWorld):
    """`url`: another source than the fake one."""

    def __init__(self, *, at: datetime = START, url: str = "") -> None:
        super().__init__(at=at)
        self._url = url
        self.prometheus = FakePrometheus()
        self.prometheus.__enter__()

    def __enter__(self) -> "VerifyWorld":
        super().__enter__()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        try:
            super().__exit__(kind, *rest)
        finally:
            self.prometheus.__exit__(kind, *rest)

    def build_errands(self, http: HttpClient) -> tuple[Errand[Any], ...]:
        source = PrometheusSource(
            self._url or self.prometheus.url, http=http, patience=timedelta(seconds=5 if self._url else 1)
        )
        return (FollowIncident(self.followers()), VerifyIncident(source))

    def is_healthy_when(self, service: Service, **checks: str) -> None:
        """By name: the query and the limit, parted by a bar. The unit stands behind a second one."""
        drafts = []
        for name, text in checks.items():
            query, limit, unit = (*(part.strip() for part in text.split("|")), "")[:3]
            drafts.append(CheckDraft(name=name, query=query, healthy_when=limit, unit=unit))
        set_checks(service.id, drafts, actor=ADMIN, now=self.now)

    def verifies(self, incident: Incident, *, by: str = "engineer") -> Verification:
        """Asked and answered."""
        made = self.verifies_only(incident, by=by)
        self.settle()
        return Verification.objects.get(id=made.id)

    def verifies_only(self, incident: Incident, *, by: str = "engineer") -> Verification:
        return verify(incident_id=incident.id, has_source=True, actor=self.person(by), now=self.now)

    def step_of(self, incident: Incident) -> StepDone | None:
        return StepDone.objects.filter(incident=incident, phase="resolve", step="verify").first()
