"""On the host: texts, approvals, readers, and a statement from what is owed to what went out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.harness.communications_world import CommunicationsWorld
from watchbill.cli.main import root
from watchbill.domain.audit.models import Entry
from watchbill.domain.communications.publishing import ApprovalMissing
from watchbill.domain.status_page import component_actions, reads
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.parametrize("communications_world", ["real"], indirect=True)


def run(*words: str) -> str:
    result = CliRunner().invoke(root(), list(words), env={"COLUMNS": "200"})
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def fails(*words: str) -> BaseException | None:
    return CliRunner().invoke(root(), list(words), env={"COLUMNS": "200"}).exception


def catches_up(world: CommunicationsWorld) -> None:
    world.clock.move_to(SystemClock().now())
    world.settle()


def test_a_mail_to_customers_is_drafted_approved_and_published(
    communications_world: CommunicationsWorld, tmp_path: Path
) -> None:
    world = communications_world
    contacts, text = tmp_path / "contacts.txt", tmp_path / "text.txt"
    contacts.write_text("Anna Adler <anna@customer.example>\nbert@customer.example\n", encoding="utf-8")
    text.write_text("We look into it.\n", encoding="utf-8")
    assert "2 added" in run("communication", "add-contacts", str(contacts), "--service", "checkout")
    run("communication", "approver", "customers", "incident-commander")
    incident = world.declares("sev1")
    world.takes("commander", "incident-commander", incident)
    assert json.loads(run("incident", "owed", "1", "--json"))["owed"].startswith("status page update, customer email")
    shown = run("incident", "draft", "1", "customer-email", "--subject", "Checkout", "--file", str(text))
    assert "Goes to 2 customer contacts." in shown
    assert isinstance(fails("incident", "publish", "1", "customer-email"), ApprovalMissing)
    run("incident", "approval", "1", "customer-email", "ask")
    run("incident", "approval", "1", "customer-email", "approve", "--as", "commander@example.org")
    assert run("incident", "publish", "1", "customer-email") == "Published to 2.\n"
    catches_up(world)
    world.letters_go_to("anna@customer.example", "bert@customer.example")
    told = json.loads(run("incident", "statement", "1", "customer-email", "--json"))
    assert {one["state"] for one in told["letters"]} == {"sent"}
    assert "customer-email" in run("incident", "owed", "1")
    by = Entry.objects.filter(subject_id=incident.id, action="incident.statement_approved").get()
    assert by.actor_label.startswith("commander@example.org")
    world.ends(incident)


def test_the_status_page_by_the_names_of_its_components(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    for name in ("Checkout", "Search"):
        draft = component_actions.ComponentDraft(name=name, service_id=None)
        component_actions.add_component(draft, actor=world.person("owner"), now=world.now)
    incident = world.declares("sev1")
    write = ("incident", "draft", "1", "status-page-update", "--body", "We look into it.", "--component")
    assert "there are Checkout, Search" in str(fails(*write, "Nothing=major_outage"))
    run(*write, "Search=degraded_performance")
    assert run("incident", "publish", "1", "status-page-update") == "Published on the status page.\n"
    assert {one.name: one.state for one in reads.components()} == {
        "Checkout": "operational",
        "Search": "degraded_performance",
    }
    world.ends(incident)


def test_who_was_told_by_telephone_is_noted(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = world.declares("sev1")
    assert run("incident", "told", "1", "customer-email", "Called, all three").startswith(
        "Noted: Customer email, told "
    )
    assert "lies ahead" in str(fails("incident", "told", "1", "customer-email", "Called", "--at", "2099-01-01T00:00Z"))
    owed = json.loads(run("incident", "owed", "1", "--json"))["owed"]
    assert owed == "status page update, executive notification"
    world.ends(incident)


def test_who_hears_of_what(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    run("communication", "subscribe", "onlooker@example.org", "--service", "checkout", "--severity", "sev3")
    run("communication", "subscribe", "manager@example.org", "--audience", "executives")
    listed = run("communication", "subscriptions")
    assert "sev3 and worse" in listed
    assert "every service" in listed
    incident = world.declares("sev3")
    run("incident", "draft", "1", "internal-update")
    run("incident", "publish", "1", "internal-update")
    catches_up(world)
    world.letters_go_to("onlooker@example.org")
    for one in json.loads(run("communication", "subscriptions", "--json")):
        run("communication", "unsubscribe", one["id"])
    assert run("communication", "subscriptions") == "Nobody has subscribed.\n"
    world.ends(incident)


def test_texts_and_what_is_discarded(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    run("communication", "template", "internal", "first", "--subject", "{{service}} has trouble")
    assert "{{service}} has trouble" in run("communication", "templates")
    incident = world.declares("sev3")
    run("incident", "asked", "1", "--who", "Ms Smith")
    assert "checkout has trouble" in run("incident", "draft", "1", "internal-update")
    assert run("incident", "discard", "1", "internal-update") == "Discarded.\n"
    run("communication", "template", "internal", "first", "--reset")
    assert "has trouble" not in run("communication", "templates")
    world.ends(incident)
