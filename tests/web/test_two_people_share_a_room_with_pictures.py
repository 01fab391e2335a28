"""One is on a phone and attaches a screenshot; the other sees it at once, answers in a thread, knows what is new."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness import pictures
from tests.web import stage
from tests.web.hostile_texts import TEXTS
from tests.web.organization import Stage
from watchbill.domain.incidents.looking_actions import look
from watchbill.domain.incidents.models import Attachment, Call, Incident
from watchbill.domain.incidents.timeline_reads import mark_of
from watchbill.domain.paging.models import Page as PagedPerson
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.lab


@contextmanager
def browsing(
    browser: Browser, address: str, who: object, *, phone: bool = False, script: bool = True
) -> Iterator[Page]:
    size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
    context = browser.new_context(viewport=size, java_script_enabled=script)
    context.add_cookies([{**stage.signed_in(who), "url": address}])
    page = context.new_page()
    yield page
    context.close()


def test_a_screenshot_from_a_phone_is_seen_by_the_other_at_once(
    browser: Browser, address: str, organization_on_stage: Stage, tmp_path: Path
) -> None:
    people = organization_on_stage.people
    at = f"{address}/incidents/{organization_on_stage.incident.number}"
    with (
        browsing(browser, address, people["first"], phone=True) as phone,
        browsing(browser, address, people["lead"]) as desk,
    ):
        phone.goto(at)
        desk.goto(at)
        expect(desk.locator("#incident-present")).to_contain_text(people["first"].name, timeout=10_000)
        taken = tmp_path / "IMG_0001.jpg"
        plain = phone.screenshot(type="jpeg")
        taken.write_bytes(plain[:2] + pictures.segment(0xE1, pictures.exif(orientation=1)) + plain[2:])
        phone.get_by_label("Screenshot or log").first.set_input_files(taken)
        phone.get_by_label("What the picture shows").first.fill("Checkout shows a blank page")
        phone.get_by_label("Write to the room").fill("This is what customers see")
        phone.get_by_role("button", name="Send").click()
        shown = desk.get_by_role("img", name="Checkout shows a blank page")
        expect(shown).to_be_visible(timeout=5_000)
        shown.scroll_into_view_if_needed()
        expect(shown).to_have_js_property("naturalWidth", 390)
        assert shown.evaluate("image => image.getBoundingClientRect().width") <= 390
        expect(desk.locator("#incident-timeline .chip.new").first).to_be_visible()
        expect(phone.get_by_role("img", name="Checkout shows a blank page")).to_be_visible()
        expect(phone.get_by_label("Write to the room")).to_have_value("")
        assert pictures.SECRET not in bytes(Attachment.objects.get(content_type="image/jpeg").content.content)

        desk.get_by_role("link", name="Answer the message").first.click()
        desk.get_by_role("textbox", name="Answer", exact=True).fill(
            "Rolling back, @" + people["first"].email.partition("@")[0]
        )
        desk.get_by_role("button", name="Answer").click()
        fold = phone.locator("details.thread", has_text="1 answer")
        expect(fold).to_contain_text("1 answer", timeout=5_000)
        expect(fold.get_by_role("link", name=f"@{people['first'].name}")).to_be_hidden()
        fold.locator("summary").click()
        expect(fold.get_by_role("link", name=f"@{people['first'].name}")).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_line_says_what_came_since_one_looked_and_the_board_counts_it(
    browser: Browser, address: str, organization_on_stage: Stage, *, phone: bool
) -> None:
    count = ".bar .count" if phone else ".rail .count"
    people = organization_on_stage.people
    for other_one in Incident.objects.exclude(id=organization_on_stage.incident.id):
        look(incident_id=other_one.id, user_id=people["first"].id, mark=mark_of(other_one.id), now=SystemClock().now())
    at = f"{address}/incidents/{organization_on_stage.incident.number}"
    with (
        browsing(browser, address, people["first"], phone=phone) as one,
        browsing(browser, address, people["lead"]) as other,
    ):
        one.goto(at)
        expect(one.locator(".since")).to_have_count(0)
        one.goto(f"{address}/incidents")
        expect(one.locator(".card .chip.new")).to_have_count(0)
        expect(one.locator(count)).to_have_count(0)
        other.goto(at)
        other.get_by_label("Write to the room").fill("Found it: a bad index")
        other.get_by_role("button", name="Send").click()
        expect(one.locator(".card .chip.new")).to_have_text("1 new", timeout=5_000)
        one.reload()
        expect(one.locator(count)).to_contain_text("1")
        one.goto(at)
        expect(one.locator(".since")).to_be_visible()
        expect(one.locator(".steps > li").first).to_contain_text("Found it: a bad index")
        expect(one.locator(".steps > li").nth(1)).to_contain_text("new since you looked")
        one.reload()
        expect(one.locator(".since")).to_have_count(0)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_somebody_is_paged_by_name_and_everybody_in_the_room_sees_it(
    browser: Browser, address: str, organization_on_stage: Stage, *, phone: bool
) -> None:
    people = organization_on_stage.people
    at = f"{address}/incidents/{organization_on_stage.incident.number}"
    wanted = people["long"]
    with (
        browsing(browser, address, people["lead"], phone=phone) as page,
        browsing(browser, address, people["second"], phone=phone) as other,
    ):
        other.goto(at)
        page.goto(at)
        for here in (page, other):
            for name in (people["lead"].name, people["second"].name):
                expect(here.locator("#incident-present")).to_contain_text(name, timeout=10_000)
        page.locator("summary", has_text="Page somebody").click()
        page.locator("#page-person").select_option(label=wanted.name)
        page.get_by_role("button", name="Page this person").click()
        expect(page.get_by_role("alert")).to_contain_text("Say why")
        expect(page.locator("#page-person")).to_have_value(str(wanted.id))
        page.get_by_label("Why: it is what they read first").fill("Customers ask for you")
        page.get_by_role("button", name="Page this person").click()
        expect(page.get_by_role("status")).to_contain_text(f"{wanted.name} is being paged")
        line = other.locator("#room-lines > li", has_text="Customers ask for you").first
        expect(line).to_contain_text(wanted.name, timeout=5_000)
        if phone:
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
    called = Call.objects.get(incident=organization_on_stage.incident, reason="person")
    assert list(PagedPerson.objects.filter(run_id=called.id).values_list("user_id", flat=True)) == [wanted.id]


def test_a_fold_in_which_somebody_works_waits_and_catches_up(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    """What is fetched for all parts at once replaces only those in which nobody works."""
    people = organization_on_stage.people
    at = f"{address}/incidents/{organization_on_stage.incident.number}"
    with (
        browsing(browser, address, people["first"]) as one,
        browsing(browser, address, people["lead"]) as other,
    ):
        one.goto(at)
        other.goto(at)
        one.locator("#ask summary").click()
        one.locator("#ask-summary").fill("Half written")
        role = one.locator("#role-communications-lead")
        expect(role).to_contain_text("asked")
        other.get_by_role("button", name="I take it").first.click()
        expect(other.get_by_text("You have the role.")).to_be_visible()
        other.get_by_role("button", name="I am on it").click()
        expect(one.locator("#incident-head")).to_contain_text("is on it since", timeout=5_000)
        expect(role).to_contain_text("asked")
        expect(one.locator("#ask-summary")).to_have_value("Half written")
        other.get_by_label("Write to the room").fill("Only written")
        other.get_by_role("button", name="Send").click()
        expect(one.locator("#incident-timeline")).to_contain_text("Only written", timeout=5_000)
        one.locator("#ask summary").click()
        expect(role).not_to_contain_text("asked", timeout=5_000)
        expect(role).to_contain_text(people["lead"].name)


def test_without_script_files_are_sent_and_threads_are_read(
    browser: Browser, address: str, organization_on_stage: Stage, tmp_path: Path
) -> None:
    at = f"{address}/incidents/{organization_on_stage.incident.number}"
    log = tmp_path / "checkout.log"
    log.write_text(
        "11:00 ERROR <img src=x onerror=alert(1)>\n" + "\n".join(text for text in TEXTS if text.isprintable())
    )
    with browsing(browser, address, organization_on_stage.people["lead"], script=False) as page:
        page.goto(at)
        page.get_by_label("Screenshot or log").first.set_input_files(log)
        page.get_by_role("button", name="Send").click()
        fold = page.locator("details", has_text="checkout.log").last
        fold.locator("summary").click()
        expect(fold.locator("pre")).to_contain_text("11:00 ERROR <img src=x onerror=alert(1)>")
        page.get_by_role("link", name="Answer the message").first.click()
        page.get_by_role("textbox", name="Answer", exact=True).fill("That is the third time")
        page.get_by_role("button", name="Answer").click()
        expect(page.get_by_text("That is the third time").last).to_be_visible()
        drawing = tmp_path / "shot.png"
        drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
        page.get_by_label("Screenshot or log").first.set_input_files(drawing)
        page.get_by_label("Write to the room").fill("Kept although it is refused")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("alert")).to_contain_text("could run in a browser")
        expect(page.get_by_label("Write to the room")).to_have_value("Kept although it is refused")


def test_a_file_opened_by_its_address_runs_nothing_and_is_nobodys_without_the_right(
    browser: Browser, address: str, organization_on_stage: Stage, tmp_path: Path
) -> None:
    at = f"{address}/incidents/{organization_on_stage.incident.number}"
    picture = tmp_path / "shot.png"
    harmful = pictures.chunk(b"tEXt", b"x\0<script>window.harmed=1;alert(1)</script>")
    picture.write_bytes(pictures.png(width=40, height=30, more=harmful))
    with browsing(browser, address, organization_on_stage.people["lead"]) as page:
        page.goto(at)
        page.get_by_label("Screenshot or log").first.set_input_files(picture)
        for text in TEXTS[:5]:
            page.get_by_label("What the picture shows").first.fill(text.replace("\0", "").replace("\n", " "))
        page.get_by_role("button", name="Send").click()
        image = page.locator(".shot img").first
        expect(image).to_be_visible()
        address_of_it = str(image.get_attribute("src"))
        answer = page.goto(address + address_of_it)
        assert answer is not None
        assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
        assert page.evaluate("window.harmed") is None
        assert urlsplit(page.url).path == address_of_it
    context = browser.new_context()
    nobody = context.new_page()
    nobody.goto(address + address_of_it)
    assert urlsplit(nobody.url).path == "/sign-in"
    context.close()
