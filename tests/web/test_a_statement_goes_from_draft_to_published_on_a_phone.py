"""A commander's minute: what is owed, the filled text, how it looks, one press; and the approval from another phone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import stage
from tests.web.organization import Stage
from watchbill.domain.audit.contract import Actor
from watchbill.domain.communications import setup_actions
from watchbill.domain.communications.models import Letter, Statement
from watchbill.domain.incidents.actions import Declaration, declare
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.role_actions import take
from watchbill.domain.status_page import reads
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.lab


@contextmanager
def phone(browser: Browser, address: str, who: object, *, scripts: bool = True) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=scripts)
    context.add_cookies([{**stage.signed_in(who), "url": address}])
    yield context.new_page()
    context.close()


def begun(organization: Stage) -> Incident:
    """A SEV1 that is no drill, commanded by the lead; the page has a component for its service already."""
    lead, now = organization.people["lead"], SystemClock().now()
    actor = Actor(kind="person", label=lead.name, via="web", id=lead.id)
    wanted = Declaration(title="Checkout fails", severity="sev1", service_id=organization.services["checkout"].id)
    incident = declare(wanted, actor=actor, now=now).incident
    take(incident_id=incident.id, role="incident-commander", actor=actor, now=now)
    return incident


def test_the_status_page_in_four_presses_and_less_than_a_minute(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    incident = begun(organization_on_stage)
    sits_down_at = SystemClock().now()
    with phone(browser, address, organization_on_stage.people["second"]) as page:
        page.goto(f"{address}/incidents/{incident.number}")
        page.get_by_role("link", name="status page update, customer email, executive notification").first.click()
        page.get_by_role("link", name="Write it for the status page update").click()
        expect(page.get_by_label("Title")).to_have_value("Problems with checkout")
        expect(page.get_by_label("Status")).to_have_value("investigating")
        expect(page.get_by_label("Checkout", exact=True)).to_have_value("major_outage")
        page.get_by_label("Text").fill("We look into it.")
        page.get_by_role("button", name="See it as a whole").click()
        expect(page.get_by_text("Goes to the status page.")).to_be_visible()
        expect(page.get_by_text("We look into it.")).to_be_visible()
        page.get_by_role("button", name="Publish it").click()
        expect(page.get_by_text("Published on the status page.")).to_be_visible()
    published_at = Statement.objects.get(incident=incident).published_at
    assert published_at is not None
    assert published_at - sits_down_at < timedelta(minutes=1)
    public = reads.public_incident_of(incident.id)
    assert public is not None
    assert public.title == "Problems with checkout"
    assert reads.components()[0].state == "major_outage"


def test_a_mail_to_customers_is_approved_from_another_phone(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    incident = begun(organization_on_stage)
    people = organization_on_stage.people
    with phone(browser, address, people["second"]) as writer, phone(browser, address, people["lead"]) as commander:
        writer.goto(f"{address}/incidents/{incident.number}/communication")
        writer.get_by_role("link", name="Write it for the customer email").click()
        writer.get_by_label("Subject").fill("Wrong words")
        writer.get_by_role("button", name="See it as a whole").click()
        expect(writer.get_by_text("Goes to 2 customer contacts")).to_be_visible()
        expect(writer.get_by_role("button", name="Send it")).to_have_count(0)
        writer.get_by_role("button", name="Ask for approval").click()
        expect(writer.get_by_text("Asked. They were told.")).to_be_visible()

        commander.goto(f"{address}/incidents/{incident.number}/communication")
        commander.get_by_role("link", name="Open the draft of the customer email").click()
        commander.get_by_role("button", name="Decline it").click()
        expect(commander.get_by_role("alert")).to_contain_text("Say why not")
        commander.get_by_label("Why not").fill("Say it plainly")
        commander.get_by_role("button", name="Decline it").click()
        expect(commander.get_by_text("Declined. Whoever wrote it")).to_be_visible()

        writer.reload()
        expect(writer.get_by_text("Say it plainly")).to_be_visible()
        writer.get_by_role("link", name="Change the text").click()
        writer.get_by_label("Subject").fill("Checkout fails")
        writer.get_by_role("button", name="See it as a whole").click()
        writer.get_by_role("button", name="Ask for approval").click()
        commander.goto(writer.url)
        commander.get_by_role("button", name="Approve it").click()
        commander.get_by_role("button", name="Send it to 2 customer contacts").click()
        expect(commander.get_by_text("2 in all, 2 under way.")).to_be_visible()
    assert Letter.objects.filter(statement__incident=incident).count() == 2


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_who_was_called_is_noted_and_a_mistake_keeps_what_was_typed(
    browser: Browser, address: str, organization_on_stage: Stage, *, scripts: bool
) -> None:
    incident = begun(organization_on_stage)
    with phone(browser, address, organization_on_stage.people["second"], scripts=scripts) as page:
        page.goto(f"{address}/incidents/{incident.number}/communication")
        expect(page.get_by_text("They were told another way: Status page update")).to_have_count(0)
        card = page.get_by_role("article", name="Customer email")
        card.get_by_text("They were told another way").click()
        card.get_by_label("How, and what they heard").fill("Called by their account manager")
        card.get_by_label("When").fill("2099-01-01T10:00")
        card.get_by_role("button", name="Note it").click()
        expect(card.get_by_role("alert")).to_contain_text("Not noted: lies ahead")
        expect(card.get_by_label("How, and what they heard")).to_have_value("Called by their account manager")
        card.get_by_label("When").fill("")
        card.get_by_role("button", name="Note it").click()
        expect(page.get_by_text("Noted: customer email, told by other means.")).to_be_visible()
        expect(card.get_by_text("Told", exact=True)).to_be_visible()
        card.get_by_role("link", name="Called by their account manager").click()
        expect(page.get_by_text("Nothing was sent by Watchbill.")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390 if scripts else True
    assert not Letter.objects.filter(statement__incident=incident).exists()


def test_it_works_without_scripts_and_keeps_what_was_typed(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    incident = begun(organization_on_stage)
    with phone(browser, address, organization_on_stage.people["second"], scripts=False) as page:
        page.goto(f"{address}/incidents/{incident.number}/communication/write/internal")
        page.get_by_label("Subject").fill("")
        page.get_by_label("Text").fill("Written at three in the morning")
        page.get_by_role("button", name="See it as a whole").click()
        expect(page.get_by_role("alert")).to_contain_text("Say in a few words what it is about")
        expect(page.get_by_label("Text")).to_have_value("Written at three in the morning")
        page.get_by_label("Subject").fill("Checkout")
        page.get_by_role("button", name="See it as a whole").click()
        page.get_by_role("button", name="Send it to 3 people").click()
        expect(page.get_by_text("3 in all, 3 under way.")).to_be_visible()
    assert Statement.objects.get(incident=incident).state == "published"


def test_a_text_is_changed_with_its_preview_beside_it(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    with phone(browser, address, organization_on_stage.me) as page:
        page.goto(f"{address}/admin/communication/templates/customers/first")
        page.get_by_label("Subject").fill("{{service}} is {{brokn}}")
        expect(page.locator("#preview")).to_contain_text("{{brokn}} is no variable; there are title", timeout=5_000)
        page.get_by_label("Subject").fill("{{service}} is broken")
        expect(page.locator("#preview")).to_contain_text("checkout is broken", timeout=5_000)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved. It holds for whatever is written from now on.")).to_be_visible()
    assert setup_actions.Template.objects.get().subject == "{{service}} is broken"


def test_somebody_subscribes_from_a_phone(browser: Browser, address: str, organization_on_stage: Stage) -> None:
    with phone(browser, address, organization_on_stage.people["stakeholder"]) as page:
        page.goto(f"{address}/me/subscriptions")
        page.get_by_label("Severity").select_option(label="SEV2 and worse")
        page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_text("Subscribed.")).to_be_visible()
        expect(page.get_by_role("main").get_by_text("SEV2 and worse").first).to_be_visible()
        page.get_by_role("button", name="End it for every service").click()
        expect(page.get_by_text("Ended.")).to_be_visible()
