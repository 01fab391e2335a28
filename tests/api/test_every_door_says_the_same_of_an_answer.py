"""Who acknowledges an incident reads the same of it on the screen, in chat, from the API and on the command line."""

from html import unescape

import pytest
from django.test import Client
from typer.testing import CliRunner

from tests.harness.api import caller
from tests.harness.slack_world import SlackWorld
from watchbill.cli.incident import app
from watchbill.domain.incidents import ending_actions
from watchbill.domain.incidents.models import Incident
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db(transaction=True)

KNOWS = "Noted: {you} know{s} of it. {yours} have stopped; who can work on it is still being called."
IS_ON_IT = "{You} on it. {yours} have stopped; those of the others go on."
SECOND = "Noted: {you} know{s} of it; {first} is on it already. {yours} have stopped; those of the others go on."


def _read(world: SlackWorld, name: str, incident: Incident) -> list[str]:
    """In chat, from the API, on the screen."""
    user = world.cast.people[name]
    browser = Client()
    browser.force_login(user)
    said = world.commands(name, "ack", incident).removeprefix(f"#{incident.number} {incident.title}: ")
    answered = caller(user).post(f"/incidents/{incident.number}/acknowledge")["answer"]
    page = browser.post(f"/incidents/{incident.number}/acknowledge", follow=True)
    shown = unescape(page.content.decode())
    found = answered if answered in shown else "not on the screen"
    return [said, answered, found]


def _command(name: str) -> str:
    done = CliRunner().invoke(app, ["acknowledge", "1", "--as", f"{name}@example.org"])
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_whoever_answers_first_second_for_another_role_or_too_late() -> None:
    with SlackWorld(at=SystemClock().now()) as world:
        incident = world.declares("sev1")
        world.takes("commander", "incident-commander", incident)
        you = {"you": "you", "s": "", "You": "You are", "yours": "Your pages"}
        first = str(world.cast.people["primary"])
        assert _read(world, "commander", incident) == [KNOWS.format(**you)] * 3
        assert _read(world, "primary", incident) == [IS_ON_IT.format(**you)] * 3
        assert _read(world, "engineer", incident) == [SECOND.format(first=first, **you)] * 3
        address = "secondary@example.org"
        they = {"you": address, "s": "s", "You": f"{address} is", "yours": "Pages to them"}
        assert _command("secondary") == f"#1: {SECOND.format(first=first, **they)}"
        primary = "primary@example.org"
        assert _command("primary") == f"#1: {primary} is on it. Pages to them have stopped; those of the others go on."
        ending_actions.cancel(incident_id=incident.id, reason="x", actor=world.person("commander"), now=world.now)
        world.settle()
        assert _read(world, "engineer", incident) == ["It is over: nothing waits for an answer."] * 3
        assert _command("engineer") == "#1: It is over: nothing waits for an answer."
        world.received()
