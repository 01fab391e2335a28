"""One person acknowledges; the page that another has open shows it within seconds, from the same template."""

import pytest
from playwright.sync_api import Browser, expect

from tests.web import stage
from tests.web.organization import Stage
from watchbill.domain.alerts.actions import acknowledge, resolve
from watchbill.domain.audit.contract import Actor
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.lab


def test_an_open_alert_page_and_list_follow(browser: Browser, address: str, organization_on_stage: Stage) -> None:
    organization = organization_on_stage
    alert = organization.alerts["live"]
    context = browser.new_context()
    context.add_cookies([{**stage.signed_in(organization.me), "url": address}])
    page, listing = context.new_page(), context.new_page()
    page.goto(f"{address}/alerts/{alert.id}")
    listing.goto(f"{address}/alerts?status=triggered")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    expect(listing.get_by_role("link", name=alert.summary)).to_be_visible()

    other = organization.people["first"]
    actor = Actor(kind="person", id=other.id, label=other.name, via="web")
    acknowledge(alert_id=alert.id, actor=actor, now=SystemClock().now())

    expect(page.locator("#alert-head")).to_contain_text("First Responder has it", timeout=5_000)
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(listing.get_by_role("link", name=alert.summary)).to_have_count(0, timeout=5_000)

    resolve(alert_id=alert.id, actor=actor, now=SystemClock().now())
    expect(page.locator("#alert-head")).to_contain_text("Resolved", timeout=5_000)
    context.close()


def test_the_countdown_runs_and_the_palette_finds(browser: Browser, address: str, organization_on_stage: Stage) -> None:
    context = browser.new_context()
    context.add_cookies([{**stage.signed_in(organization_on_stage.me), "url": address}])
    page = context.new_page()
    page.goto(f"{address}/alerts/{organization_on_stage.alerts['live'].id}")
    chip = page.locator("time[data-countdown]").first
    before = chip.inner_text()
    expect(chip).not_to_have_text(before, timeout=3_000)
    page.keyboard.press("k")
    page.keyboard.type("payments-prim")
    found = page.locator("#palette .palette-item").first
    expect(found).to_contain_text("payments-primary", timeout=3_000)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/schedules/{organization_on_stage.schedules['primary'].id}")
    context.close()


def test_without_scripts_one_thumb_acknowledges_and_snoozes(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    alert = organization_on_stage.alerts["live"]
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.add_cookies([{**stage.signed_in(organization_on_stage.me), "url": address}])
    page = context.new_page()
    page.goto(f"{address}/alerts/{alert.id}")
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert box["height"] >= 44
    assert box["y"] + box["height"] < 844, "the button is below the fold"
    button.click()
    expect(page.get_by_role("status")).to_contain_text("Paging has stopped")
    page.locator("summary", has_text="Snooze").click()
    page.get_by_label("For").select_option("30")
    page.get_by_role("button", name="Snooze it").click()
    expect(page.locator("#alert-head")).to_contain_text("Snoozed")
    context.close()
