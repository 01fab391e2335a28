"""The plan owes nobody what they have heard already, whoever told them and however."""

from datetime import timedelta

import pytest

from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.communications.models import Letter, Statement
from watchbill.domain.communications.told_actions import note_told
from watchbill.domain.incidents.models import Incident
from watchbill.domain.timers.models import Timer
from watchbill.ground.refusals import ChangeRefused

CALLED = "Called by their account manager: payments fail, we are on it."


def need(world: CommunicationsWorld, incident: Incident, item: str) -> str:
    [line] = [line for line in world.plan(incident).lines if line.plan.item == item]
    assert not line.trouble
    return line.plan.need.value


def test_a_call_to_the_customers_is_what_the_plan_asked_for(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev1")
    assert need(world, incident, "customer-email") == "owed"
    world.passes(minutes=10)
    world.received()
    told = note_told(
        incident_id=incident.id,
        item="customer-email",
        how=CALLED,
        at=world.now - timedelta(minutes=4),
        actor=world.person("comms"),
        now=world.now,
    )
    assert need(world, incident, "customer-email") == "told"
    [line] = [line for line in world.plan(incident).lines if line.plan.item == "customer-email"]
    assert line.plan.told_at == world.now - timedelta(minutes=4)
    assert (line.last, told.elsewhere, told.body) == (told, True, CALLED)
    assert not Letter.objects.exists()
    assert "incident.told_elsewhere" in world.happened(incident)
    world.ends(incident)


def test_the_clock_of_updates_counts_from_when_they_were_told(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev1")
    world.passes(minutes=10)
    heard_at = world.now - timedelta(minutes=4)
    note_told(
        incident_id=incident.id,
        item="executive-notification",
        how=CALLED,
        at=heard_at,
        actor=world.person("comms"),
        now=world.now,
    )
    incident.refresh_from_db()
    assert incident.updated_at == heard_at
    due = Timer.objects.get(kind="incident.update_due", subject_id=incident.id).due_at
    assert due == heard_at + timedelta(minutes=15)
    earlier = heard_at - timedelta(minutes=3)
    note_told(
        incident_id=incident.id,
        item="customer-email",
        how=CALLED,
        at=earlier,
        actor=world.person("comms"),
        now=world.now,
    )
    incident.refresh_from_db()
    assert incident.updated_at == heard_at
    world.ends(incident)


@pytest.mark.parametrize(
    ("item", "how", "minutes", "words"),
    [
        ("customer-email", "  ", 0, "say how they were told"),
        ("customer-email", CALLED, 1, "lies ahead"),
        ("customer-email", CALLED, -1, "lies before the declaration"),
        ("status-page-update", CALLED, 0, "publish it there"),
    ],
)
def test_what_cannot_be_is_refused(
    communications_world: CommunicationsWorld, item: str, how: str, minutes: int, words: str
) -> None:
    world = communications_world
    incident = world.declares("sev1")
    at = world.now + timedelta(minutes=minutes)
    with pytest.raises(ChangeRefused, match=words):
        note_told(incident_id=incident.id, item=item, how=how, at=at, actor=world.person("comms"), now=world.now)
    assert not Statement.objects.exists()
    world.ends(incident)
