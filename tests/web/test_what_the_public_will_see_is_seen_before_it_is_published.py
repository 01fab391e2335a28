"""A draft shows the status page as it will be, and says where that misleads or where nobody hears."""

from dataclasses import replace
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, expect

from tests.web import stage
from tests.web.organization import Stage
from tests.web.test_a_statement_goes_from_draft_to_published_on_a_phone import begun, phone
from watchbill.domain.audit.contract import Actor
from watchbill.domain.communications.models import CustomerContact, Statement
from watchbill.domain.communications.statement_actions import Text, save_draft
from watchbill.domain.incidents.models import Incident
from watchbill.domain.status_page.models import Component, PublicIncident
from watchbill.ground.clock import SystemClock

SAID = Text(subject="Checkout fails", body="We look.", status="identified")


def drafted(incident: Incident, organization: Stage, item: str, **more: Any) -> Statement:
    who = organization.people["second"]
    return save_draft(
        incident_id=incident.id,
        item=item,
        text=replace(SAID, **more),
        revision=None,
        actor=Actor(kind="person", label=who.name, via="web", id=who.id),
        now=SystemClock().now(),
    )


def test_the_page_is_shown_as_it_will_be(browser: Browser, address: str, organization_on_stage: Stage) -> None:
    incident = begun(organization_on_stage)
    component = Component.objects.get(service_id=incident.service_id)
    draft = drafted(
        incident, organization_on_stage, "status-page-update", components={str(component.id): "major_outage"}
    )
    with phone(browser, address, organization_on_stage.people["second"], scripts=False) as page:
        page.goto(f"{address}/incidents/{incident.number}/communication/{draft.id}")
        after = page.get_by_role("region", name="The status page after it")
        expect(after.get_by_role("heading", name="Major System Outage")).to_be_visible()
        expect(after.get_by_text("Major outage", exact=True)).to_be_visible()
        assert after.locator(".banner").evaluate("one => getComputedStyle(one).display") == "flex"
        expect(page.get_by_text("nothing that suffers")).to_have_count(0)
        page.goto(f"{address}/incidents/{incident.number}/communication/{draft.id}/page")
        expect(page.get_by_text("Nothing of it is published yet.")).to_be_visible()
        expect(page.get_by_role("heading", name="Checkout fails")).to_be_visible()
    assert not PublicIncident.objects.filter(incident=incident).exists()


def test_a_grave_incident_above_working_components_is_warned_of(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    incident = begun(organization_on_stage)
    PublicIncident.objects.update(resolved_at=SystemClock().now())
    Component.objects.update(service=None, state="operational")
    draft = drafted(incident, organization_on_stage, "status-page-update")
    with phone(browser, address, organization_on_stage.people["second"]) as page:
        page.goto(f"{address}/incidents/{incident.number}/communication/{draft.id}")
        warning = page.get_by_role("status").filter(has_text="The page would show nothing that suffers.")
        expect(warning).to_contain_text(
            "they would read “Minor Service Outage” above components that are all operational"
        )
        expect(page.get_by_text("No component of the status page stands for checkout")).to_be_visible()
        warning.get_by_role("link", name="Say which components suffer").click()
        page.get_by_label("Checkout", exact=True).select_option("partial_outage")
        page.get_by_role("button", name="See it as a whole").click()
        expect(page.get_by_text("The page would show nothing that suffers.")).to_have_count(0)
        expect(page.get_by_role("button", name="Publish it")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_nobody_is_no_one_to_send_to(client: Client, organization_on_stage: Stage) -> None:
    incident = begun(organization_on_stage)
    CustomerContact.objects.all().delete()
    draft = drafted(incident, organization_on_stage, "customer-email", status="")
    cookie = stage.signed_in(organization_on_stage.people["second"])
    client.cookies[cookie["name"]] = cookie["value"]
    address = f"/incidents/{incident.number}/communication/{draft.id}"
    shown = client.get(address).content.decode()
    assert "Nobody would get it." in shown
    assert "An admin or the owner adds them under Admin, Communication, Contacts" in shown
    assert "/publish" not in shown
    assert "button primary" not in shown
    assert f"/incidents/{incident.number}/communication#told-customer-email" in shown
    cookie = stage.signed_in(organization_on_stage.me)
    client.cookies[cookie["name"]] = cookie["value"]
    assert 'href="/admin/communication/contacts"' in client.get(address).content.decode()
