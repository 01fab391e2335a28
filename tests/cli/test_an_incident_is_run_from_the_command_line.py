"""On the host, when nothing else works: an incident from its declaration to its end."""

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.harness import pictures
from tests.harness.incident_world import IncidentWorld
from watchbill.cli.main import root
from watchbill.domain.audit.models import Entry
from watchbill.domain.incidents.ending_actions import GateShut
from watchbill.domain.incidents.models import Attachment, Incident
from watchbill.ground.clock import SystemClock
from watchbill.ground.refusals import Unknown

pytestmark = pytest.mark.parametrize("incident_world", ["real"], indirect=True)


def run(*words: str) -> str:
    result = ask(*words)
    assert result.exit_code == 0, result.output
    return result.output


def ask(*words: str) -> Result:
    return CliRunner().invoke(root(), list(words), env={"COLUMNS": "200"})


def declared(world: IncidentWorld, severity: str = "sev2") -> Incident:
    told = run("incident", "declare", "Checkout is down", "--severity", severity, "--service", "checkout")
    assert told == f"#1 is declared as {severity.upper()}. Those whom it names are being paged.\n"
    world.clock.move_to(SystemClock().now())
    world.settle()
    return Incident.objects.get()


def test_it_is_declared_worked_on_and_closed(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = declared(world)
    assert set(world.came()) == {"primary", "manager"}
    run("incident", "acknowledge", "1", "--as", "primary@example.org")
    run("incident", "role", "1", "incident-commander", "take", "--as", "lead@example.org")
    run("incident", "update", "1", "We are looking into it.")
    run("incident", "write", "1", "Rolling back")
    run("incident", "severity", "1", "sev3", "--reason", "only some customers")
    shown = run("incident", "show", "1")
    assert "SEV3, open, checkout" in shown
    assert "Lead" in shown
    assert isinstance(ask("incident", "resolve", "1").exception, GateShut)
    run("incident", "step", "1", "resolve/confirm", "--evidence", "orders come in")
    run("incident", "step", "1", "resolve/verify")
    assert run("incident", "resolve", "1") == "#1 is resolved.\n"
    run("incident", "step", "1", "follow-up/internal-summary")
    assert run("incident", "close", "1") == "#1 is closed.\n"
    assert json.loads(run("incident", "list", "--status", "ended", "--json"))[0]["status"] == "closed"
    by = set(Entry.objects.filter(subject_id=incident.id, via="cli").values_list("actor_kind", flat=True))
    assert by == {"system", "person"}
    world.received()


def test_a_restricted_incident_is_seen_from_the_host(incident_world: IncidentWorld) -> None:
    run("incident", "declare", "Somebody is in", "--severity", "sev4", "--restricted")
    assert "Somebody is in" in run("incident", "list")


def test_files_are_attached_and_somebody_is_paged_from_the_host(incident_world: IncidentWorld, tmp_path: Path) -> None:
    run("incident", "declare", "Checkout is slow", "--severity", "sev4")
    shot, log, back = tmp_path / "shot.png", tmp_path / "pay.log", tmp_path / "back.png"
    shot.write_bytes(pictures.png())
    log.write_text("ERROR no route")
    run("incident", "attach", "1", str(shot), str(log), "--alt", "Graph of errors")
    [picture, _] = Attachment.objects.order_by("position")
    assert "Graph of errors" in run("incident", "attachments", "1")
    run("incident", "attachment", "1", str(picture.id), "--to", str(back))
    assert back.read_bytes().startswith(b"\x89PNG")
    run("incident", "export", "1", "--zip", str(tmp_path / "all.zip"))
    assert len(zipfile.ZipFile(tmp_path / "all.zip").namelist()) == 5
    told = run("incident", "page", "1", "comms@example.org", "--reason", "customers ask")
    assert told == "#1: Comms is being paged.\n"
    incident_world.clock.move_to(SystemClock().now())
    incident_world.settle()
    assert "customers ask" in incident_world.came()["comms"]


def test_what_is_not_there_is_said(incident_world: IncidentWorld) -> None:
    failed = ask("incident", "show", "7").exception
    assert isinstance(failed, Unknown)
    assert "`watchbill incident list` shows those there are" in str(failed)


def test_explain_tells_the_ladder_of_a_severity(incident_world: IncidentWorld) -> None:
    at = "2026-03-02T12:00:00Z"
    told = json.loads(run("explain", "checkout", "--severity", "sev1", "--at", at, "--json"))
    assert [rung["at"] for rung in told] == [
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:15:00Z",
        "2026-03-02T12:30:00Z",
        "2026-03-02T12:30:00Z",
        "2026-03-02T13:00:00Z",
        "2026-03-02T14:00:00Z",
    ]
    first = {call["role"]: call["people"] for call in told[0]["calls"]}
    assert first == {
        "on-call-engineer": ["primary@example.org"],
        "engineering-manager": ["manager@example.org"],
        "incident-commander": ["commander@example.org"],
        "executive-on-call": ["executive@example.org"],
    }
    assert "Executive on-call" in run("explain", "checkout", "--severity", "sev1", "--at", at)
