"""On the host: the manifest, whose account is whose, and the room of an incident."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from tests.harness.slack_world import SlackWorld
from watchbill.chat.slack_manifest import manifest
from watchbill.cli.main import root
from watchbill.ground.clock import SystemClock
from watchbill.ground.refusals import Unknown

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    with SlackWorld(at=SystemClock().now()) as made:
        yield made


def run(*words: str) -> str:
    result = ask(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def ask(*words: str) -> Result:
    return CliRunner().invoke(root(), list(words), env={"COLUMNS": "200"})


def test_the_manifest_is_printed_for_either_way() -> None:
    assert run("chat", "manifest") == manifest()
    assert "request_url: http://watchbill.example.org/callbacks/slack" in run("chat", "manifest", "--http")


def test_an_account_is_linked_listed_and_taken_back(world: SlackWorld) -> None:
    lead = world.cast.people["lead"].email
    account = world.slack.has("Lead elsewhere", "lead@elsewhere.example")
    code = run("chat", "link", lead).splitlines()[0]
    assert "From now on you are" in world.commands(account, f"link {code}")
    [line] = json.loads(run("chat", "accounts", lead, "--json"))
    assert line["external_id"] == account
    assert "code" in run("chat", "accounts", lead)
    run("chat", "unlink", lead, str(line["id"]))
    assert isinstance(ask("chat", "unlink", lead, str(line["id"])).exception, Unknown)
    assert "There is none" in run("chat", "accounts", lead)


def test_the_room_of_an_incident_is_shown_and_tried_again(world: SlackWorld) -> None:
    world.slack.scopes.discard("pins:write")
    del world.slack.users[world.ids["commander"]]
    incident = world.declares("sev1")
    shown = run("incident", "chat", str(incident.number))
    assert "https://acme.slack.com/archives/" in shown
    assert "lacks the scope pins:write" in shown
    assert "is not in it: nobody in Slack has this address" in shown
    world.slack.scopes.add("pins:write")
    run("incident", "chat", str(incident.number), "--try-now", "--as", world.cast.people["engineer"].email)
    world.passes(minutes=1)
    [room] = json.loads(run("incident", "chat", str(incident.number), "--json"))
    assert (room["troubles"], room["state"]) == ([], "made")
    world.received()
    world.ends(incident)
