"""On a phone the room comes before the rest, the bar with the nearest clock stays, steps can be read, and what was
written survives a reload."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.organization import Stage
from tests.web.test_three_people_run_a_sev1_in_their_browsers import browsing
from watchbill.domain.incidents.models import Post

pytestmark = pytest.mark.lab


def top(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["y"]


def test_the_order_is_head_needs_room_and_then_the_rest(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    people, incident = organization_on_stage.people, organization_on_stage.incident
    order = ["#incident-head .clocks", "#needs", "#say", "#incident-timeline", "#do", "#roles", "#workflow", "#matrix"]
    with browsing(browser, address, people["lead"], phone=True) as phone:
        phone.goto(f"{address}/incidents/{incident.number}")
        tops = [top(phone, one) for one in order]
        assert tops == sorted(tops)
        ids = phone.evaluate("all => all.map(one => [...document.querySelectorAll('*')].indexOf("
                             "document.querySelector(one)))", order)  # fmt: skip
        assert ids == sorted(ids)
        phone.set_viewport_size({"width": 1440, "height": 900})
        side = phone.locator("#do").bounding_box()
        room = phone.locator("#room").bounding_box()
        assert side is not None
        assert room is not None
        assert side["x"] > room["x"] + room["width"]


@pytest.mark.parametrize("width", [390, 1440])
def test_the_bar_with_the_nearest_clock_stays_on_scroll(
    browser: Browser, address: str, organization_on_stage: Stage, width: int
) -> None:
    people, incident = organization_on_stage.people, organization_on_stage.incident
    with browsing(browser, address, people["emoji"], phone=width == 390) as page:
        page.goto(f"{address}/incidents/{incident.number}")
        page.evaluate("window.scrollTo(0, 2000)")
        bar = page.locator("#incident-bar")
        box = bar.bounding_box()
        assert box is not None
        assert box["y"] == 0
        assert box["height"] < 60
        for words in (f"#{incident.number}", "SEV1", "Open", "overdue"):
            expect(bar).to_contain_text(words)
        edge = bar.locator(".clock").bounding_box()
        assert edge is not None
        assert edge["x"] + edge["width"] <= width


_BOXES = """step => [".line-marked", "input", "button"].map(
    (one) => step.querySelector(one).getBoundingClientRect().toJSON())"""


@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
def test_a_step_can_be_read_and_its_evidence_is_asked_below(
    browser: Browser, address: str, organization_on_stage: Stage, width: int
) -> None:
    people, incident = organization_on_stage.people, organization_on_stage.incident
    with browsing(browser, address, people["lead"]) as page:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{address}/incidents/{incident.number}")
        page.locator("#phase-resolve > summary").click()
        for step in page.locator("#phase-resolve .row-step").all():
            words, field, button = step.evaluate(_BOXES)  # all at one moment: the page is live
            assert words["width"] > 220
            assert words["height"] < 120
            assert field["width"] > 100
            assert field["top"] >= words["bottom"]
            assert button["top"] >= words["bottom"]
        page.get_by_label("Evidence for Confirm").fill("orders come in again")
        page.get_by_role("button", name=re.compile("Mark done.*Confirm")).click()
        page.get_by_role("button", name=re.compile("Undo.*Confirm")).click()
        expect(page.get_by_role("button", name=re.compile("Mark done.*Confirm"))).to_be_visible()


def test_what_was_not_sent_is_there_after_a_reload_and_gone_when_it_is_sent(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    people, incident = organization_on_stage.people, organization_on_stage.incident
    with browsing(browser, address, people["second"], phone=True) as page:
        page.goto(f"{address}/incidents/{incident.number}")
        page.get_by_label("Write to the room").fill("The replica lags")
        page.reload()
        expect(page.get_by_label("Write to the room")).to_have_value("The replica lags")
        page.goto(f"{address}/")
        page.goto(f"{address}/incidents/{incident.number}")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#incident-timeline")).to_contain_text("The replica lags")
        expect(page.get_by_label("Write to the room")).to_have_value("")
        page.reload()
        expect(page.get_by_label("Write to the room")).to_have_value("")
    assert Post.objects.filter(text="The replica lags").count() == 1


def test_what_a_lost_connection_did_not_take_is_there_on_coming_back(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    people, incident = organization_on_stage.people, organization_on_stage.incident
    with browsing(browser, address, people["second"], phone=True) as page:
        page.goto(f"{address}/incidents/{incident.number}")
        page.get_by_label("Write to the room").fill("The replica lags")
        page.route("**/write", lambda route: route.abort("connectionfailed"))
        page.get_by_role("button", name="Send").click()
        page.wait_for_url(lambda url: "chrome-error" in url or url.endswith("/write"))
        page.go_back()
        expect(page.get_by_label("Write to the room")).to_have_value("The replica lags")


def test_what_the_thumb_presses_is_large_enough_and_the_bar_covers_no_focus(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    people, incident = organization_on_stage.people, organization_on_stage.incident
    with browsing(browser, address, people["lead"], phone=True) as page:
        page.goto(f"{address}/incidents/{incident.number}")
        for button in page.locator("main button:visible, main summary:visible, main a.button:visible").all():
            box = button.bounding_box()
            assert box is not None
            if not button.evaluate("one => one.closest('details.small, .small') !== null && one.tagName == 'SUMMARY'"):
                assert box["height"] >= 44, button.inner_text()
        bar = page.locator("nav.bar").bounding_box()
        assert bar is not None
        last = page.get_by_role("button", name="Mark done").last
        last.focus()
        box = last.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= bar["y"]
