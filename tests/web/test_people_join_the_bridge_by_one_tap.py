"""An admin keeps the pool on a screen; whoever works on an incident joins by one tap, and changes it if need be."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import stage
from tests.web.organization import Stage
from watchbill.domain.audit.contract import Actor
from watchbill.domain.bridges.actions import GiveBridge
from watchbill.domain.bridges.models import Bridge
from watchbill.domain.incidents.actions import Declaration, declare
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.lab


def page_of(browser: Browser, address: str, who: object, *, script: bool = True) -> Page:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=script)
    context.add_cookies([{**stage.signed_in(who), "url": address}])
    return context.new_page()


def test_the_pool_is_kept_on_a_screen_without_scripts(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    page = page_of(browser, address, organization_on_stage.people["lead"], script=False)
    page.goto(f"{address}/admin")
    page.get_by_role("region", name="Bridges").get_by_role("link").click()
    page.get_by_role("link", name="Add a bridge").click()
    page.get_by_label("Name").fill("Overflow")
    page.get_by_label("Kind").select_option(label="Zoom")
    page.get_by_label("Link").fill("https://meet.example.org/{name}")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("form").first).to_contain_text("Only the kinds jitsi or link")
    expect(page.get_by_label("Name")).to_have_value("Overflow")
    page.get_by_label("Kind").select_option(label="Jitsi")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("Overflow is in the pool.")).to_be_visible()
    page.get_by_role("link", name="Edit Overflow").click()
    page.get_by_label("Order").fill("7")
    page.get_by_role("button", name="Save").click()
    assert Bridge.objects.get(name="Overflow").order == 7
    page.get_by_role("link", name="Edit Overflow").click()
    page.locator("summary", has_text="Remove this bridge").click()
    page.get_by_role("button", name="Remove this bridge").click()
    expect(page.get_by_text("Overflow is removed.")).to_be_visible()
    page.context.close()


def test_it_is_joined_by_one_tap_and_changed_with_a_reason(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    people = organization_on_stage.people
    phone, desk = page_of(browser, address, people["second"]), page_of(browser, address, people["lead"])
    at = f"{address}/incidents/{organization_on_stage.incident.number}"
    phone.goto(at)
    desk.goto(at)
    head = phone.locator("#incident-join")
    expect(head.get_by_role("link", name=re.compile("^Join Main"))).to_have_attribute(
        "href", "https://zoom.us/j/1234567890?pwd=abc"
    )
    expect(head.get_by_role("link", name="Dial +49 30 1234567")).to_have_attribute("href", "tel:+49301234567,,4711#")
    expect(head).to_contain_text("No meeting could be made")
    desk.get_by_role("link", name="Change the bridge").click()
    desk.get_by_label("Which").select_option(label="The link or number below")
    desk.get_by_label("Another link").fill("https://teams.example.org/l/1")
    desk.get_by_label("Why").fill(" ")
    desk.get_by_role("button", name="Change it").click()
    expect(desk.locator("form").first).to_contain_text("Say why")
    expect(desk.get_by_label("Another link")).to_have_value("https://teams.example.org/l/1")
    desk.get_by_label("Why").fill("No sound there")
    desk.get_by_role("button", name="Change it").click()
    expect(desk.get_by_text("The bridge is link given by hand now")).to_be_visible()
    expect(head.get_by_role("link", name="Join link given by hand")).to_have_attribute(
        "href", "https://teams.example.org/l/1", timeout=5_000
    )
    expect(phone.locator("#incident-timeline")).to_contain_text("No sound there", timeout=5_000)
    phone.context.close()
    desk.context.close()


def test_a_restricted_incident_tells_those_outside_nothing(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    now = SystemClock().now()
    lead = organization_on_stage.people["lead"]
    actor = Actor(kind="person", label=lead.name, via="web", id=lead.id)
    wanted = Declaration(title="An insider steals", severity="sev1", restricted=True)
    secret = declare(wanted, actor=actor, now=now).incident
    Bridge.objects.create(name="Second line", kind="zoom", url="https://zoom.us/j/2", order=2, created_at=now)
    GiveBridge()(secret.id, now)
    outside = page_of(browser, address, organization_on_stage.people["second"])
    outside.goto(f"{address}/admin/bridges")
    row = outside.get_by_role("listitem").filter(has_text="Second line")
    expect(row).to_contain_text("in use")
    expect(row.get_by_role("link", name=f"#{secret.number}")).to_have_count(0)
    outside.goto(f"{address}/incidents/{secret.number}")
    expect(outside.locator("body")).not_to_contain_text("Second line")
    inside = page_of(browser, address, lead)
    inside.goto(f"{address}/incidents/{secret.number}")
    expect(inside.get_by_role("link", name="Join Second line")).to_be_visible()
    outside.context.close()
    inside.context.close()
