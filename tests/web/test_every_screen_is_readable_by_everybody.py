"""Each screen at three widths, light and dark: no accessibility violation, no sideways scrolling, no error."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.web import stage
from tests.web.organization import Stage
from tests.web.screens import screens

pytestmark = pytest.mark.lab

WIDTHS = ((390, 844), (768, 1024), (1440, 900))
PICTURES = os.environ.get("WATCHBILL_PICTURES", "")
ONLY = os.environ.get("WATCHBILL_SCREENS", "")


def test_every_screen_at_every_width_in_both_lights(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    problems: list[str] = []
    console: list[str] = []
    for light in ("light", "dark"):
        context = browser.new_context(color_scheme=light)
        context.add_cookies([{**stage.signed_in(organization_on_stage.me), "url": address}])
        page = context.new_page()
        page.on("console", lambda message: console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: console.append(str(error)))
        for name, path in screens(organization_on_stage).items():
            if ONLY and name not in ONLY.split(","):
                continue
            for width, height in WIDTHS:
                page.set_viewport_size({"width": width, "height": height})
                answer = page.goto(address + path)
                assert answer is not None
                if answer.status != 200:
                    problems.append(f"{name}: answered {answer.status}")
                    break
                problems += [f"{name} {width} {light}: {found}" for found in look(page, width)]
                if PICTURES and width != 768:
                    page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{light}.png", full_page=True)
            problems += [f"{name} {light}: console: {line}" for line in console]
            console.clear()
        context.close()
    assert not problems, "\n".join(problems)


def look(page: Page, width: int) -> list[str]:
    found = []
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if overflow > 0:
        found.append(f"scrolls sideways by {overflow} px")
    if width == 768:
        return found
    result = Axe().run(page)
    for violation in result.response["violations"]:
        nodes = "; ".join(str(node["html"])[:160] for node in violation["nodes"][:3])
        found.append(f"axe {violation['id']}: {violation['help']}: {nodes}")
    return found
