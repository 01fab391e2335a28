"""A change, a role and a page that wait for somebody stand on top of the incident and on Now, with their buttons."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect

from tests.harness.incident_world import IncidentWorld
from tests.web.organization import Stage
from tests.web.test_three_people_run_a_sev1_in_their_browsers import browsing
from watchbill.domain.communications import setup_actions
from watchbill.domain.communications.statement_actions import Text, ask_approval, save_draft
from watchbill.domain.incidents import change_actions
from watchbill.domain.incidents.change_actions import ChangeDraft
from watchbill.domain.incidents.models import SUBJECT_KIND, Incident, ProductionChange
from watchbill.domain.paging.models import Page, PageState

pytestmark = pytest.mark.lab


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


def test_a_drill_stands_below_what_is_real(organization_on_stage: Stage) -> None:
    client = Client()
    client.force_login(organization_on_stage.people["lead"])
    page = client.get("/").content.decode()
    real = page.index(f"/alerts/{organization_on_stage.alerts['live'].id}")
    drill = page.index(f'aria-label="Incident {organization_on_stage.incident.number}"')
    assert organization_on_stage.incident.drill
    assert real < drill


@pytest.mark.parametrize("approves", [True, False])
def test_the_commander_decides_on_a_phone_and_the_page_that_asked_is_over(
    browser: Browser, address: str, organization_on_stage: Stage, approves: bool
) -> None:
    people, incident = organization_on_stage.people, organization_on_stage.incident
    at = f"{address}/incidents/{incident.number}"
    with (
        browsing(browser, address, people["first"], phone=True) as commander,
        browsing(browser, address, people["second"]) as engineer,
    ):
        commander.goto(at)
        engineer.goto(f"{at}/findings")
        engineer.get_by_label("What is changed").fill("Roll back release 41")
        engineer.get_by_label("Where", exact=True).fill("checkout")
        engineer.get_by_label("How it is taken back").fill("Deploy 41 again")
        engineer.get_by_role("button", name="Propose it").click()
        need = commander.locator("#needs")
        expect(need).to_contain_text("Roll back release 41", timeout=5_000)
        expect(need.get_by_role("heading", name="Needs you")).to_be_in_viewport()
        expect(commander.locator("#incident-tabs .count")).to_contain_text("1")
        if approves:
            need.get_by_role("button", name="Approve").click()
        else:
            need.get_by_text("Decline with a reason").click()
            need.get_by_label("Why not").fill("Not the cause")
            need.get_by_role("button", name="Decline change").click()
        expect(commander).to_have_url(at)
        expect(commander.locator("#needs")).not_to_contain_text("Roll back release 41")
    change = ProductionChange.objects.get(incident=incident)
    assert change.state == ("approved" if approves else "declined")
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id, user=people["first"])
    assert not pages.filter(state=PageState.ACTIVE, reason__contains="change 1").exists()
