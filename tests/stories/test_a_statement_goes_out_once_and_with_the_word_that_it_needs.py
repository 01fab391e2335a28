"""Written, approved where the organization wants that, published once; each of it on the timeline."""

import threading

import pytest
from django.db import connection

from tests.harness.communications_world import TEXT, CommunicationsWorld
from watchbill.domain.communications import setup_actions, statement_actions
from watchbill.domain.communications.models import Letter, Statement
from watchbill.domain.communications.publishing import ApprovalMissing
from watchbill.domain.communications.reads import template
from watchbill.domain.communications.statement_actions import DraftChanged, StatementOver, Text
from watchbill.domain.incidents.models import Incident
from watchbill.ground.refusals import ChangeRefused

CUSTOMER = "anna@customer.example"


def begun(world: CommunicationsWorld, *, approver: str = "") -> Incident:
    world.customers(CUSTOMER)
    incident = world.declares("sev1")
    world.takes("commander", "incident-commander", incident)
    world.received()
    if approver:
        setup_actions.set_approver(audience="customers", role=approver, actor=world.person("owner"), now=world.now)
    return incident


def test_what_needs_nobody_goes_out_at_once(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = begun(world)
    before = len(world.happened(incident))
    world.tells(incident, "customer-email")
    world.letters_go_to(CUSTOMER)
    assert world.happened(incident)[before:] == [
        "incident.statement_drafted",
        "incident.statement_published",
        "incident.step_done",
    ]
    world.ends(incident)


def test_the_commander_is_asked_and_says_yes(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = begun(world, approver="incident-commander")
    draft = world.drafts(incident, "customer-email")
    with pytest.raises(ApprovalMissing, match="Commander has to approve this first"):
        world.publishes(draft)
    assert world.asks(draft).state == "waiting"
    [told] = world.expects(("commander", "webhook"))
    assert told.reason == "Approve the customer email? Problems with checkout"
    with pytest.raises(ChangeRefused, match="only Commander may approve"):
        world.decides(draft, by="comms")
    world.decides(draft, by="commander")
    world.publishes(draft)
    world.letters_go_to(CUSTOMER)
    assert {"incident.approval_asked", "incident.statement_approved"} <= set(world.happened(incident))
    world.ends(incident)


def test_a_refusal_says_why_and_the_text_is_a_draft_again(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = begun(world, approver="executive-on-call")
    draft = world.drafts(incident, "customer-email")
    world.asks(draft)
    world.expects(("executive", "webhook"))
    with pytest.raises(ChangeRefused, match="say why not"):
        world.decides(draft, by="executive", approved=False)
    declined = world.decides(draft, by="executive", approved=False, why="Name no cause yet")
    assert (declined.state, declined.why) == ("draft", "Name no cause yet")
    with pytest.raises(ApprovalMissing):
        world.publishes(declined)
    world.letters_go_to()
    changed = world.drafts(incident, "customer-email", text=Text(subject="Problems", body="We are on it."))
    world.asks(changed)
    world.expects(("executive", "webhook"))
    world.decides(changed, by="executive")
    world.publishes(Statement.objects.get(id=changed.id))
    world.letters_go_to(CUSTOMER)
    world.ends(incident)


def test_the_own_word_of_who_may_approve_counts_at_once(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = begun(world, approver="incident-commander")
    world.tells(incident, "customer-email", by="commander")
    world.letters_go_to(CUSTOMER)
    assert "incident.statement_approved" in world.happened(incident)
    world.ends(incident)


def test_what_was_approved_and_is_changed_has_to_be_approved_again(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = begun(world, approver="incident-commander")
    draft = world.drafts(incident, "customer-email")
    world.decides(draft, by="commander")
    changed = world.drafts(incident, "customer-email", text=Text(subject="Free money", body="For all."))
    with pytest.raises(ApprovalMissing):
        world.publishes(changed)
    world.letters_go_to()
    world.ends(incident)


def test_nobody_overwrites_approves_or_publishes_what_he_did_not_read(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    incident = begun(world, approver="incident-commander")
    read = world.drafts(incident, "customer-email")
    world.drafts(incident, "customer-email", by="engineer", text=Text(subject="Other", body="Other."))
    for act in (lambda: world.decides(read, by="commander"), lambda: world.publishes(read, by="commander")):
        with pytest.raises(DraftChanged, match="Engineer changed the text meanwhile"):
            act()
    with pytest.raises(DraftChanged):
        statement_actions.save_draft(
            incident_id=incident.id,
            item="customer-email",
            text=TEXT,
            revision=read.revision,
            actor=world.person("comms"),
            now=world.now,
        )
    world.letters_go_to()
    world.ends(incident)


def test_a_double_click_publishes_once(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = begun(world)
    draft = world.drafts(incident, "customer-email")
    failures: list[Exception] = []

    def press() -> None:
        try:
            world.publishes_only(draft)
        except ChangeRefused as refused:
            failures.append(refused)
        finally:
            connection.close()

    presses = [threading.Thread(target=press) for _ in range(4)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    world.settle()
    assert failures == []
    world.letters_go_to(CUSTOMER)
    assert world.happened(incident).count("incident.statement_published") == 1
    assert Letter.objects.count() == 1
    world.ends(incident)


def test_what_is_discarded_does_not_go_out(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = begun(world)
    draft = world.drafts(incident, "customer-email")
    statement_actions.discard(
        incident_id=incident.id, statement_id=draft.id, actor=world.person("comms"), now=world.now
    )
    with pytest.raises(StatementOver, match="discarded already"):
        world.publishes(draft)
    world.letters_go_to()
    assert world.drafts(incident, "customer-email").id != draft.id
    world.ends(incident)


def test_more_than_the_severity_asks_for_may_be_told(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.subscribes("onlooker")
    incident = world.declares("sev4")
    assert ("internal", "Internal update") in world.plan(incident).others
    world.tells(incident, "internal")
    world.letters_go_to("onlooker@example.org")
    assert world.needs(incident) == {"internal": "told"}
    world.ends(incident)


def test_an_unknown_variable_is_named_with_those_there_are(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    owner = world.person("owner")
    with pytest.raises(ChangeRefused, match=r"\{\{titel\}\} is no variable; there are title, number, severity"):
        setup_actions.set_template(
            audience="public", moment="first", subject="{{titel}}", body="x", actor=owner, now=world.now
        )
    with pytest.raises(ChangeRefused, match="braces"):
        setup_actions.set_template(
            audience="public", moment="first", subject="{{title", body="x", actor=owner, now=world.now
        )
    setup_actions.set_template(
        audience="public", moment="first", subject="{{ title }}", body="{{impact}}", actor=owner, now=world.now
    )
    assert template("public", "first").body == "{{impact}}"
    setup_actions.reset_template(audience="public", moment="first", actor=owner, now=world.now)
    assert "{{next_update_by}}" in template("public", "first").body
