"""Each screen on a phone, a tablet and a desk, in both lights: no accessibility violation, no sideways scrolling,
no error on the console. `WATCHBILL_PICTURES=DIR` keeps a picture of each; `WATCHBILL_SCREENS=a,b` looks at those only.
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.web import stage
from tests.web.organization import Stage
from tests.web.screens import screens

pytestmark = pytest.mark.lab

SIZES = {390: 844, 768: 1024, 1440: 900}
# Each light with another width for the slow look; both together see every colour and every layout.
LOOKS = (("light", 390, (390, 768)), ("dark", 1440, (390, 1440)))
PICTURES = os.environ.get("WATCHBILL_PICTURES", "")
ONLY = os.environ.get("WATCHBILL_SCREENS", "")
PARTS = 3


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("light", "axe_width", "widths"), LOOKS)
def test_every_screen_at_every_width_in_both_lights(
    browser: Browser,
    address: str,
    organization_on_stage: Stage,
    light: str,
    axe_width: int,
    widths: tuple[int, ...],
    part: int,
) -> None:
    problems: list[str] = []
    console: list[str] = []
    context = browser.new_context(color_scheme="dark" if light == "dark" else "light")
    context.add_cookies([{**stage.signed_in(organization_on_stage.me), "url": address}])
    # No part is fetched again while axe looks: it marks what it measures with styles, which would be copied.
    context.add_init_script("document.addEventListener('htmx:beforeRequest', one => one.preventDefault())")
    page = context.new_page()
    page.on("console", lambda message: console.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console.append(str(error)))
    wanted = sorted(screens(organization_on_stage).items())[part::PARTS]
    for name, path in wanted:
        if ONLY and name not in ONLY.split(","):
            continue
        for width in widths:
            page.set_viewport_size({"width": width, "height": SIZES[width]})
            answer = page.goto(address + path)
            assert answer is not None
            assert answer.status == 200, name
            if _overflow(page) > 0:
                problems.append(f"{name} {width}: scrolls sideways by {_overflow(page)} px")
            if width == axe_width:
                problems += [f"{name} {width} {light}: {found}" for found in _violations(page)]
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{light}.png", full_page=True)
        problems += [f"{name} {light}: console: {line}" for line in console]
        console.clear()
    context.close()
    assert not problems, "\n".join(problems)


def _overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def _violations(page: Page) -> list[str]:
    found = []
    for violation in Axe().run(page).response["violations"]:
        nodes = "; ".join(str(node["html"])[:160] for node in violation["nodes"][:3])
        found.append(f"axe {violation['id']}: {violation['help']}: {nodes}")
    return found
