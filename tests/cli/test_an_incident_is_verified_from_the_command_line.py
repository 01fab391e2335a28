"""On the host: when services are healthy and what they need, which severity to choose, and whether it is over."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from tests.harness.verify_world import VerifyWorld
from watchbill import composition
from watchbill.cli.main import root
from watchbill.config import config
from watchbill.ground.clock import SystemClock
from watchbill.ground.refusals import ChangeRefused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> Iterator[VerifyWorld]:
    with VerifyWorld(at=SystemClock().now()) as made:
        yield made


@pytest.fixture
def prometheus_url(monkeypatch: pytest.MonkeyPatch, world: VerifyWorld) -> Iterator[str]:
    monkeypatch.setenv("WATCHBILL_PROMETHEUS_URL", world.prometheus.url)
    config.cache_clear()
    yield world.prometheus.url
    monkeypatch.undo()
    config.cache_clear()


def run(*words: str) -> str:
    result = ask(*words)
    assert result.exit_code == 0, result.output
    return result.output


def ask(*words: str) -> Result:
    return CliRunner().invoke(root(), list(words), env={"COLUMNS": "250"})


def test_a_severity_is_suggested(world: VerifyWorld) -> None:
    assert "data-breach" in run("severity", "list")
    assert run("severity", "suggest", "--customers", "many", "--holds", "data-breach") == (
        "SEV1\n  SEV1: A data breach is confirmed or suspected\n  SEV2: Customers who notice it: many of them\n"
    )
    assert json.loads(run("severity", "suggest", "--customers", "some", "--json"))["severity"] == "sev3"
    assert "Nothing is answered" in run("severity", "suggest")
    assert isinstance(ask("severity", "suggest", "--holds", "fire").exception, ChangeRefused)


def test_a_service_says_when_it_is_healthy_and_what_it_needs(world: VerifyWorld) -> None:
    world.another_service("ledger")
    run("service", "check", "checkout", "errors", "--query", "errors", "--healthy-when", "< 1", "--unit", "%")
    run("service", "check", "checkout", "up", "--query", "up", "--healthy-when", "== 1")
    run("service", "check", "checkout", "up", "--query", "sum(up)", "--healthy-when", "> 1")
    run("service", "uncheck", "checkout", "errors")
    assert json.loads(run("service", "checks", "checkout", "--json")) == [
        {"name": "up", "healthy_when": "> 1", "unit": "", "query": "sum(up)"}
    ]
    run("service", "needs", "checkout", "ledger")
    assert {"service": "checkout", "needs": ["ledger"]} in json.loads(run("service", "map", "--json"))
    assert isinstance(ask("service", "needs", "ledger", "checkout").exception, ChangeRefused)
    run("service", "needs", "checkout")
    assert "No service needs another" in run("service", "map")


def test_it_is_verified_and_read(world: VerifyWorld, prometheus_url: str) -> None:
    incident = world.declares("sev4")
    number = str(incident.number)
    assert "Nothing was asked yet" in run("incident", "verification", number)
    run("service", "check", "checkout", "errors", "--query", "errors", "--healthy-when", "< 1", "--unit", "%")
    world.prometheus.knows = {"errors": [({}, 2.0)]}
    assert composition.has_metrics()
    run("incident", "verify", number)
    world.clock.move_to(SystemClock().now())
    world.settle()
    assert json.loads(run("incident", "verification", number, "--json"))["results"] == [
        {"service": "checkout", "check": "errors", "verdict": "Not healthy", "healthy_when": "< 1", "words": "2 %"}
    ]
    assert "Not healthy" in run("incident", "verification", number)


def test_related_incidents_are_listed_and_a_dependent_service_is_named(world: VerifyWorld) -> None:
    world.another_service("shop")
    run("service", "needs", "shop", "checkout")
    first, second = world.declares("sev4"), world.declares("sev4", title="Again")
    told = run("incident", "related", str(second.number))
    assert f"{first.number} " in told
    assert "the same service, checkout" in told
    assert "May be affected too: shop needs checkout." in told
    run("incident", "affected", str(second.number), "shop", "--add")
    assert "May be" not in run("incident", "related", str(second.number))
