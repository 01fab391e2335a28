"""Debian's Alertmanager sends to a real instance in both ways it knows: its PagerDuty receiver with another address,
and its webhook. What counts is what reached the phone and what REST tells afterwards.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness.instances import free_port, wait_for
from tests.harness.product import Product

pytestmark = pytest.mark.lab

OWNER = "owner@example.org"
PAGERDUTY_KEY = "R00000000000000000000000000lab01"
WEBHOOK_KEY = "am-lab-0123456789abcdef"
ORGANIZATION = f"""
organization: {{name: Example, time_zone: UTC, fallback: [{OWNER}]}}
users:
  - {{email: {OWNER}, name: The Owner, role: owner}}
  - email: responder@example.org
    name: First Responder
    role: responder
    contacts: [{{name: hook, kind: webhook, address: "HOOKS/responder"}}]
policies:
  - {{name: checkout, levels: [{{targets: ["user:responder@example.org"], timeout: 10m}}]}}
services:
  - name: checkout
    policy: checkout
    integrations:
      - {{kind: pagerduty-events-v2, key: {PAGERDUTY_KEY}}}
      - {{kind: alertmanager, key: {WEBHOOK_KEY}}}
"""
CONFIGURATION = """
route:
  receiver: webhook
  group_by: [alertname, instance]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1s
  routes:
    - {{receiver: pagerduty, matchers: ['way="pagerduty"']}}
receivers:
  - name: pagerduty
    pagerduty_configs:
      - routing_key: {pagerduty_key}
        url: "{url}/v2/enqueue"
        send_resolved: true
        severity: critical
        description: "{{{{ .CommonAnnotations.summary }}}}"
  - name: webhook
    webhook_configs:
      - {{url: "{url}/in/alertmanager/{webhook_key}", send_resolved: true}}
"""


class Alertmanager:
    def __init__(self, directory: Path, configuration: str) -> None:
        file = directory / "alertmanager.yml"
        file.write_text(configuration)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = directory / "alertmanager.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus-alertmanager",
                    f"--config.file={file}",
                    f"--storage.path={directory / 'alertmanager'}",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
        wait_for("Alertmanager", self._ready_or_ended)
        assert self.process.poll() is None, self.log.read_text()

    def _ready_or_ended(self) -> bool:
        try:
            return self.process.poll() is not None or httpx.get(f"{self.url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def post(self, labels: dict[str, str], summary: str, *, ended: bool = False) -> None:
        now = datetime.now(UTC)
        ends_at = now - timedelta(seconds=1) if ended else now + timedelta(hours=1)
        alert = {
            "labels": labels,
            "annotations": {"summary": summary, "runbook_url": "https://wiki.example.org/disk"},
            "generatorURL": "https://prometheus.example.org/graph",
            "startsAt": (now - timedelta(minutes=1)).isoformat(),
            "endsAt": ends_at.isoformat(),
        }
        answer = httpx.post(f"{self.url}/api/v2/alerts", json=[alert])
        assert answer.status_code == 200, answer.text

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with Product(ORGANIZATION) as started:
        yield started


@pytest.fixture(scope="module")
def alertmanager(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    configuration = CONFIGURATION.format(url=product.url, pagerduty_key=PAGERDUTY_KEY, webhook_key=WEBHOOK_KEY)
    started = Alertmanager(tmp_path_factory.mktemp("alertmanager"), configuration)
    yield started
    started.stop()


def page_about(product: Product, summary: str) -> dict[str, Any] | None:
    bodies: list[dict[str, Any]] = [json.loads(request.body) for request in list(product.hooks.requests)]
    return next((body for body in bodies if summary in json.dumps(body)), None)


def shown(product: Product, summary: str) -> dict[str, Any]:
    with product.api(OWNER) as api:
        found = api.get("alerts", params={"q": summary}).json()["items"]
        assert len(found) == 1, found
        detail: dict[str, Any] = api.get(f"alerts/{found[0]['id']}").json()
        return {**detail, "events": api.get(f"alerts/{found[0]['id']}/events").json()}


def until(product: Product, summary: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    def probe() -> dict[str, Any] | None:
        found = shown(product, summary)
        return found if holds(found) else None

    return wait_for(summary, probe, seconds=30)


@pytest.mark.parametrize(("way", "kind"), [("pagerduty", "pagerduty-events-v2"), ("webhook", "alertmanager")])
def test_firing_pages_repeating_dedupes_and_resolving_resolves(
    product: Product, alertmanager: Alertmanager, way: str, kind: str
) -> None:
    product.token(OWNER)  # made before the clock runs: a command takes a second or two to start
    summary = f"Disk by {way}"
    labels = {"alertname": f"DiskFills{way}", "instance": "node-3", "severity": "critical", "way": way}
    began = time.monotonic()
    alertmanager.post(labels, summary)
    wait_for("the page", lambda: page_about(product, summary), seconds=20)
    told_after = time.monotonic() - began
    print(f"{way}: on the phone after {told_after:.2f} s")

    firing = until(product, summary, lambda alert: alert["events_count"] >= 3)
    assert firing["status"] == "triggered"
    assert summary in firing["summary"]
    assert firing["severity"] == "critical"
    assert [page["email"] for page in firing["pages"]] == ["responder@example.org"]

    alertmanager.post(labels, summary, ended=True)
    resolved = until(product, summary, lambda alert: alert["status"] == "resolved")
    assert [page["state"] for page in resolved["pages"]] == ["answered"]
    assert sum(summary in request.body.decode() for request in list(product.hooks.requests)) == 1
    assert lineage(resolved) == [("new", "trigger"), ("deduped", "trigger"), ("resolved", "resolve")]
    assert_raw(resolved["events"], kind, labels)
    actions = [entry["action"] for entry in resolved["timeline"]]
    assert actions[0] == "alert.triggered"
    assert actions[-1] == "alert.resolved"
    assert {"escalation.paged", "page.sent"} <= set(actions)
    assert resolved["timeline"][0]["actor"] == f"{kind} of checkout"


def lineage(alert: dict[str, Any]) -> list[tuple[str, str]]:
    """What became of each event, oldest first, the repeats in between told once."""
    came = sorted(alert["events"], key=lambda event: event["received_at"])
    return list(dict.fromkeys((event["disposition"], event["action"]) for event in came))


def assert_raw(events: list[dict[str, Any]], kind: str, labels: dict[str, str]) -> None:
    """Each event is kept as it came."""
    for event in events:
        body = json.loads(event["body"])
        if kind == "alertmanager":
            assert body["version"] == "4"
            assert body["alerts"][0]["labels"] == labels
        else:
            assert body["event_action"] == event["action"]
            assert "node-3" in event["body"]
