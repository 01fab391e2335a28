"""Each screen from the server's side: it answers, is light, shows hostile text as text, has no inline code."""

import re
import time
from html.parser import HTMLParser

import pytest
from django.test import Client

from tests.web.organization import Stage
from tests.web.screens import screens
from watchbill.doors.web.assets import asset_address
from watchbill.urls import urlpatterns

WEIGHT_MAX = 150_000
SCRIPTS = ("watchbill.css", "watchbill.js", "htmx.js", "sse.js", "favicon.svg")


class Inline(HTMLParser):
    """Finds code that a strict policy would refuse: inline scripts and styles, handlers, script addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in named):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name == "style" or name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {name}>")


@pytest.fixture
def client(organization_on_stage: Stage) -> Client:
    browser = Client()
    browser.force_login(organization_on_stage.me)
    return browser


def test_every_screen_answers_light_and_safe(client: Client, organization_on_stage: Stage) -> None:
    as_a_browser = {"Accept-Encoding": "gzip"}  # every browser asks so, and assets are packed for it
    assets = sum(len(client.get(asset_address(name), headers=as_a_browser).content) for name in SCRIPTS)
    problems, table = [], []
    for name, path in screens(organization_on_stage).items():
        begun = time.perf_counter()
        answer = client.get(path)
        milliseconds = 1000 * (time.perf_counter() - begun)
        text = answer.content.decode()
        table.append(f"{name:16} {len(answer.content) / 1000:6.1f} kB {milliseconds:6.0f} ms")
        if answer.status_code != 200:
            problems.append(f"{name}: {answer.status_code}")
        if len(answer.content) + assets > WEIGHT_MAX:
            problems.append(f"{name}: weighs {len(answer.content) + assets} bytes with its assets")
        inline = Inline()
        inline.feed(text)
        problems += [f"{name}: inline code: {found}" for found in inline.found]
        if "<script>alert(1)" in text or "<img src=x" in text:
            problems.append(f"{name}: hostile text is not escaped")
        forms = re.findall(r'<form[^>]*method="post".*?</form>', text, flags=re.DOTALL)
        if any("csrfmiddlewaretoken" not in form for form in forms):
            problems.append(f"{name}: a form without its token")
        if "script-src 'self'" not in answer.headers["Content-Security-Policy"]:
            problems.append(f"{name}: no content security policy")
    print("\n".join([f"assets {assets / 1000:.1f} kB", *table]))
    assert not problems, "\n".join(problems)


def test_every_view_names_its_permission() -> None:
    [screens_door] = [one for one in urlpatterns if hasattr(one, "url_patterns") and one.app_name == "web"]
    unnamed = [
        str(one.pattern)
        for one in screens_door.url_patterns
        if not hasattr(one.callback, "permission") and str(one.pattern) != "static/<str:address>"
    ]
    assert not unnamed


def test_who_is_not_signed_in_is_sent_to_sign_in(organization_on_stage: Stage) -> None:
    for name, path in screens(organization_on_stage).items():
        answer = Client().get(path)
        if name == "link":
            assert answer.status_code == 200
        else:
            assert answer.status_code == 302, name
            assert answer.headers["Location"].startswith("/sign-in?next="), name
