"""No card leaves its column at any width; the wall shows the time, who is on call and the clocks, and no rail."""

import pytest
from playwright.sync_api import Browser, expect

from tests.web import stage
from tests.web.organization import Stage
from tests.web.test_three_people_run_a_sev1_in_their_browsers import browsing
from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents.actions import Declaration, declare
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.lab

_LEAVES = """() => [...document.querySelectorAll('.card')].flatMap(card => {
  const edge = card.getBoundingClientRect().right;
  return [...card.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > edge + 0.5)
    .map(one => one.className + ': ' + one.textContent.trim());
})"""


def test_cards_stay_in_their_columns(browser: Browser, address: str, organization_on_stage: Stage) -> None:
    lead = organization_on_stage.people["lead"]
    actor = Actor(kind="person", label=lead.name, via="web", id=lead.id)
    wanted = Declaration(title="Checkout is slow", severity="sev4", restricted=True)
    declare(wanted, actor=actor, now=SystemClock().now())
    context = browser.new_context()
    context.add_cookies([{**stage.signed_in(lead), "url": address}])
    page = context.new_page()
    for width in (390, 768, 1024, 1280, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{address}/incidents")
        assert page.locator(".card").count() >= 2
        assert page.evaluate(_LEAVES) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        narrowest = min(box["width"] for card in page.locator(".card").all() if (box := card.bounding_box()))
        assert narrowest >= 200
    context.close()


def test_the_wall_shows_a_clock_who_is_on_call_and_what_is_open(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    with browsing(browser, address, organization_on_stage.people["lead"]) as wall:
        wall.goto(f"{address}/incidents?wall")
        expect(wall.locator(".rail")).to_have_count(0)
        expect(wall.locator("time[data-clock]")).to_have_text(
            wall.evaluate(
                "new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', "
                "timeZone: 'Europe/Berlin'}).format()"
            )
        )
        expect(wall.get_by_role("region", name="On call now")).to_contain_text("payments-primary")
        expect(wall.get_by_role("region", name="On call now")).to_contain_text("Team Lead")
        first = wall.locator(".wall-one").first
        assert float(first.locator("h2").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")) >= 30
        last = wall.locator(".wall-one").last
        expect(last).to_contain_text("DRILL")
        for words in ("Response", "Next update", "Mitigate"):
            expect(last.locator(".clock", has_text=words)).to_be_visible()
        lead = organization_on_stage.people["lead"]
        actor = Actor(kind="person", label=lead.name, via="web", id=lead.id)
        declare(Declaration(title="Search is down", severity="sev1"), actor=actor, now=SystemClock().now())
        expect(wall.locator(".wall-one").first).to_contain_text("Search is down", timeout=5_000)
