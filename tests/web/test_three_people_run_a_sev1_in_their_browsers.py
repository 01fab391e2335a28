"""Declared on a phone, run by three people side by side; what one does the others see without reload."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import stage
from tests.web.organization import Stage
from watchbill.domain.incidents.models import Incident, Seat, SeatState

pytestmark = pytest.mark.lab


@contextmanager
def browsing(browser: Browser, address: str, who: object, *, phone: bool = False) -> Iterator[Page]:
    size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
    context = browser.new_context(viewport=size)
    context.add_cookies([{**stage.signed_in(who), "url": address}])
    page = context.new_page()
    yield page
    context.close()


def test_from_the_phone_to_resolved(browser: Browser, address: str, organization_on_stage: Stage) -> None:
    people = organization_on_stage.people
    with (
        browsing(browser, address, people["first"], phone=True) as phone,
        browsing(browser, address, people["lead"]) as lead,
        browsing(browser, address, people["second"]) as second,
    ):
        phone.goto(f"{address}/")
        phone.get_by_role("link", name="Declare an incident").click()
        phone.get_by_label("What is wrong").fill("Search is down")
        phone.get_by_text("Not sure? A few questions suggest one").click()
        phone.get_by_label("Which customers notice it?").select_option("many")
        phone.get_by_role("button", name="Suggest a severity").click()
        expect(phone.get_by_text("Your answers point to")).to_contain_text("SEV2")
        expect(phone.get_by_label("Which customers notice it?")).to_have_value("many")
        phone.get_by_role("checkbox", name="A data breach is confirmed or suspected").check()
        phone.get_by_role("button", name="Suggest a severity").click()
        expect(phone.locator("#suggested")).to_contain_text("A data breach is confirmed or suspected: SEV1")
        expect(phone.locator("#suggested")).to_contain_text("SEV2 alone; the higher counts")
        expect(phone.get_by_role("radio", name="SEV1")).to_be_checked()
        expect(phone.get_by_label("What is wrong")).to_have_value("Search is down")
        phone.get_by_label("Service", exact=True).select_option(label="search")
        phone.get_by_role("button", name="Declare it and page").click()
        expect(phone.get_by_role("heading", name="Search is down")).to_be_visible()
        incident = Incident.objects.get(title="Search is down")
        at = f"{address}/incidents/{incident.number}"

        lead.goto(at)
        second.goto(at)
        lead.get_by_role("button", name="I command it").click()
        expect(lead.get_by_text("You have the role.")).to_be_visible()
        expect(second.locator("#role-incident-commander")).to_contain_text("Team Lead", timeout=5_000)

        second.get_by_role("button", name="I am on it").click()
        expect(lead.locator("#incident-head")).to_contain_text("is on it since", timeout=5_000)

        lead.get_by_label("Write to the room").fill("Roll back the last release")
        lead.get_by_role("button", name="Send").click()
        expect(second.locator("#incident-timeline")).to_contain_text("IC: Roll back the last release", timeout=5_000)

        lead.locator("summary", has_text="Resolve").first.click()
        lead.get_by_role("button", name="It is resolved").click()
        expect(lead.get_by_role("alert")).to_contain_text("Confirm that the service is back to normal")
        lead.get_by_label("Reason to pass over what is not done").fill("Seen by the lead")
        lead.get_by_role("button", name="It is resolved").click()
        expect(lead.locator("#incident-head")).to_contain_text("Resolved")
        expect(second.locator("#incident-head")).to_contain_text("Resolved", timeout=5_000)
    assert Seat.objects.filter(incident=incident, state=SeatState.HELD).count() == 1


def test_without_scripts_it_is_declared_and_answered(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.add_cookies([{**stage.signed_in(organization_on_stage.people["second"]), "url": address}])
    page = context.new_page()
    page.goto(f"{address}/incidents/new")
    page.get_by_label("What is wrong").fill("Search is slow")
    page.get_by_role("button", name="Declare it and page").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a severity; when in doubt, the higher")
    expect(page.get_by_label("What is wrong")).to_have_value("Search is slow")
    page.get_by_role("radio", name="SEV3").check()
    page.get_by_role("button", name="Declare it and page").click()
    page.get_by_role("button", name="I am on it").click()
    expect(page.get_by_text("You are on it.")).to_be_visible()
    context.close()
