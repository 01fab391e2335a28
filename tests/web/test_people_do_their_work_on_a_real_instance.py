"""From the first sign-in to an acknowledged alert, as people do it: a browser, a phone, a keyboard, a real mail."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.instances import wait_for
from tests.harness.product import PASSWORD, Product, acknowledge_link, links
from tests.web.visitors import PHONE, set_password, violations, visitor

pytestmark = pytest.mark.lab

ADMIN, RESPONDER = "admin@example.org", "responder@example.org"
KEYS = {"checkout": "R00000000000000000000checkout001"}
READERS = {name: f"R0000000000000000000000{name:0>9}" for name in ("phone", "plain", "scanned")}
MAILED = (
    "contacts: [{{name: mail, kind: email, address: {0}@example.org}}], rules: {{high: [{{contact: mail, after: 0s}}]}}"
)
ORGANIZATION = f"""
organization: {{name: Example, time_zone: Europe/Berlin, fallback: [owner@example.org]}}
users:
  - {{email: owner@example.org, name: The Owner, role: owner, time_zone: Europe/Berlin}}
  - {{email: {ADMIN}, name: The Admin, role: admin, time_zone: Europe/Berlin,
     contacts: [{{name: hook, kind: webhook, address: "HOOKS/admin"}}]}}
  - {{email: {RESPONDER}, name: First Responder, role: responder, time_zone: Europe/Berlin,
     contacts: [{{name: hook, kind: webhook, address: "HOOKS/responder"}}]}}
{
    "".join(
        f'''
  - {{email: {name}@example.org, name: Reader {name}, role: responder, {MAILED.format(name)}}}'''
        for name in READERS
    )
}
schedules:
  - name: payments-primary
    time_zone: Europe/Berlin
    rotations:
      - {{name: weekly, members: [{RESPONDER}], every: 1 week, handoff: "Monday 10:00", starts: 2026-01-05}}
