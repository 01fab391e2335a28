"""`watchbill doctor` on a real instance that is set up badly, thing by thing, and on one that is set up well."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.harness.instances import Instance, watchbill
from tests.harness.slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from watchbill.ground.clock import SystemClock
from watchbill.ground.postgres import EmbeddedPostgres

_BAD = """
organization: {name: Example, time_zone: Europe/Berlin, fallback: [lead@example.org]}
users:
  - {email: lead@example.org, name: Team Lead, time_zone: Europe/Madrid, role: owner}
  - email: responder@example.org
    name: First Responder
    time_zone: Africa/Lagos
    role: responder
    contacts: [{name: mail, kind: email, address: responder@example.org}]
teams:
  - {name: payments, lead: lead@example.org, manager: lead@example.org, members: [responder@example.org]}
schedules:
  - name: payments-primary
    team: payments
    time_zone: Europe/Berlin
    rotations:
      - {name: weekly, members: [responder@example.org], every: 1 week, handoff: "Monday 10:00", starts: 2026-01-05}
services:
  - {name: checkout, team: payments, integrations: []}
"""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    directory = tmp_path_factory.mktemp("doctor")
    (directory / "org.yaml").write_text(_BAD)
    with Instance(directory / "data", "--apply", str(directory / "org.yaml")) as started:
        yield started


def findings(instance: Instance, **settings: str) -> tuple[int, list[dict[str, Any]]]:
    asked = watchbill(instance.data_dir, "doctor", "--json", **settings)
    assert asked.stderr == ""
    return asked.returncode, json.loads(asked.stdout)


def test_a_bad_set_up_is_told_with_what_to_do(instance: Instance) -> None:
    code, found = findings(instance)
    lead = next(one for one in found if one["check"] == "people" and "lead@" in one["what"])
    assert (lead["serious"], lead["what"]) == (
        True,
        "Team Lead (lead@example.org) cannot be reached, and is counted on by the fallback",
    )
    told = {(one["check"], one["serious"]): one["what"] for one in found}
    assert code == 1
    assert "lead@example.org cannot be reached" in told["fallback", True]
    assert "First Responder has no usable contact" in told["on-call", True]
    assert "contacts of kind email" in told["contacts", True]
    assert any("set WATCHBILL_SMTP_HOST" in one["remedy"] for one in found)
    assert "service checkout has no escalation policy" in told["services", False]
    assert told["base-url", True] == f"WATCHBILL_BASE_URL is {instance.url}"
    assert all(one["why"] and one["remedy"] for one in found)
    assert [one["serious"] for one in found] == sorted((one["serious"] for one in found), reverse=True)


def test_a_set_up_link_leads_to_the_instance_that_runs(instance: Instance) -> None:
    made = watchbill(instance.data_dir, "person", "setup-link", "lead@example.org")
    assert made.stdout.startswith(f"{instance.url}/setup/")


def test_a_mail_server_that_does_not_answer_is_named(instance: Instance) -> None:
    _, found = findings(instance, WATCHBILL_SMTP_HOST="127.0.0.1", WATCHBILL_SMTP_PORT="1")
    assert next(one["what"] for one in found if one["check"] == "mail").startswith("the mail server 127.0.0.1:1 ")
    told = {(one["check"], one["serious"]): one["what"] for one in found}
    assert told["environment", False] == "this command has other settings than the engine that runs: email"
    assert "contacts of kind email, and this instance cannot send to them" in told["contacts", True]


def test_a_slack_app_that_lacks_something_is_told_what(instance: Instance) -> None:
    slack = FakeSlack(now=SystemClock().now)
    slack.start()
    slack.scopes.discard("pins:write")
    settings = {"WATCHBILL_SLACK_API_URL": slack.api_url, "WATCHBILL_OUTBOUND_ALLOW": "127.0.0.0/8"}

    def told(**more: str) -> list[str]:
        return [one["what"] for one in findings(instance, **settings, **more)[1] if one["check"] == "chat"]

    try:
        assert told() == []
        [scope] = told(WATCHBILL_SLACK_BOT_TOKEN=BOT_TOKEN, WATCHBILL_SLACK_APP_TOKEN=APP_TOKEN)
        assert "lacks pins:write: add them under OAuth & Permissions" in scope
        slack.scopes.add("pins:write")
        [back] = told(WATCHBILL_SLACK_BOT_TOKEN=BOT_TOKEN)
        assert "nothing comes back from Slack: set WATCHBILL_SLACK_APP_TOKEN" in back
        [token] = told(WATCHBILL_SLACK_BOT_TOKEN="xoxb-another", WATCHBILL_SLACK_SIGNING_SECRET="s")
        assert "does not take the bot token (invalid_auth)" in token
        [lack] = told(WATCHBILL_SLACK_APP_TOKEN=APP_TOKEN)
        assert "WATCHBILL_SLACK_BOT_TOKEN is empty" in lack
    finally:
        slack.stop()


def test_a_secret_key_that_others_can_read_is_serious(instance: Instance) -> None:
    key = instance.data_dir / "secret.key"
    key.chmod(0o644)
    try:
        _, found = findings(instance)
    finally:
        key.chmod(0o600)
    assert [one["remedy"] for one in found if one["check"] == "secret-key"] == [f"chmod 600 {key}"]


def test_settings_of_the_database_that_lose_events_are_serious(instance: Instance) -> None:
    url = EmbeddedPostgres(instance.data_dir).url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER DATABASE watchbill SET synchronous_commit = off")
        try:
            _, found = findings(instance)
        finally:
            connection.execute("ALTER DATABASE watchbill RESET synchronous_commit")
    assert [one["serious"] for one in found if one["check"] == "durability"] == [True]


def test_timers_that_were_set_aside_are_serious(instance: Instance) -> None:
    url = EmbeddedPostgres(instance.data_dir).url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO timers_timer (kind, subject_id, generation, due_at, failures, last_error, quarantined_at)"
            " VALUES ('escalation.step', gen_random_uuid(), 1, now(), 3, 'the reason', now())"
        )
        try:
            _, found = findings(instance)
        finally:
            connection.execute("DELETE FROM timers_timer")
    assert ["the reason" in one["what"] for one in found if one["check"] == "timers"] == [True]


def test_a_database_that_is_not_there_is_the_only_finding(tmp_path: Path) -> None:
    asked = watchbill(tmp_path / "nowhere", "doctor", "--json")
    assert asked.returncode == 1
    assert [one["check"] for one in json.loads(asked.stdout)] == ["database"]
