"""Customers in front of a real instance: a browser on the public page, a real mail server, and the buttons in mails."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.instances import wait_for
from tests.harness.product import Product, links
from tests.web.visitors import PHONE, violations, visitor

pytestmark = pytest.mark.lab

ORGANIZATION = """
organization: {name: Example, time_zone: Europe/Berlin, fallback: [owner@example.org]}
users:
  - {email: owner@example.org, name: The Owner, role: owner, time_zone: Europe/Berlin}
"""


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with Product(ORGANIZATION) as started:
        started.said("status-page", "settings", "--name", "Example status")
        for name in ("Checkout", "Search"):
            started.said("status-page", "component", "add", name)
        wait_for("the page is written", lambda: "Search" in httpx.get(f"{started.url}/status").text)
        yield started


def mails_to(product: Product, reader: str) -> list[EmailMessage]:
    return [one.message for one in list(product.mail.mails) if one.recipients == (reader,)]


def mail_to(product: Product, reader: str, words: str) -> EmailMessage:
    def found() -> EmailMessage | None:
        return next((one for one in mails_to(product, reader) if words in str(one["subject"])), None)

    return wait_for(f"a mail to {reader} about {words!r}", found)


def subscribe(page: Page, product: Product, reader: str) -> None:
    page.goto(f"{product.url}/status")
    page.get_by_role("link", name="Get updates").click()
    page.get_by_label("Your e-mail address").fill(reader)
    page.get_by_label("Checkout").check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    question = mail_to(product, reader, "Confirm")
    [link] = [one for one in links(question) if "/status/confirm/" in one]
    page.goto(link)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="You are subscribed")).to_be_visible()


def publish(product: Product, status: str, body: str, *more: str) -> str:
    """The id of the public incident."""
    said = product.said("status-page", "publish", status, body, *more)
    found = re.search(r"public incident ([0-9a-f-]{36})", said)
    assert found is not None
    return found[1]


def test_each_is_told_until_the_button_in_the_mail_is_pressed(browser: Browser, product: Product) -> None:
    with visitor(browser, product, **PHONE) as phone:
        page = phone.page
        page.goto(f"{product.url}/status")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page) == []
        page.get_by_role("link", name="Get updates").click()
        assert violations(page) == []
        subscribe(page, product, "ann@example.org")
    with visitor(browser, product, java_script_enabled=False) as plain:
        subscribe(plain.page, product, "ben@example.org")
    with visitor(browser, product) as desktop:
        subscribe(desktop.page, product, "carl@example.org")

    public = publish(
        product,
        "investigating",
        "Cards are refused.",
        "--title",
        "Payments fail",
        "--component",
        "Checkout=major_outage",
    )
    told = {name: mail_to(product, f"{name}@example.org", "Payments fail") for name in ("ann", "ben", "carl")}
    with visitor(browser, product, **PHONE) as phone:
        page = phone.page
        page.goto(next(one for one in links(told["ann"]) if "/incidents/" in one))
        expect(page.get_by_text("Cards are refused.")).to_be_visible()
        page.goto(next(one for one in links(told["ann"]) if "/status/unsubscribe/" in one))
        assert violations(page) == []
        page.get_by_role("button", name="Unsubscribe").tap()
        expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    # What a mail program does when its own button is pressed (RFC 8058).
    assert told["ben"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    pressed = httpx.post(told["ben"]["List-Unsubscribe"].strip("<>"), data={"List-Unsubscribe": "One-Click"})
    assert pressed.status_code == 200

    publish(product, "resolved", "Cards work again.", "--public", public)
    mail_to(product, "carl@example.org", "Resolved")
    for name in ("ann", "ben"):
        assert len(mails_to(product, f"{name}@example.org")) == 2, "the question and one update"


def test_who_only_opens_the_link_to_leave_stays(browser: Browser, product: Product) -> None:
    with visitor(browser, product) as reader:
        subscribe(reader.page, product, "dora@example.org")
        public = publish(
            product,
            "identified",
            "We know why.",
            "--title",
            "Orders late",
            "--component",
            "Checkout=degraded_performance",
        )
        link = next(
            one for one in links(mail_to(product, "dora@example.org", "Orders late")) if "/status/unsubscribe/" in one
        )
        reader.page.goto(link)
        expect(reader.page.get_by_role("button", name="Unsubscribe")).to_be_visible()
        publish(product, "resolved", "Over.", "--public", public)
        mail_to(product, "dora@example.org", "Resolved: Orders late")
