"""What really happens next, clocks in words that cannot be misread, and a restricted incident's people."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents.models import Incident

pytestmark = pytest.mark.parametrize("incident_world", ["real"], indirect=True)


def client_of(world: IncidentWorld, name: str) -> Client:
    client = Client()
    client.force_login(world.cast.people[name])
    return client


def page(world: IncidentWorld, name: str, incident: Incident) -> str:
    return " ".join(client_of(world, name).get(f"/incidents/{incident.number}").content.decode().split())


def test_the_next_step_is_one_that_will_happen(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="lead")
    assert "if nobody is on it by then" in part(page(world, "lead", incident), "What happens next")
    world.answers("primary", incident)
    shown = page(world, "lead", incident)
    following = part(shown, "What happens next")
    assert "has no further step" not in following
    assert ", if it is not resolved by then" in following
    assert "Not needed: somebody is on it" in shown
    world.ends(incident)


def test_who_leads_is_said_beside_that_nobody_works_on_it(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="lead")
    assert "Nobody is on it yet: the ladder goes on paging." in page(world, "lead", incident)
    world.takes("commander", "incident-commander", incident)
    shown = page(world, "lead", incident)
    assert '<bdi class="strong">Commander</bdi> leads.' in shown
    assert "Nobody works on the system yet: the ladder goes on paging." in shown
    world.ends(incident)
    calm = world.declares("sev4", by="lead")
    shown = page(world, "lead", calm)
    assert "Nobody is on it yet; SEV4 pages nobody." in shown
    assert "pages nobody, now or later" in shown
    world.ends(calm)


def test_a_clock_says_overdue_alone_and_how_long_it_took(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.answers("primary", world.declares("sev1", by="lead"))
    world.received()
    began_at = world.now - timedelta(hours=2)
    moments = {"declared_at": began_at, "acknowledged_at": began_at + timedelta(seconds=40)}
    Incident.objects.filter(id=incident.id).update(**moments)
    shown = page(world, "lead", incident)
    assert ">after 40 s</time>" in shown
    assert ">overdue " in shown
    assert "due overdue" not in shown
    world.ends(incident)


def test_a_restricted_one_names_who_may_see_it_and_lets_somebody_in(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev4", restricted=True, by="lead", title="Somebody is in")
    shown = part(page(world, "lead", incident), "Who may see it")
    assert "Let somebody see it" in shown
    assert client_of(world, "engineer").get(f"/incidents/{incident.number}").status_code == 404
    address = f"/incidents/{incident.number}/insider"
    answer = client_of(world, "lead").post(address, {"person": str(world.cast.people["engineer"].id)})
    assert answer["Location"] == f"/incidents/{incident.number}#insiders"
    assert "Engineer" in part(page(world, "engineer", incident), "Who may see it").split("Let somebody")[0]
    refused = client_of(world, "lead").post(address, {"person": ""})
    assert refused.status_code == 422
    assert "Who may see it" not in page(world, "lead", world.declares("sev4", by="lead", title="Open to all"))
    world.ends(incident)


def test_only_what_can_be_merged_is_offered(incident_world: IncidentWorld) -> None:
    world = incident_world
    real = world.declares("sev4", by="lead", title="Real one")
    other = world.declares("sev4", by="lead", title="Real too")
    drill = world.declares("sev4", by="lead", title="Drill", drill=True)
    secret = world.declares("sev4", by="lead", title="Secret", restricted=True)
    offered = {one: numbers(page(world, "lead", one)) for one in (real, drill, secret)}
    assert offered == {real: {other.number, secret.number}, drill: set(), secret: set()}
    for one in (real, other, drill, secret):
        world.ends(one, by="lead")


def numbers(shown: str) -> set[int]:
    if 'id="into"' not in shown:
        return set()
    choices = shown.split('id="into"')[1].split("</select>")[0]
    return {int(text.split('"')[0]) for text in choices.split('value="')[1:]}


def part(shown: str, title: str) -> str:
    """From a heading to the next section."""
    assert title in shown, title
    return shown.split(title, 1)[1].split("</section>")[0].split("Ladder of")[0].split('aria-labelledby="do"')[0]
