"""Since when, until when and how long: one meaning in every text; a length is that between the times beside it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.communications.models import Audience
from watchbill.domain.communications.proposals import proposed
from watchbill.domain.communications.reads import plan_item
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.incidents import assess_actions, ending_actions
from watchbill.domain.incidents.assess_actions import ImpactDraft
from watchbill.domain.incidents.models import Incident
from watchbill.domain.people.models import Organization
from watchbill.domain.status_page import settings_actions
from watchbill.domain.status_page.settings_actions import PageDraft

BERLIN, LISBON = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Lisbon")


def text(world: CommunicationsWorld, incident: Incident, audience: str, *, moment: str) -> Text:
    incident = world.again(incident)
    planned = plan_item(incident, audience, now=world.now)
    return proposed(incident, planned, moment=moment, base_url="https://w.example.org", now=world.now)


def shown(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M %Z}"


def lived_through(world: CommunicationsWorld) -> tuple[Incident, datetime, datetime, datetime]:
    """Harm from 50 seconds past a minute until 10 seconds past another: 9 min 20 s, of which clocks show 10."""
    world.passes(seconds=50)
    incident, began = world.declares("sev1"), world.now
    world.passes(minutes=9, seconds=20)
    ending_actions.mitigate(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
    mitigated = world.now
    world.passes(minutes=2)
    return world.is_resolved(incident), began, mitigated, world.now


def test_the_length_is_that_between_the_times_beside_it(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    Organization.objects.update(time_zone="Europe/Berlin")
    incident, began, mitigated, resolved = lived_through(world)
    lasted = f"from {shown(began, BERLIN)} until {shown(mitigated, BERLIN)} (10 min)"
    for audience in (Audience.PUBLIC, Audience.CUSTOMERS):
        assert f"lasted {lasted}." in text(world, incident, audience, moment="resolved").body
    told = text(world, incident, Audience.EXECUTIVES, moment="resolved").body
    assert f"Since: {shown(began, BERLIN)}\n" in told
    assert f"Customers were harmed: {lasted}\n" in told
    assert f"Resolved: {shown(resolved, BERLIN)}, after 12 min\n" in told
    world.received()


def test_while_it_goes_on_it_is_said_so(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident, began = world.declares("sev1"), world.now
    told = text(world, incident, Audience.EXECUTIVES, moment="update").body
    assert f"Customers are harmed: since {shown(began, ZoneInfo('UTC'))} (less than a minute so far)" in told
    world.passes(hours=50)
    told = text(world, incident, Audience.EXECUTIVES, moment="update").body
    assert "(2 days 2 h so far)" in told
    world.received()
    world.ends(incident)


def test_outside_the_zone_is_that_of_the_status_page(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    Organization.objects.update(time_zone="Europe/Berlin")
    settings_actions.change_page(
        PageDraft(name="Status", time_zone="Europe/Lisbon"), actor=world.person("comms"), now=world.now
    )
    incident, began = world.declares("sev1"), world.now
    for audience, zone in (
        (Audience.PUBLIC, LISBON),
        (Audience.CUSTOMERS, LISBON),
        (Audience.EXECUTIVES, BERLIN),
        (Audience.INTERNAL, BERLIN),
    ):
        assert shown(began, zone) in text(world, incident, audience, moment="first").body
    world.ends(incident)


@pytest.mark.parametrize(
    ("impact", "said"),
    [
        ("Orders cannot be paid", "Orders cannot be paid."),
        ("Orders cannot be paid.", "Orders cannot be paid."),
        ("Is anything paid? ", "Is anything paid?"),
        ("注文できません。", "注文できません。"),
        ("", "We are finding out what is affected."),
    ],
)
def test_the_impact_is_a_sentence(communications_world: CommunicationsWorld, impact: str, said: str) -> None:
    world = communications_world
    incident = world.declares("sev1")
    draft = ImpactDraft(customer_impact=impact, customers_affected="", customer_facing=True)
    assess_actions.set_impact(incident_id=incident.id, draft=draft, actor=world.person("engineer"), now=world.now)
    assert (
        f"with {incident.service.name if incident.service else 'one of our services'}. {said}\n"
        in text(world, incident, Audience.PUBLIC, moment="first").body
    )
    world.ends(incident)


def test_who_was_told_the_end_hears_that_it_is_back_and_what_suffers(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.is_resolved(world.declares("sev1"))
    world.passes(hours=1)
    ending_actions.reopen(
        incident_id=incident.id, reason="errors are back", actor=world.person("engineer"), now=world.now
    )
    back = shown(world.now, ZoneInfo("UTC"))
    for audience in Audience.values:
        assert f"back since {back}" in text(world, incident, audience, moment="back").body
    world.passes(minutes=1)
    world.settle()
    world.received()
    world.ends(incident)
