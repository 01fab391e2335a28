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
from watchbill.domain.incidents.models import Attachment

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
        desk.wait_for_function("document.querySelector('.shot img').naturalWidth === 390")
        assert desk.evaluate("document.querySelector('.shot img').getBoundingClientRect().width") <= 390
        expect(desk.locator("#incident-timeline .chip.new").first).to_be_visible()
        expect(phone.get_by_role("img", name="Checkout shows a blank page")).to_be_visible()
        expect(phone.get_by_label("Write to the room")).to_have_value("")
        assert pictures.SECRET not in bytes(Attachment.objects.get(content_type="image/jpeg").content.content)

        desk.get_by_role("link", name="Answer the message").first.click()
        desk.get_by_label("Answer", exact=True).fill("Rolling back, @" + people["first"].email.partition("@")[0])
        desk.get_by_role("button", name="Answer").click()
        fold = phone.locator("details.thread")
        expect(fold).to_contain_text("1 answer", timeout=5_000)
        expect(fold.get_by_role("link", name=f"@{people['first'].name}")).to_be_hidden()
        fold.locator("summary").click()
        expect(fold.get_by_role("link", name=f"@{people['first'].name}")).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_line_says_what_came_since_one_looked_and_the_board_counts_it(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    people = organization_on_stage.people
    at = f"{address}/incidents/{organization_on_stage.incident.number}"
    with (
        browsing(browser, address, people["first"]) as one,
        browsing(browser, address, people["lead"]) as other,
    ):
        one.goto(at)
        expect(one.locator(".since")).to_have_count(0)
        one.goto(f"{address}/incidents")
        expect(one.locator(".card .chip.new")).to_have_count(0)
        expect(one.locator(".rail .count")).to_have_count(0)
        other.goto(at)
        other.get_by_label("Write to the room").fill("Found it: a bad index")
        other.get_by_role("button", name="Send").click()
        expect(one.locator(".card .chip.new")).to_have_text("1 new", timeout=5_000)
        one.reload()
        expect(one.locator(".rail .count")).to_contain_text("1")
        one.goto(at)
        expect(one.locator(".since")).to_be_visible()
        expect(one.locator(".steps > li").first).to_contain_text("Found it: a bad index")
        expect(one.locator(".steps > li").nth(1)).to_contain_text("new since you looked")
        one.reload()
        expect(one.locator(".since")).to_have_count(0)


def test_without_script_files_are_sent_and_threads_are_read(
    browser: Browser, address: str, organization_on_stage: Stage, tmp_path: Path
) -> None:
    at = f"{address}/incidents/{organization_on_stage.incident.number}"
    log = tmp_path / "payments.log"
    log.write_text(
        "11:00 ERROR <img src=x onerror=alert(1)>\n" + "\n".join(text for text in TEXTS if text.isprintable())
    )
    with browsing(browser, address, organization_on_stage.people["lead"], script=False) as page:
        page.goto(at)
        page.get_by_label("Screenshot or log").first.set_input_files(log)
        page.get_by_role("button", name="Send").click()
        fold = page.locator("details", has_text="payments.log").last
        fold.locator("summary").click()
        expect(fold.locator("pre")).to_contain_text("11:00 ERROR <img src=x onerror=alert(1)>")
        page.get_by_role("link", name="Answer the message").first.click()
        page.get_by_label("Answer", exact=True).fill("That is the third time")
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
        image = page.locator(".shot img")
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
