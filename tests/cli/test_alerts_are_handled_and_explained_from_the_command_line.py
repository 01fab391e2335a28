"""On the host, without a browser: what is open, who would be paged and why, and the verbs of an alert."""

import getpass
import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from tests.harness import database
from tests.harness.alerts import fire
from tests.harness.cast import Cast
from watchbill.cli.host import now
from watchbill.cli.main import root
from watchbill.cli.tables import at_text
from watchbill.domain.audit.models import Entry
from watchbill.domain.oncall.models import Schedule
from watchbill.domain.people.models import Organization
from watchbill.ground.refusals import Unknown


@pytest.fixture
def cast(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Cast:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django names no public type
        database.empty()
        yield Cast("http://127.0.0.1:9")


def run(*words: str) -> str:
    result = CliRunner().invoke(root(), list(words), env={"COLUMNS": "200"}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_explain_shows_time_level_person_device_and_reason(cast: Cast) -> None:
    shown = run("explain", "checkout", "--at", "2026-03-02T11:00:00Z")

    lines = shown.splitlines()
    assert lines[0] == "checkout, high urgency, by payments v1"
    first = next(line for line in lines if "primary@example.org" in line)
    assert first.startswith("2026-03-02 11:00:00Z  1 ")
    assert "hook (webhook)" in first
    assert "schedule payments-primary" in first
    assert any("fallback" in line and "owner@example.org" in line for line in lines)


def test_explain_says_the_same_as_json(cast: Cast) -> None:
    found = json.loads(run("explain", "checkout", "--at", "2026-03-02T11:00:00Z", "--urgency", "low", "--json"))

    assert found["reaches_somebody"] is True
    assert found["steps"][0]["at"] == "2026-03-02T11:00:00Z"
    assert found["steps"][0]["targets"][0]["people"][0]["email"] == "primary@example.org"


def test_an_alert_is_listed_acknowledged_snoozed_reassigned_and_resolved(cast: Cast) -> None:
    alert = fire(cast, summary="Disk \x1b[31mfull")
    number = str(alert.number)

    assert "Disk" in run("alert", "list")
    assert "\x1b[31m" not in run("alert", "list")
    assert json.loads(run("alert", "list", "--json"))[0]["dedup_key"] == "disk-full"
    assert "Then level 1 is paged" in run("alert", "show", number)
    run("alert", "acknowledge", number)
    run("alert", "snooze", number, "--for", "2h")
    run("alert", "reassign", number, "user:owner@example.org")
    run("alert", "escalate", number)
    run("alert", "resolve", number)

    entries = Entry.objects.filter(subject_id=alert.id, via="cli").order_by("id")
    assert [entry.action for entry in entries] == [
        "alert.acknowledged",
        "alert.snoozed",
        "alert.reassigned",
        "alert.escalated",
        "alert.resolved",
    ]
    assert {entry.actor_label for entry in entries} == {f"command line: {getpass.getuser()}"}


def test_times_without_an_offset_are_local_and_the_zone_is_said(cast: Cast) -> None:
    Organization.objects.update(time_zone="Europe/Berlin")
    Schedule.objects.update(time_zone="America/New_York")
    shown = run("explain", "checkout", "--at", "2030-03-02T11:00")
    assert "--at 2030-03-02T11:00 is read as Europe/Berlin time: 2030-03-02T10:00:00Z" in shown
    assert "2030-03-02 11:00:00+01:00  1 " in shown

    number = str(fire(cast).number)
    tomorrow = (now() + timedelta(days=1)).astimezone(ZoneInfo("Europe/Berlin")).replace(second=0, microsecond=0)
    shown = run("alert", "snooze", number, "--until", f"{tomorrow.replace(tzinfo=None).isoformat()}")
    assert "is read as Europe/Berlin time" in shown
    assert f"snoozed until {at_text(tomorrow)}" in shown

    span = ["--start", "2030-03-02T18:00", "--end", "2030-03-02T20:00"]
    shown = run("override", "add", "payments-primary", "secondary@example.org", *span)
    assert "--start 2030-03-02T18:00 is read as America/New_York time: 2030-03-02T23:00:00Z" in shown
    assert "from 2030-03-02 23:00:00Z to 2030-03-03 01:00:00Z" in shown


def test_an_unknown_name_is_refused_with_the_remedy(cast: Cast) -> None:
    with pytest.raises(Unknown, match="watchbill service list"):
        CliRunner().invoke(root(), ["explain", "unheard-of"], catch_exceptions=False)
