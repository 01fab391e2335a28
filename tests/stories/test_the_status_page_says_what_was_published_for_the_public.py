"""A statement for the public is an update on the status page, with its status and the state of the components."""

import pytest

from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.communications import public_part
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.status_page import actions, component_actions, reads
from watchbill.domain.status_page.models import Component, PublicStatus
from watchbill.ground.refusals import ChangeRefused


def component(world: CommunicationsWorld) -> Component:
    draft = component_actions.ComponentDraft(name="Checkout", service_id=world.cast.service.id)
    return component_actions.add_component(draft, actor=world.person("owner"), now=world.now)


def test_from_the_first_notice_to_the_end(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    checkout = component(world)
    incident = world.declares("sev1")
    states = public_part.suggested_components(incident, moment="first")
    assert states == {str(checkout.id): "major_outage"}
    text = Text(subject="Problems with checkout", body="We look into it.", status="investigating", components=states)
    world.tells(incident, "status-page-update", text=text)
    public = reads.public_incident_of(incident.id)
    assert public is not None
    assert (public.title, public.status) == ("Problems with checkout", "investigating")
    assert reads.components()[0].state == "major_outage"
    assert world.needs(incident)["status-page-update"] == "told"
    assert world.happened(incident).count("incident.published") == 1
    world.is_resolved(incident)
    assert world.needs(incident)["status-page-update"] == "owed"
    world.tells(incident, "status-page-update", text=Text(subject="Over", body="It works.", status="resolved"))
    assert reads.components()[0].state == "operational"
    assert world.needs(incident)["status-page-update"] == "told"
    world.letters_go_to()
    world.received()


def test_what_is_published_on_the_page_itself_counts_and_what_is_taken_back_does_not(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    incident = world.declares("sev1")
    owner = world.person("owner")
    update = actions.publish(
        incident_id=incident.id, title="Problems", status=PublicStatus.INVESTIGATING, body="We look into it.",
        components={}, actor=owner, now=world.now,
    )  # fmt: skip
    assert world.needs(incident)["status-page-update"] == "told"
    actions.retract(update_id=update.id, why="wrong", actor=owner, now=world.now)
    assert world.needs(incident)["status-page-update"] == "owed"
    world.ends(incident)


def test_a_status_or_component_that_is_not_there_is_refused_while_it_is_written(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    incident = world.declares("sev1")
    with pytest.raises(ChangeRefused, match="use one of investigating, identified, monitoring, resolved"):
        world.drafts(incident, "status-page-update", text=Text(subject="x", body="y", status="fine"))
    nowhere = Text(subject="x", body="y", status="resolved", components={"0" * 32: "operational"})
    with pytest.raises(ChangeRefused, match="no component"):
        world.drafts(incident, "status-page-update", text=nowhere)
    world.ends(incident)
