"""A phone and a small window show what they show whole: no text in a sliver, no word broken, nothing cut off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.web.organization import LONG, Stage
from tests.web.stage import signed_in

_LINES = """element => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size;
}"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phone(browser: Browser, address: str, organization_on_stage: Stage) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=address)
    context.add_cookies([{**signed_in(organization_on_stage.me), "url": address}])
    yield context.new_page()
    context.close()


def test_a_contact_has_the_whole_width_and_its_buttons_below(phone: Page) -> None:
    phone.goto("/me")
    name = phone.get_by_text("phone", exact=True).first
    text = name.locator("xpath=ancestor::li/span[1]").bounding_box()
    button = phone.get_by_role("button", name="Send a test page").first.bounding_box()
    assert text is not None
    assert button is not None
    assert text["width"] > 300
    assert button["y"] >= text["y"] + text["height"]


def test_a_long_title_can_be_read_to_its_end(phone: Page, organization_on_stage: Stage) -> None:
    phone.goto(f"/alerts/{organization_on_stage.alerts['live'].id}")
    phone.get_by_role("link", name="The whole title").click()
    whole = phone.locator("#whole-title + dd")
    assert whole.inner_text() == LONG
    box = whole.bounding_box()
    assert box is not None
    assert 0 < box["y"] < 844


def test_the_list_of_alerts_begins_in_the_upper_half(phone: Page) -> None:
    phone.goto("/alerts")
    row = phone.locator(".row-alert").first
    box = row.bounding_box()
    assert box is not None
    assert box["y"] < 422
    assert row.get_by_role("link", name="checkout", exact=True).is_visible()
    for tab in phone.locator(".tab").all():
        edge = tab.bounding_box()
        assert edge is not None
        assert edge["x"] + edge["width"] <= 390
    assert phone.get_by_label("Severity").is_hidden()
    phone.get_by_label("Narrow further").check()
    phone.get_by_label("Severity").select_option("error")
    phone.get_by_role("button", name="Show").click()
    assert phone.get_by_label("Severity").is_visible()
    assert phone.locator(".row-alert").count() == 2


def test_no_word_of_the_rail_and_of_a_button_breaks_in_a_small_window(phone: Page) -> None:
    phone.set_viewport_size({"width": 720, "height": 900})
    phone.goto("/go")
    words = [*phone.locator(".rail-item > span:not(.count)").all(), phone.get_by_role("button", name="Find")]
    for word in words:
        lines = word.evaluate(_LINES)
        assert lines <= len(word.inner_text().split()), word.inner_text()


def test_the_bar_under_the_thumb_is_one_row(phone: Page) -> None:
    phone.goto("/")
    tops = {item.bounding_box()["y"] for item in phone.locator(".bar > *").all()}  # type: ignore[index]  # visible
    assert len(tops) == 1
