"""A change, a role, a page and a text that wait: for whom, with which buttons, and what the others read."""

import pytest
from django.test import Client

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.communications import setup_actions
from watchbill.domain.communications.statement_actions import Text, ask_approval, save_draft
from watchbill.domain.incidents import change_actions
from watchbill.domain.incidents.change_actions import ChangeDraft
from watchbill.domain.incidents.models import Incident


def shown(world: IncidentWorld, name: str, path: str) -> str:
    client = Client()
    client.force_login(world.cast.people[name])
    return " ".join(client.get(path).content.decode().split())


def proposes(world: IncidentWorld, incident: Incident) -> None:
    draft = ChangeDraft(what="Roll back release 41", where="checkout", rollback="Deploy 41 again")
    who = world.person("engineer")
    change_actions.propose(incident_id=incident.id, draft=draft, actor=who, ways=world.ways(), now=world.now)
    world.settle()
    world.received()


@pytest.mark.parametrize("incident_world", ["real"], indirect=True)
def test_a_change_is_asked_of_the_commander_alone_and_the_others_see_whom_it_waits_for(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    incident = world.declares("sev1", by="lead")
    world.takes("commander", "incident-commander", incident)
    world.received()
    proposes(world, incident)
    path = f"/incidents/{incident.number}"
    for where in (path, "/"):
        mine = shown(world, "commander", where)
        assert 'proposes change 1: <bdi class="strong">Roll back release 41</bdi>' in mine, where
        assert "Decline with a reason" in mine, where
        assert "You are paged." not in mine, where  # that page asks for the change, which stands there
    other = shown(world, "engineer", path)
    assert "proposes change 1" not in other
    assert 'Change 1 waits for <bdi class="strong">Commander</bdi>' in other
    assert 'Findings and changes <span class="count">1' in other
    assert "proposes change 1" not in shown(world, "engineer", "/")
    world.ends(incident)


@pytest.mark.parametrize("incident_world", ["real"], indirect=True)
def test_a_role_and_a_page_say_what_they_are_about_and_now_shows_an_incident_once(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    incident = world.declares("sev1", by="engineer")
    world.received()
    for where in (f"/incidents/{incident.number}", "/"):
        comms = shown(world, "comms", where)
        assert "You are asked to be communications lead." in comms, where
        assert "I take it" in comms, where
    manager = shown(world, "manager", "/")
    assert "You are paged.</span> <bdi>Engineering manager" in manager
    assert manager.count("Checkout is down") == 1
    world.ends(incident)


@pytest.mark.parametrize("incident_world", ["real"], indirect=True)
def test_a_text_that_waits_for_my_word_stands_there_until_it_is_decided(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="lead")
    world.takes("commander", "incident-commander", incident)
    world.received()
    who = world.person("engineer")
    setup_actions.set_approver(audience="customers", role="incident-commander", actor=who, now=world.now)
    at = {"incident_id": incident.id, "actor": who, "now": world.now}
    held = save_draft(item="customer-email", text=Text(subject="Slow checkout", body="We look."), revision=None, **at)
    ask_approval(statement_id=held.id, revision=None, ways=world.ways(), **at)
    world.settle()
    world.received()
    for where in (f"/incidents/{incident.number}", "/"):
        assert f'href="/incidents/{incident.number}/communication/{held.id}"' in shown(world, "commander", where), where
        assert "waits for your word" not in shown(world, "engineer", where), where
    world.ends(incident)
