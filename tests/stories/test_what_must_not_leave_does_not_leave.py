"""A restricted incident tells only those who may see it; a drill tells only those who take part."""

import pytest

from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.communications.models import Letter
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.incidents.models import Insider
from watchbill.ground.refusals import ChangeRefused

CANARY = Text(subject="canary-4711", body="canary-4711 was copied")


def everybody_listens(world: CommunicationsWorld) -> None:
    world.customers("anna@customer.example")
    for name in ("onlooker", "engineer", "manager", "executive"):
        world.subscribes(name)
        world.subscribes(name, "executives")


def test_of_a_restricted_incident_only_insiders_hear(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    everybody_listens(world)
    insider = world.cast.people["engineer"].id
    incident = world.declares("sev1", title="canary-4711", restricted=True, insiders=(insider,))
    inside = set(Insider.objects.filter(incident=incident).values_list("user__email", flat=True))
    assert "onlooker@example.org" not in inside
    assert world.needs(incident)["customer-email"] == world.needs(incident)["status-page-update"] == "not-needed"
    for item in ("status-page-update", "customer-email", "public", "customers"):
        with pytest.raises(ChangeRefused, match="restricted"):
            world.tells(incident, item, text=CANARY)
    world.tells(incident, "executive-notification", text=CANARY)
    world.tells(incident, "internal", text=CANARY)
    mails = world.letters()
    assert mails
    assert {one for mail in mails for one in mail.recipients} <= inside
    world.ends(incident)


def test_who_may_not_see_it_any_more_gets_nothing_that_still_waits(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    world.subscribes("engineer")
    insider = world.cast.people["engineer"].id
    incident = world.declares("sev4", title="canary-4711", restricted=True, insiders=(insider,))
    statement = world.drafts(incident, "internal", text=CANARY)
    world.publishes_only(statement)
    Insider.objects.filter(incident=incident, user_id=insider).delete()
    world.settle()
    world.letters_go_to()
    assert world.fate(statement) == {"engineer@example.org": "failed"}
    world.ends(incident)


def test_a_drill_goes_to_those_who_take_part_and_is_marked(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    everybody_listens(world)
    incident = world.declares("sev1", drill=True)
    for item in ("status-page-update", "customer-email", "executive-notification"):
        done = world.tells(incident, item)
        assert (done.state, done.sent_to) == ("published", 0)
    world.letters_go_to()
    world.tells(incident, "internal")
    mails = world.letters_go_to("engineer@example.org", "manager@example.org", "executive@example.org")
    assert all(str(mail.message["Subject"]).startswith("DRILL: ") for mail in mails)
    assert all("DRILL" in mail.message.get_body(("plain",)).get_content() for mail in mails)
    assert set(world.needs(incident).values()) == {"told"}
    world.ends(incident)


def test_who_subscribed_to_worse_ones_or_other_services_does_not_hear(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    world.subscribes("onlooker", severity="sev2")
    world.subscribes("engineer")
    incident = world.declares("sev3")
    world.tells(incident, "internal-update")
    world.letters_go_to("engineer@example.org")
    world.becomes("sev2", incident)
    world.tells(incident, "internal")
    world.letters_go_to("engineer@example.org", "onlooker@example.org")
    world.ends(incident)


def test_the_executive_on_call_hears_without_a_subscription(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.subscribes("manager", "executives")
    incident = world.declares("sev1")
    statement = world.tells(incident, "executive-notification")
    world.letters_go_to("executive@example.org", "manager@example.org")
    why = dict(Letter.objects.filter(statement=statement).values_list("address", "why"))
    assert why["executive@example.org"] == "executive on call"
    world.ends(incident)
