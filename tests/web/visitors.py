"""People at a browser in front of a real instance: each in a context of their own, their troubles kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.harness.product import PASSWORD, Product

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@dataclass
class Visitor:
    """`troubles`: what a browser complains of, such as errors, refusals by the content policy, and dialogs."""

    context: BrowserContext
    page: Page
    troubles: list[str] = field(default_factory=list)

    def another_page(self) -> Page:
        page = self.context.new_page()
        self._watch(page)
        return page

    def _watch(self, page: Page) -> None:
        page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Any) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def visitor(browser: Browser, product: Product, email: str = "", **context: Any) -> Iterator[Visitor]:
    """Signed in by a set-up link of their own when an address is given. Leaves without any trouble."""
    made = browser.new_context(**context)
    made.set_default_timeout(20_000)
    came = Visitor(made, made.new_page())
    came._watch(came.page)
    if email:
        set_password(came.page, product.said("person", "setup-link", email).split()[0])
    yield came
    made.close()
    assert came.troubles == []


def set_password(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url(lambda url: "/setup/" not in url)


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is now."""
    found = []
    for violation in Axe().run(page).response["violations"]:
        nodes = "; ".join(str(node["html"])[:160] for node in violation["nodes"][:3])
        found.append(f"{page.url}: {violation['id']}: {violation['help']}: {nodes}")
    return found
