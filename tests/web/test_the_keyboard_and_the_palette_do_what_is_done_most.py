"""Keys act on the alert on the screen; the palette lists at once, moves by arrows, and does things."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from tests.web.organization import Stage
from tests.web.stage import signed_in
from watchbill.domain.alerts.models import Alert

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(browser: Browser, address: str, organization_on_stage: Stage) -> Iterator[Page]:
    context = browser.new_context(base_url=address)
    context.add_cookies([{**signed_in(organization_on_stage.me), "url": address}])
    yield context.new_page()
    context.close()


def test_keys_act_on_the_alert_on_the_screen(page: Page, organization_on_stage: Stage) -> None:
    alert = organization_on_stage.alerts["live"]
    page.goto(f"/alerts/{alert.id}")
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Resolve it")).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_text("You have it", exact=True)).to_be_visible()
    alert.refresh_from_db()
    assert alert.state == "acknowledged"


def test_the_palette_lists_at_once_and_acts(page: Page, organization_on_stage: Stage) -> None:
    alert = organization_on_stage.alerts["live"]
    page.goto(f"/alerts/{alert.id}")
    page.keyboard.press("k")
    items = page.locator("#palette .palette-item")
    expect(items.first).to_contain_text(f"Acknowledge #{alert.number}")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    page.locator("#palette-query").fill("who is on call for payments-sec")
    expect(items).to_have_count(1)
    expect(items.first).to_contain_text("on call: ")
    page.locator("#palette-query").fill("ack")
    expect(items).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_text("You have it", exact=True)).to_be_visible()


def test_the_same_without_script(organization_on_stage: Stage) -> None:
    browser = Client()
    browser.force_login(organization_on_stage.me)
    alert = organization_on_stage.alerts["live"]
    found = browser.get("/go?q=acknowledge").content.decode()
    assert f'action="/alerts/{alert.id}/acknowledge"' in found
    assert "#new-override" in browser.get("/go?q=override").content.decode()
    first = organization_on_stage.people["first"]
    assert f'href="/people/{first.id}"' in browser.get("/go?q=page+first").content.decode()
    assert Alert.objects.get(id=alert.id).state == "triggered"
