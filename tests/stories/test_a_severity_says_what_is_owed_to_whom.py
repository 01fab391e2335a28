"""What an incident owes to the world follows from its severity, from whether customers see it, and from the clock."""

import pytest

from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.communications.proposals import proposed
from watchbill.domain.communications.publishing import NobodyWouldGetIt
from watchbill.domain.communications.reads import plan_item
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.incidents import ending_actions
from watchbill.domain.status_page import component_actions
from watchbill.domain.status_page.component_actions import ComponentDraft

CUSTOMER = "anna@customer.example"
OWED, DUE, OVERDUE, TOLD, UNDECIDED, NOT = "owed", "due", "overdue", "told", "undecided", "not-needed"


def test_a_sev1_owes_the_status_page_a_customer_mail_and_an_executive_notification(
    communications_world: CommunicationsWorld,
) -> None:
    with_all = communications_world
    with_all.customers(CUSTOMER)
    incident = with_all.declares("sev1")
    assert with_all.needs(incident) == {
        "status-page-update": OWED,
        "customer-email": OWED,
        "executive-notification": OWED,
    }
    assert with_all.plan(incident).owed_words == "status page update, customer email, executive notification"
    with_all.tells(incident, "customer-email")
    assert with_all.plan(incident).owed_words == "status page update, executive notification"
    with_all.ends(incident)


