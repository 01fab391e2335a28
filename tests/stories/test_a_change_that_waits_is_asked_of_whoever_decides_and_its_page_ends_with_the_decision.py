"""The page that asks for an approval names the change and leads to it; deciding ends that page and no other."""

import pytest

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents import change_actions
from watchbill.domain.incidents.change_actions import ChangeDraft
from watchbill.domain.incidents.models import SUBJECT_KIND, Incident, ProductionChange
from watchbill.domain.paging.models import Page, PageState

pytestmark = pytest.mark.parametrize("incident_world", ["real"], indirect=True)


def commanded(world: IncidentWorld) -> Incident:
    incident = world.declares("sev1", by="lead")
    world.cast.rules("commander", "low", [(world.cast.contacts["commander", "mail"], 0)])
    world.takes("commander", "incident-commander", incident)
    world.received()
    return incident


def proposes(world: IncidentWorld, incident: Incident) -> ProductionChange:
    draft = ChangeDraft(what="Roll back release 41", where="checkout", rollback="Deploy 41 again")
    change = change_actions.propose(
        incident_id=incident.id, draft=draft, actor=world.person("engineer"), ways=world.ways(), now=world.now
    )
    world.settle()
    return change


def open_pages(incident: Incident, world: IncidentWorld) -> list[str]:
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id, state=PageState.ACTIVE)
    return [page.reason for page in pages.filter(user=world.cast.people["commander"])]


@pytest.mark.parametrize("approved", [True, False])
def test_the_page_says_which_change_and_ends_when_it_is_decided(incident_world: IncidentWorld, approved: bool) -> None:
    world = incident_world
    incident = commanded(world)
    change = proposes(world, incident)
    [asked] = world.received()
    assert asked.to == "commander"
    mail = world.mail.mails[-1].message
    assert mail["Subject"] == f"[Watchbill] #{incident.number} Approve change 1? Roll back release 41 (checkout)"
    first, second = mail.get_body(("plain",)).get_content().replace("\r\n", "\n").split("\n\n")[1:3]
    assert first == "Decide it here:"
    assert second.endswith(f"/incidents/{incident.number}#needs")
    assert open_pages(incident, world) == ["Approve change 1? Roll back release 41"]

    why = "" if approved else "the release is not the cause"
    change_actions.decide(
        incident_id=incident.id,
        number=change.number,
        approved=approved,
        why=why,
        actor=world.person("commander"),
        now=world.now,
    )
    assert open_pages(incident, world) == []
    assert Page.objects.filter(subject_id=incident.id, state=PageState.ACTIVE).exists()  # those of the others
    world.ends(incident)


def test_another_page_of_whoever_decides_goes_on(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = commanded(world)
    first, second = proposes(world, incident), proposes(world, incident)
    world.received()
    who = world.person("commander")
    change_actions.decide(incident_id=incident.id, number=first.number, approved=True, why="", actor=who, now=world.now)
    assert open_pages(incident, world) == [f"Approve change {second.number}? Roll back release 41"]
    world.ends(incident)
