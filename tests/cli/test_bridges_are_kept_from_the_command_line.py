"""On the host: the pool of bridges, and the bridge of one incident."""

import json

import pytest
from typer.testing import CliRunner, Result

from tests.harness.incident_world import IncidentWorld
from watchbill.cli.main import root
from watchbill.domain.bridges.actions import GiveBridge
from watchbill.domain.incidents.models import Incident
from watchbill.ground.clock import SystemClock
from watchbill.ground.refusals import ChangeRefused, Unknown

pytestmark = pytest.mark.parametrize("incident_world", ["real"], indirect=True)


def run(*words: str) -> str:
    result = ask(*words)
    assert result.exit_code == 0, result.output
    return result.output


def ask(*words: str) -> Result:
    return CliRunner().invoke(root(), list(words), env={"COLUMNS": "200"})


@pytest.fixture
def incident(incident_world: IncidentWorld) -> Incident:
    run("bridge", "add", "Incident bridge", "--kind", "zoom", "--url", "https://zoom.us/j/1", "--team", "payments")
    run("bridge", "add", "Conference", "--kind", "phone", "--phone", "+49 30 1234567", "--pin", "4711")
    run("incident", "declare", "Checkout is down", "--severity", "sev1", "--service", "checkout")
    made = Incident.objects.get()
    GiveBridge()(made.id, SystemClock().now())  # what the worker does a moment later
    return made


def test_the_pool_is_listed_changed_and_emptied(incident: Incident) -> None:
    assert [line["incidents"] for line in json.loads(run("bridge", "list", "--json"))] == [[1], [1]]
    assert "in use by" in run("bridge", "list")
    run("bridge", "change", "Incident bridge", "--name", "Main", "--order", "5", "--team", "")
    changed = json.loads(run("bridge", "list", "--json"))[0]
    assert (changed["name"], changed["order"], changed["team"], changed["url"]) == (
        "Main",
        5,
        None,
        "https://zoom.us/j/1",
    )
    assert isinstance(ask("bridge", "change", "Main", "--url", "nonsense").exception, ChangeRefused)
    run("bridge", "remove", "Main")
    run("bridge", "remove", "Conference")
    assert "There is no bridge yet" in run("bridge", "list")
    assert isinstance(ask("bridge", "remove", "Main").exception, Unknown)
    assert "Incident bridge" in run("incident", "bridge", "1")


def test_an_incident_says_how_to_join_and_is_moved_with_a_reason(incident: Incident) -> None:
    shown = run("incident", "bridge", "1")
    assert "https://zoom.us/j/1" in shown
    assert "4711" in shown
    assert isinstance(ask("incident", "bridge", "1", "--to", "Conference").exception, ChangeRefused)
    run("incident", "bridge", "1", "--to", "Conference", "--reason", "no sound", "--as", "primary@example.org")
    ways = json.loads(run("incident", "bridge", "1", "--json"))["ways"]
    assert [one["name"] for one in ways] == ["Conference"]
    run("incident", "bridge", "1", "--url", "https://teams.example.org/1", "--reason", "the phone is full")
    assert "https://teams.example.org/1" in run("incident", "bridge", "1")
