"""Who has to approve what the public reads of an incident is asked by every door that leads there."""

from collections.abc import Iterator

import pytest

from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.communications import setup_actions
from watchbill.domain.communications.public_word import public_word
from watchbill.domain.communications.publishing import ApprovalMissing
from watchbill.domain.incidents.models import Incident
from watchbill.domain.status_page import actions
from watchbill.domain.status_page.models import PublicIncident, PublicStatus, PublicUpdate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incident(communications_world: CommunicationsWorld) -> Iterator[Incident]:
    world = communications_world
    incident = world.declares("sev1")
    world.takes("commander", "incident-commander", incident)
    world.received()
    setup_actions.set_approver(audience="public", role="incident-commander", actor=world.person("owner"), now=world.now)
    yield incident
    world.ends(incident)


def publish(world: CommunicationsWorld, incident: Incident | None, *, by: str) -> PublicUpdate:
    return actions.publish(
        incident_id=incident.id if incident is not None else None,
        title="Payments fail",
        status=PublicStatus.INVESTIGATING,
        body="We look into it.",
        components={},
        actor=world.person(by),
        now=world.now,
        may_say=public_word(actor=world.person(by), ways=world.ways, now=world.now),
    )


def go_on(world: CommunicationsWorld, public: PublicIncident, *, by: str) -> PublicUpdate:
    return actions.publish_update(
        public_id=public.id,
        status=PublicStatus.IDENTIFIED,
        body="We know why.",
        components={},
        actor=world.person(by),
        now=world.now,
        may_say=public_word(actor=world.person(by), ways=world.ways, now=world.now),
    )


def correct(world: CommunicationsWorld, update: PublicUpdate, *, by: str) -> PublicUpdate:
    return actions.correct(
        update_id=update.id,
        body="Everything works.",
        actor=world.person(by),
        now=world.now,
        may_say=public_word(actor=world.person(by), ways=world.ways, now=world.now),
    )


def test_who_may_not_decide_publishes_nothing_of_the_incident(
    communications_world: CommunicationsWorld, incident: Incident
) -> None:
    world = communications_world
    with pytest.raises(ApprovalMissing, match="Commander has to approve what the public reads"):
        publish(world, incident, by="comms")
    assert not PublicIncident.objects.exists()
    made = publish(world, incident, by="commander")
    with pytest.raises(ApprovalMissing):
        go_on(world, made.public_incident, by="comms")
    with pytest.raises(ApprovalMissing):
        correct(world, made, by="comms")
    assert [one.body for one in PublicUpdate.objects.all()] == ["We look into it."]
    go_on(world, made.public_incident, by="commander")
    correct(world, made, by="commander")


def test_what_is_about_no_incident_needs_nobody(communications_world: CommunicationsWorld, incident: Incident) -> None:
    world = communications_world
    made = publish(world, None, by="comms")
    go_on(world, made.public_incident, by="comms")
    correct(world, made, by="comms")
    assert PublicUpdate.objects.count() == 2
