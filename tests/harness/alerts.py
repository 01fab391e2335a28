"""Alerts at this host's own time, for tests that go through a door."""

from tests.harness.cast import Cast
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.source_actions import open_alert
from watchbill.domain.audit.contract import Actor
from watchbill.ground.clock import SystemClock


def fire(cast: Cast, key: str = "disk-full", *, summary: str = "", urgency: str = "high", **more: object) -> Alert:
    values: dict[str, object] = {"integration": cast.integration, "severity": "critical", **more}
    return open_alert(
        dedup_key=key,
        summary=summary or key,
        urgency=urgency,
        actor=Actor(kind="source", label="monitoring", via="ingest"),
        now=SystemClock().now(),
        **values,  # type: ignore[arg-type]  # a shorthand for tests
    )
