"""Whoever is paged for an incident, or asked to take a role in it, sees that first; nobody is told that nothing is."""

import pytest
from django.test import Client

from tests.harness.incident_world import IncidentWorld

pytestmark = pytest.mark.parametrize("incident_world", ["real"], indirect=True)


def now_of(world: IncidentWorld, name: str) -> str:
    browser = Client()
    browser.force_login(world.cast.people[name])
    return " ".join(browser.get("/").content.decode().split())


def test_those_who_are_called_or_asked_see_a_button(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="engineer")
    world.received()
    for name, called in (("manager", True), ("comms", True), ("owner", False), ("onlooker", False)):
        shown = now_of(world, name)
        assert ("I am on it" in shown) == called, name
        assert ("Nothing needs you." in shown) != called, name
        assert "Checkout is down" in shown
    world.answers("manager", incident)
    assert "Nothing needs you." in now_of(world, "manager")
    world.ends(incident)


def test_a_restricted_incident_is_on_nobody_elses_first_screen(incident_world: IncidentWorld) -> None:
    incident = incident_world.declares("sev4", restricted=True, by="lead", title="Somebody is in")
    assert "Somebody is in" in now_of(incident_world, "lead")
    assert "Somebody is in" not in now_of(incident_world, "owner")
    incident_world.ends(incident)