def test_a_sev2_owes_the_status_page_only_if_customers_see_it(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev2")
    assert world.needs(incident) == {"status-page-update": UNDECIDED}
    world.customers_see_it(incident, False)
    [line] = world.plan(incident).lines
    assert (line.plan.need.value, line.plan.why) == (NOT, "not customer-facing")
    world.customers_see_it(incident)
    assert world.needs(incident) == {"status-page-update": OWED}
    world.ends(incident)


def test_a_sev3_stays_internal_until_a_customer_asks(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev3")
    assert world.needs(incident) == {"internal-update": OWED, "customer-reply": NOT}
    assert world.plan(incident).lines[1].plan.why == "no customer asked"
    world.a_customer_asks(incident)
    assert world.needs(incident) == {"internal-update": OWED, "customer-reply": OWED}
    assert "incident.customer_asked" in world.happened(incident)
    world.a_customer_asks(incident, False)
    assert world.needs(incident)["customer-reply"] == NOT
    world.ends(incident)


def test_a_sev4_owes_nothing(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev4")
    assert world.needs(incident) == {}
    assert world.plan(incident).owed_words == ""
    world.passes(days=3)
    assert world.needs(incident) == {}


def test_what_is_owed_follows_the_update_clock(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev1")
    world.tells(incident, "executive-notification")
    assert world.needs(incident)["executive-notification"] == TOLD
    world.passes(minutes=14)
    assert world.needs(incident)["executive-notification"] == TOLD
    world.passes(minutes=1)
    assert world.needs(incident)["executive-notification"] == DUE
    world.passes(minutes=16)
    assert world.needs(incident) == {
        "status-page-update": OVERDUE,
        "customer-email": OVERDUE,
        "executive-notification": OVERDUE,
    }
    world.tells(incident, "executive-notification")
    assert world.needs(incident)["executive-notification"] == TOLD
    world.ends(incident)


def test_an_upgrade_owes_more_and_a_downgrade_still_owes_the_end_to_whom_was_told(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    world.customers(CUSTOMER)
    incident = world.declares("sev3")
    world.becomes("sev1", incident)
    assert set(world.needs(incident)) == {"status-page-update", "customer-email", "executive-notification"}
    world.tells(incident, "customer-email")
    world.becomes("sev4", incident)
    assert world.needs(incident) == {"customer-email": TOLD}
    world.is_resolved(incident)
    assert world.needs(incident)["customer-email"] == OWED
    done = world.tells(incident, "customer-email")
    assert done.moment == "resolved"
    assert world.needs(incident)["customer-email"] == TOLD
    world.received()


def test_after_the_resolution_the_end_is_owed_once_and_the_internal_summary(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    world.customers(CUSTOMER)
    incident = world.declares("sev1")
    for item in ("status-page-update", "customer-email", "executive-notification"):
        world.tells(incident, item)
    world.is_resolved(incident)
    assert world.needs(incident) == {
        "status-page-update": OWED,
        "customer-email": OWED,
        "executive-notification": OWED,
        "internal-summary": OWED,
    }
    for item in world.needs(incident):
        world.tells(incident, item)
    world.passes(days=1)
    assert set(world.needs(incident).values()) == {TOLD}
    summary = incident.follow_ups.get(kind="summary")
    assert summary.state == "done"
    world.received()


def test_the_internal_summary_is_not_the_final_update(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.is_resolved(world.declares("sev1"))
    world.tells(incident, "internal-summary")
    assert not incident.steps_done.filter(step="final-update").exists()
    world.tells(incident, "status-page-update")
    assert incident.steps_done.filter(step="final-update").exists()
    world.received()


def test_whom_the_end_was_told_is_owed_that_it_is_back(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev1")
    world.tells(incident, "executive-notification")
    world.is_resolved(incident)
    world.tells(incident, "executive-notification")
    assert world.needs(incident)["executive-notification"] == TOLD
    world.passes(hours=2)
    ending_actions.reopen(
        incident_id=incident.id, reason="it fails again", actor=world.person("engineer"), now=world.now
    )
    [line] = [line for line in world.plan(incident).lines if line.plan.item == "executive-notification"]
    assert (line.plan.need.value, line.plan.moment) == (OWED, "back")  # and its clock begins anew
    assert line.plan.why == "it is back, and they were told that it is over"
    world.tells(incident, "executive-notification")
    assert world.needs(incident)["executive-notification"] == TOLD
    world.settle()
    world.ends(incident)


def test_it_is_back_for_the_public_and_customers_at_once_and_the_clock_reminds(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    world.customers(CUSTOMER)
    component = component_actions.add_component(
        ComponentDraft(name="Checkout", service_id=world.cast.service.id), actor=world.person("owner"), now=world.now
    )
    incident = world.declares("sev1")
    down = Text(
        subject="Problems", body="We look.", status="investigating", components={str(component.id): "major_outage"}
    )
    world.tells(incident, "status-page-update", text=down)
    world.tells(incident, "customer-email")
    world.is_resolved(incident)
    for item in ("status-page-update", "customer-email"):
        world.tells(incident, item)
    world.passes(hours=2)
    ending_actions.reopen(
        incident_id=incident.id, reason="it fails again", actor=world.person("engineer"), now=world.now
    )
    world.settle()
    world.received()
    assert world.needs(incident)["status-page-update"] == world.needs(incident)["customer-email"] == OWED
    incident = world.again(incident)
    planned = plan_item(incident, "status-page-update", now=world.now)
    text = proposed(incident, planned, moment=planned.moment, base_url="", now=world.now)
    assert (text.status, text.components) == ("investigating", {str(component.id): "major_outage"})
    assert "are back since" in text.body
    world.passes(minutes=15)
    reminded = [one.reason for one in world.received() if "update is due" in one.reason]
    assert any("Still owed: status page update, customer email" in reason for reason in reminded), reminded
    world.tells(incident, "status-page-update", text=text)
    assert world.needs(incident)["status-page-update"] == TOLD
    world.becomes("sev4", incident)
    [mail] = [line for line in world.plan(incident).lines if line.plan.item == "customer-email"]
    assert (mail.plan.need.value, mail.plan.moment) == (OWED, "back")
    world.settle()
    world.received()
    world.ends(incident)


def test_a_mail_to_nobody_is_refused_with_the_remedy(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev1")
    with pytest.raises(NobodyWouldGetIt, match=r"no contact of a customer is kept.*Contacts.*told by other means"):
        world.tells(incident, "customer-email")
    assert world.needs(incident)["customer-email"] == OWED
    world.customers(CUSTOMER)
    world.tells(incident, "customer-email")
    world.letters_go_to(CUSTOMER)
    assert world.needs(incident)["customer-email"] == TOLD
    world.ends(incident)


def test_who_has_no_executive_notifies_none(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev1")
    User.objects.filter(id=world.cast.people["executive"].id).update(is_active=False)
    with pytest.raises(NobodyWouldGetIt, match="nobody is executive on call"):
        world.tells(incident, "executive-notification")
    User.objects.filter(id=world.cast.people["executive"].id).update(is_active=True)
    world.tells(incident, "executive-notification")
    world.letters_go_to("executive@example.org")
    world.ends(incident)


def test_what_is_for_the_house_can_be_read_without_a_mail(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev3")
    world.tells(incident, "internal-update")
    world.letters_go_to()
    assert world.needs(incident)["internal-update"] == TOLD
    assert "on the incident's page alone; nobody is mailed" in str(
        Entry.objects.get(action="incident.statement_published").details
    )
    world.ends(incident)


def test_what_was_no_incident_owes_nothing(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers(CUSTOMER)
    incident = world.declares("sev1")
    world.tells(incident, "customer-email")
    ending_actions.cancel(incident_id=incident.id, reason="a test", actor=world.person("engineer"), now=world.now)
    assert set(world.needs(incident).values()) == {NOT}
    world.settle()
    world.received()


def test_the_reminder_says_what_is_owed(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev1")
    world.takes("comms", "communications-lead", incident)
    world.tells(incident, "status-page-update")
    world.received()
    world.passes(minutes=15)
    reminded = [one.reason for one in world.received() if "update is due" in one.reason]
    assert any(
        "Still owed: status page update, customer email, executive notification" in reason for reason in reminded
    ), reminded
    world.ends(incident)
