"""What somebody attaches is looked at or taken away, never run; it is nobody's who may not see the incident."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.harness import pictures
from tests.web import stage
from tests.web.organization import Stage
from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents.actions import Declaration, declare
from watchbill.domain.incidents.attachment_rules import Limits, NewFile
from watchbill.domain.incidents.models import Attachment, Incident
from watchbill.domain.incidents.room_actions import Files, write
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.lab

LIMIT = 10 << 20
HARM = "<svg xmlns='http://www.w3.org/2000/svg' onload='window.harmed=1;alert(1)'><script>alert(1)</script></svg>"
NAMES = (
    "../../../etc/cron.d/evil.html",
    '"><img src=x onerror=alert(1)>.svg',
    "log.txt\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>",
    "invoice\u202etxt.exe",
    "a" * 400 + ".html",
)


@contextmanager
def looking(browser: Browser, address: str, who: object) -> Iterator[Page]:
    """Whatever opens a dialog has run something."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_cookies([{**stage.signed_in(who), "url": address}])
    page = context.new_page()
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    yield page
    assert opened == []
    context.close()


def log_that_draws(name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/svg+xml", "buffer": f"11:00 ERROR\n{HARM}".encode()}


def test_a_log_with_a_drawing_in_it_is_shown_as_text_and_opens_as_a_download(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    before = set(Attachment.objects.values_list("id", flat=True))
    with looking(browser, address, organization_on_stage.people["lead"]) as page:
        page.goto(f"{address}/incidents/{organization_on_stage.incident.number}")
        page.get_by_label("Screenshot or log").first.set_input_files([log_that_draws(name) for name in NAMES])
        page.get_by_label("Write to the room").fill("Five logs")
        page.get_by_role("button", name="Send").click()
        said = page.locator("#room-lines > li", has_text="Five logs").first
        expect(said.locator("details")).to_have_count(len(NAMES))
        for fold in said.locator("details").all():
            fold.locator("summary").click()
            expect(fold.locator("pre")).to_contain_text(HARM)
        assert page.evaluate("window.harmed") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for link in said.get_by_role("link", name="The whole file").all():
            with page.expect_download() as taken:
                link.click()
            assert taken.value.suggested_filename.endswith((".txt", ".log"))
    kept = Attachment.objects.exclude(id__in=before)
    assert {one.content_type for one in kept} == {"text/plain; charset=utf-8"}
    assert not [one.name for one in kept if set(one.name) & set('/\\"<>\r\n\u202e') or len(one.name) > 120]


def test_a_page_or_a_drawing_is_refused_and_so_is_what_is_too_large(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    before = Attachment.objects.count()
    refused: tuple[tuple[FilePayload, str], ...] = (
        ({"name": "shot.png", "mimeType": "image/png", "buffer": HARM.encode()}, "could run in a browser"),
        ({"name": "page.html", "mimeType": "text/html", "buffer": b"<!doctype html><p>"}, "could run in a browser"),
        ({"name": "run.exe", "mimeType": "image/png", "buffer": b"MZ\x90\0\3\0"}, "neither a picture"),
        ({"name": "huge.log", "mimeType": "text/plain", "buffer": b"x" * (LIMIT + 1)}, "larger than"),
    )
    with looking(browser, address, organization_on_stage.people["lead"]) as page:
        page.goto(f"{address}/incidents/{organization_on_stage.incident.number}")
        page.get_by_label("Write to the room").fill("Stays where it was typed")
        for file, words in refused:
            page.get_by_label("Screenshot or log").first.set_input_files(file)
            page.get_by_role("button", name="Send").click()
            expect(page.get_by_role("alert")).to_contain_text(words)
            expect(page.get_by_label("Write to the room")).to_have_value("Stays where it was typed")
    assert Attachment.objects.count() == before


def test_more_than_is_taken_at_once_is_refused_before_it_is_sent(address: str, organization_on_stage: Stage) -> None:
    host = urlsplit(address).netloc
    cookie = stage.signed_in(organization_on_stage.people["lead"])
    for path, size in (("write", 4 * LIMIT + (4 << 20)), ("update", 4 << 20)):
        wire = http.client.HTTPConnection(host, timeout=10)
        wire.putrequest("POST", f"/incidents/{organization_on_stage.incident.number}/{path}")
        wire.putheader("Cookie", f"{cookie['name']}={cookie['value']}")
        wire.putheader("Content-Length", str(size))
        wire.endheaders()
        assert wire.getresponse().status == 413
        wire.close()


def test_a_file_of_a_restricted_incident_is_there_for_insiders_alone(
    browser: Browser, address: str, organization_on_stage: Stage, tmp_path: Path
) -> None:
    people = organization_on_stage.people
    incident, file_id = restricted_with_a_picture(people["lead"])
    shown = organization_on_stage.incident.number
    paths = (
        f"/incidents/{incident.number}/attachments/{file_id}",
        f"/incidents/{shown}/attachments/{file_id}",
        f"/incidents/{incident.number}/export?as=zip",
        f"/incidents/{incident.number}/present",
        f"/incidents/{incident.number}",
    )
    with looking(browser, address, people["lead"]) as page:
        asked = [page.request.get(address + path).status for path in paths]
    assert asked == [200, 404, 200, 200, 200]
    with looking(browser, address, people["second"]) as page:
        asked = [page.request.get(address + path).status for path in paths]
        parts = {"HX-Request": "true", "X-Have": "0.0"}
        fetched = page.request.get(f"{address}/incidents/{incident.number}", headers=parts)
    assert asked == [404] * len(paths)
    assert fetched.status == 404


def restricted_with_a_picture(lead: object) -> tuple[Incident, object]:
    now = SystemClock().now()
    who = Actor(kind="person", label=lead.name, via="web", id=lead.id)  # type: ignore[attr-defined]
    incident = declare(Declaration(title="A leak", severity="sev4", restricted=True), actor=who, now=now).incident
    files = Files(new=[NewFile(name="leak.png", content=pictures.png())], limits=Limits(file=1 << 20, incident=1 << 20))
    write(incident_id=incident.id, text="Look", files=files, actor=who, now=now)
    return incident, Attachment.objects.get(incident=incident).id