policies:
  - name: payments
    levels:
      - {{targets: ["schedule:payments-primary"], timeout: 10m}}
      - {{targets: ["user:{ADMIN}"], timeout: 10m}}
{
    "".join(
        f'''
  - {{name: to-{name}, levels: [{{targets: ["user:{name}@example.org"], timeout: 10m}}]}}'''
        for name in READERS
    )
}
services:
  - {{name: checkout, policy: payments, integrations: [{{kind: pagerduty-events-v2, key: {KEYS["checkout"]}}}]}}
{
    "".join(
        f'''
  - {{name: for-{name}, policy: to-{name}, integrations: [{{kind: pagerduty-events-v2, key: {key}}}]}}'''
        for name, key in READERS.items()
    )
}
"""


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with Product(ORGANIZATION) as started:
        yield started


def test_the_owner_opens_the_link_of_the_first_start_sets_a_password_and_signs_in(
    browser: Browser, product: Product
) -> None:
    link = (product.data_dir / "owner-link").read_text().strip()
    assert link.startswith(f"{product.url}/setup/")
    with visitor(browser, product, **PHONE) as owner:
        page = owner.page
        page.goto(link)
        assert violations(page) == []
        set_password(page, link)
        expect(page.get_by_role("heading", name="You are not on call")).to_be_visible()
        assert violations(page) == []
    with visitor(browser, product) as owner:
        page = owner.page
        page.goto(f"{product.url}/alerts")
        page.locator("[name=login]").fill("owner@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        assert violations(page) == []
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{product.url}/alerts")
    assert httpx.get(link).status_code == 410


@pytest.mark.parametrize(("reader", "scripts"), [("phone", True), ("plain", False)])
def test_one_tap_on_a_phone_acknowledges_from_the_mail(
    browser: Browser, product: Product, reader: str, scripts: bool
) -> None:
    key = product.trigger(READERS[reader], f"Queue of {reader} grows")
    link = acknowledge_link(product.mail_about(f"Queue of {reader} grows").message)
    with visitor(browser, product, java_script_enabled=scripts, **PHONE) as phone:
        page = phone.page
        page.goto(link)
        button = page.get_by_role("button", name="Acknowledge")
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= 844, "the button is below the fold"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        if scripts:
            assert violations(page) == []
        button.tap()
        expect(page.get_by_role("status")).to_contain_text("You have it. Unless resolved by")
    alert = product.alert(ADMIN, key)
    assert (alert["status"], alert["acknowledged_by"]) == ("acknowledged", f"Reader {reader}")
    [entry] = [entry for entry in alert["timeline"] if entry["action"] == "alert.acknowledged"]
    assert entry["via"] == "mail-link"


def test_a_scanner_that_opens_every_link_of_the_mail_changes_nothing(browser: Browser, product: Product) -> None:
    key = product.trigger(READERS["scanned"], "Certificate ends soon")
    mail = product.mail_about("Certificate ends soon").message
    before = _settled(product, key)
    addresses = links(mail)
    assert any("/a/" in address for address in addresses)
    with visitor(browser, product) as scanner:
        for address in addresses:
            scanner.page.goto(address)
            scanner.page.wait_for_load_state("networkidle")
            scanner.page.wait_for_timeout(2_000)  # what a script of the page might do by itself, it does in this time
    for address in addresses:
        for method in ("HEAD", "GET", "OPTIONS"):
            assert httpx.request(method, address, follow_redirects=True).status_code < 500
    assert _settled(product, key) == before
    assert before["status"] == "triggered"


def test_a_rota_is_changed_and_seen_in_the_four_weeks(browser: Browser, product: Product) -> None:
    with visitor(browser, product, ADMIN, timezone_id="Europe/Berlin") as admin:
        page = admin.page
        page.goto(f"{product.url}/schedules")
        page.get_by_role("link", name="payments-primary").first.click()
        expect(page.locator(".page-head")).to_contain_text("Now First Responder")
        page.get_by_role("link", name="Edit rotations").click()
        assert violations(page) == []
        members = page.locator("select[name='rotations[0].members']")
        page.locator("button[value='add rotations[0].members']").click()
        members.first.select_option(RESPONDER)
        members.last.select_option(ADMIN)
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("heading", name="What this would give")).to_be_visible()
        assert "The Admin" in _calendar(page)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved")
        assert {"First Responder", "The Admin"} <= _people(page)

        tomorrow = datetime.now(UTC) + timedelta(days=1)
        page.get_by_label("Who takes the watch").select_option(label="Reader phone")
        page.get_by_label("From (").fill(f"{tomorrow:%Y-%m-%dT08:00}")
        page.get_by_label("Until (").fill(f"{tomorrow:%Y-%m-%dT20:00}")
        page.get_by_role("button", name="Put on call").click()
        expect(page.get_by_role("status")).to_contain_text("Reader phone is on call")
        assert "Reader phone" in _calendar(page)
        expect(page.locator(".bar-override").first).to_be_attached()
        assert violations(page) == []
    with product.api(ADMIN) as api:
        at = f"{tomorrow:%Y-%m-%dT12:00:00Z}"
        assert "phone@example.org" in api.get("schedules/payments-primary/on-call", params={"at": at}).text


def test_an_open_alert_says_why_and_what_next_and_follows_what_others_do(browser: Browser, product: Product) -> None:
    key = product.trigger(KEYS["checkout"], "Payments are slow")
    _settled(product, key)
    with visitor(browser, product, RESPONDER) as responder, product.api(ADMIN) as elsewhere:
        page = responder.page
        page.goto(f"{product.url}/alerts?status=triggered")
        page.get_by_role("link", name="Payments are slow").click()
        record, head = page.locator("#alert-record"), page.locator("#alert-head")
        expect(record).to_contain_text("the first to be paged")
        expect(record).to_contain_text("payments-primary")
        expect(head).to_contain_text("Then level 2 is paged: The Admin")
        countdown = page.locator("time[data-countdown]").first
        before = countdown.inner_text()
        expect(countdown).not_to_have_text(before)
        assert violations(page) == []
        page.evaluate("window.theSamePage = true")
        answer = elsewhere.post(f"alerts/{product.alert(ADMIN, key)['id']}/acknowledge")
        assert answer.status_code == 200, answer.text
        expect(head).to_contain_text("The Admin (token made on the host) has it")
        expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
        assert page.evaluate("window.theSamePage") is True
        assert violations(page) == []


def test_the_keyboard_alone_finds_and_acknowledges(browser: Browser, product: Product) -> None:
    key = product.trigger(KEYS["checkout"], "Ledger does not balance")
    _settled(product, key)
    with visitor(browser, product, RESPONDER) as responder:
        page = responder.page
        page.goto(product.url)
        page.keyboard.press("k")
        page.keyboard.type("ledger")
        expect(page.locator("#palette .palette-item").first).to_contain_text("Ledger does not balance")
        assert violations(page) == []
        page.keyboard.press("Enter")
        page.wait_for_url(f"{product.url}/alerts/*")
        _tab_to(page, "Acknowledge")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Paging has stopped")
        page.keyboard.press("g")
        page.keyboard.press("a")
        page.wait_for_url(f"{product.url}/alerts")
    assert product.alert(ADMIN, key)["acknowledged_by"] == "First Responder"


def _tab_to(page: Page, name: str) -> None:
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText || ''").strip())
        if seen[-1] == name:
            return
    raise AssertionError(f"60 times Tab did not reach {name!r}, but {seen}")


def _calendar(page: Page) -> str:
    return " ".join(page.locator(".weeks svg[role=img]").evaluate_all("all => all.map(one => one.ariaLabel)"))


def _people(page: Page) -> set[str]:
    return {name for name in ("First Responder", "The Admin") if name in _calendar(page)}


def _settled(product: Product, key: str) -> dict[str, Any]:
    """The alert once its first page has been delivered, without what only the clock changes."""

    def delivered() -> dict[str, Any] | None:
        alert = product.alert(ADMIN, key)
        states = [delivery["state"] for page in alert["pages"] for delivery in page["deliveries"]]
        return alert if "sent" in states else None

    return wait_for("the first page", delivered, seconds=30)
