"""Takes the pictures of docs/images from a running instance in Chromium: `python tools/screenshots.py`."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

IMAGES = Path(__file__).parent.parent / "docs" / "images"
_PORT, _PHONES_PORT = 8097, 8098
_BASE = f"http://127.0.0.1:{_PORT}"
_PHONES = f"http://127.0.0.1:{_PHONES_PORT}"
_KEYS = {"checkout": "screenscheckout0123456789abcdef0", "search": "screenssearch0123456789abcdef012"}
_ORGANIZATION = f"""
organization: {{name: Example Books, time_zone: Europe/Berlin, fallback: [engineering-manager@example.org]}}
users:
  - {{email: engineering-manager@example.org, name: Engineering Manager, role: owner, time_zone: Europe/Berlin,
     contacts: [{{name: phone, kind: demo, address: manager}}]}}
  - {{email: first-responder@example.org, name: First Responder, time_zone: Europe/Berlin,
     contacts: [{{name: phone, kind: demo, address: first}}]}}
  - {{email: second-responder@example.org, name: Second Responder, time_zone: Africa/Lagos,
     contacts: [{{name: phone, kind: demo, address: second}}]}}
  - {{email: search-lead@example.org, name: Search Lead, time_zone: Europe/Madrid,
     contacts: [{{name: phone, kind: demo, address: search}}]}}
teams:
  - {{name: payments, lead: engineering-manager@example.org, manager: engineering-manager@example.org,
     members: [engineering-manager@example.org, first-responder@example.org, second-responder@example.org]}}
  - {{name: search, lead: search-lead@example.org, manager: engineering-manager@example.org,
     members: [search-lead@example.org]}}
schedules:
  - name: payments-primary
    team: payments
    time_zone: Europe/Berlin
    rotations:
      - {{name: weekly, members: [first-responder@example.org], every: 1 week, handoff: "Monday 10:00",
         starts: 2026-01-05}}
  - name: payments-secondary
    team: payments
    time_zone: Europe/Berlin
    rotations:
      - {{name: weekly, members: [second-responder@example.org, engineering-manager@example.org], every: 1 week,
         handoff: "Monday 10:00", starts: 2026-01-05}}
  - name: search-primary
    team: search
    time_zone: Europe/Madrid
    rotations:
      - {{name: weekly, members: [search-lead@example.org, engineering-manager@example.org], every: 1 week,
         handoff: "Wednesday 09:00", starts: 2026-01-05}}
policies:
  - name: payments
    team: payments
    repeat: 2
    acknowledgement_timeout: 30m
    levels:
      - {{targets: ["schedule:payments-primary"], timeout: 5m}}
      - {{targets: ["schedule:payments-secondary"], timeout: 10m}}
      - {{targets: ["team-manager:payments"], timeout: 15m}}
  - name: search
    team: search
    levels: [{{targets: ["schedule:search-primary"], timeout: 5m}}]
services:
  - {{name: checkout, team: payments, policy: payments, urgency: by-severity,
     runbook: "https://wiki.example.org/checkout",
     integrations: [{{kind: pagerduty-events-v2, key: {_KEYS["checkout"]}}}]}}
  - {{name: search, team: search, policy: search, urgency: by-severity,
     integrations: [{{kind: pagerduty-events-v2, key: {_KEYS["search"]}}}]}}
"""


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """The owner's one-time link of an instance that runs until the block ends."""
    (directory / "organization.yaml").write_text(_ORGANIZATION, encoding="utf-8")
    log = directory / "log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")}
    environment |= {
        "WATCHBILL_DATA_DIR": str(directory / "data"),
        "WATCHBILL_BASE_URL": _BASE,
        "WATCHBILL_DEMO_PHONES_URL": _PHONES,
        "WATCHBILL_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    up = ["watchbill.cli.main", "up", "--port", str(_PORT), "--apply", str(directory / "organization.yaml")]
    commands = (["watchbill.demo.phones", "--port", str(_PHONES_PORT), "first", "second"], up)
    with log.open("wb") as output:
        processes = [
            subprocess.Popen([sys.executable, "-m", *one], env=environment, stdout=output, stderr=output)  # noqa: S603 - ours
            for one in commands
        ]
        try:
            yield _setup_link(log, directory / "data" / "owner-link")
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()


def _setup_link(log: Path, link: Path) -> str:
    for _ in range(600):
        if "is ready" in log.read_text(encoding="utf-8", errors="replace"):
            return link.read_text(encoding="utf-8").strip()
        time.sleep(0.1)
    raise SystemExit(f"the instance did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _send(service: str, summary: str, *, severity: str, action: str = "trigger") -> None:
    event: dict[str, Any] = {"routing_key": _KEYS[service], "event_action": action, "dedup_key": summary}
    if action == "trigger":
        event["payload"] = {"summary": summary, "source": "shop.example.org", "severity": severity}
    httpx.post(f"{_BASE}/v2/enqueue", json=event, timeout=10).raise_for_status()


def _shoot(page: Page, name: str) -> None:
    path = IMAGES / name
    page.screenshot(path=path)
    if path.stat().st_size > 200_000:
        raise SystemExit(f"{name} has {path.stat().st_size} bytes; a picture of the README has at most 200,000")


def _sign_up(context: BrowserContext, link: str) -> Page:
    page = context.new_page()
    page.goto(link)
    password = "only for these pictures"
    for field in page.locator("input[type=password]").all():
        field.fill(password)
    page.locator("main button[type=submit], form button").first.click()
    page.wait_for_load_state()
    if "/sign-in" in page.url:
        page.fill("input[name=login]", "engineering-manager@example.org")
        page.fill("input[name=password]", password)
        page.locator("form button").first.click()
        page.wait_for_load_state()
    return page


def take(browser: Browser, link: str) -> None:
    page = _sign_up(browser.new_context(viewport={"width": 1280, "height": 800}), link)
    _send("search", "Index of books is two hours old", severity="error")
    _send("search", "Queue of the indexer grows", severity="warning")
    time.sleep(2)
    page.goto(f"{_BASE}/alerts?state=triggered")
    page.get_by_text("Index of books").first.click()
    page.get_by_role("button", name="Acknowledge").first.click()
    _send("checkout", "Checkout answers 5 of 100 requests with an error", severity="critical")
    time.sleep(45)  # a running escalation looks like one when some of its time has gone
    page.goto(f"{_BASE}/")
    page.wait_for_timeout(500)
    _shoot(page, "now.png")
    page.get_by_text("Checkout answers").first.click()
    page.wait_for_load_state()
    address = page.url
    state = page.context.storage_state()
    phone = browser.new_context(
        storage_state=state, viewport={"width": 390, "height": 844}, device_scale_factor=1.5, is_mobile=True
    )
    small = phone.new_page()
    small.goto(address)
    small.wait_for_timeout(500)
    _shoot(small, "alert-phone.png")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as link, sync_playwright() as playwright:
        take(playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"]), link)


if __name__ == "__main__":
    main()
