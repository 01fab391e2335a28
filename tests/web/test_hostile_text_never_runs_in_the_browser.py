"""A corpus of attacks comes in by every route a sender or a colleague has, and is looked at on every screen.

No script runs, nothing is refused by the content policy because nothing was tried, and no link leads anywhere but to
an ordinary address. Each payload would call `alert` or set `window.harmed` if it ran.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.harness.product import Product
from tests.web.hostile_texts import ADDRESSES, TEXTS
from tests.web.visitors import Visitor, visitor

pytestmark = pytest.mark.lab

ADMIN = "admin@example.org"
PAGERDUTY, GENERIC, ALERTMANAGER = (
    "R0000000000000000000000000hostil",
    "generic-hostile-0123456789",
    "am-hostile-0123456789",
)
ORGANIZATION = f"""
organization: {{name: Example, time_zone: UTC, fallback: [{ADMIN}]}}
users:
  - {{email: {ADMIN}, name: The Admin, role: owner, contacts: [{{name: hook, kind: webhook, address: "HOOKS/admin"}}]}}
policies:
  - {{name: hostile, levels: [{{targets: ["user:{ADMIN}"], timeout: 1h}}]}}
services:
  - name: hostile
    policy: hostile
    integrations:
      - {{kind: pagerduty-events-v2, key: {PAGERDUTY}}}
      - {{kind: generic, key: {GENERIC}}}
      - {{kind: alertmanager, key: {ALERTMANAGER}}}
"""
OTHERS: tuple[tuple[str, dict[str, str]], ...] = (("services", {}), ("schedules", {"time_zone": "UTC"}), ("teams", {}))
ORDINARY = {"http", "https", "mailto"}
SCREENS = (
    *("/", "/alerts", "/alerts?status=all", "/schedules", "/services", "/people", "/policies", "/explain", "/admin"),
    "/admin/audit",
    "/admin/audit?actor=%3Cscript%3Ealert(1)%3C/script%3E",
    "/alerts?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    "/go?q=%3Csvg/onload=alert(1)%3E",
    "/sign-in?next=javascript:alert(1)",
)
FOREIGN = (
    "script:not([src^='/static/']):not([type='application/json']), iframe, object, embed, base, img:not([src^='/'])"
)


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with Product(ORGANIZATION) as started:
        _send_everything(started)
        _name_everything(started)
        yield started


def _send_everything(product: Product) -> None:
    links = [{"href": address, "text": text} for address, text in zip(ADDRESSES, TEXTS, strict=False)]
    for number, text in enumerate(TEXTS):
        payload = {
            "summary": text,
            "source": text,
            "severity": "critical",
            "component": text,
            "group": text,
            "class": text,
            "custom_details": {text: text, "deep": [text, {text: [text]}]},
        }
        product.send(
            PAGERDUTY,
            dedup_key=f"{number} {text}"[:250],
            event_action="trigger",
            payload=payload,
            links=links[number % 10 :: 10],
            images=[{"src": address, "href": address, "alt": text} for address in ADDRESSES[:5]],
            client=text,
            client_url=ADDRESSES[number % len(ADDRESSES)],
        )
    with httpx.Client(base_url=product.url, timeout=30) as client:
        for number, text in enumerate(TEXTS):
            generic = {"summary": text, "dedup_key": f"g{number}{text}", "source": text, "details": {text: text}}
            answer = client.post(f"/in/generic/{GENERIC}", json={**generic, "links": ADDRESSES, "severity": text})
            assert answer.status_code in (202, 400), answer.text
        for number, some in enumerate(TEXTS[at : at + 8] for at in range(0, len(TEXTS), 8)):
            alerts = [
                {
                    "status": "firing",
                    "labels": {"alertname": text, "instance": text, "severity": text, f"l{place}": text},
                    "annotations": {"summary": text, "runbook_url": ADDRESSES[place], "dashboard_url": text},
                    "generatorURL": ADDRESSES[-1 - place],
                    "fingerprint": f"{number}-{place}",
                }
                for place, text in enumerate(some)
            ]
            body = {"version": "4", "status": "firing", "alerts": alerts, "externalURL": ADDRESSES[number]}
            assert client.post(f"/in/alertmanager/{ALERTMANAGER}", json=body).status_code == 202


def _name_everything(product: Product) -> None:
    """People, teams, services and schedules with such names; where a name is refused that is fine as well."""
    made = 0
    with product.api(ADMIN) as api:
        for number, text in enumerate(TEXTS):
            email = f"person{number}@example.org"
            person = api.post("people", json={"email": email, "name": text[:100], "role": "responder"})
            kind, more = OTHERS[number % len(OTHERS)]
            answers = [person, api.post(kind, json={"name": f"{number} {text}"[:100], **more})]
            assert {answer.status_code for answer in answers} <= {201, 422}, [answer.text for answer in answers]
            made += sum(answer.status_code == 201 for answer in answers)
    assert made > len(TEXTS)


def test_every_list_and_record_shows_it_as_text(browser: Browser, product: Product) -> None:
    with visitor(browser, product, ADMIN) as looking:
        for address in SCREENS:
            _look(looking, product.url + address)
        following = product.url + "/admin/audit"
        for _ in range(20):
            looking.page.goto(following)
            _assert_unharmed(looking)
            older = looking.page.get_by_role("link", name="Older")
            if not older.count():
                break
            following = product.url + str(older.get_attribute("href"))


def test_every_alert_shows_it_as_text(browser: Browser, product: Product) -> None:
    numbers = _alerts(product)
    assert len(numbers) >= 2 * len(TEXTS)
    with visitor(browser, product, ADMIN) as looking:
        for identity in numbers[:: max(1, len(numbers) // 90)]:
            _look(looking, f"{product.url}/alerts/{identity}", opened=True)


def test_pages_of_things_with_such_names_show_it_as_text(browser: Browser, product: Product) -> None:
    with visitor(browser, product, ADMIN) as looking, product.api(ADMIN) as api:
        for kind in ("schedules", "services", "teams", "people"):
            found = api.get(kind, params={"limit": 200}).json()["items"]
            for one in found[:: max(1, len(found) // 15)]:
                _look(looking, f"{product.url}/{kind}/{one['id']}", opened=True)


def _alerts(product: Product) -> list[str]:
    found: list[str] = []
    with product.api(ADMIN) as api:
        cursor = ""
        while True:
            asked = {"limit": "200", **({"cursor": cursor} if cursor else {})}
            page = api.get("alerts", params=asked).json()
            found += [item["id"] for item in page["items"]]
            cursor = page["next"] or ""
            if not cursor:
                return found


def _look(looking: Visitor, address: str, *, opened: bool = False) -> None:
    answer = looking.page.goto(address)
    assert answer is not None
    assert answer.status == 200, f"{address}: {answer.status}"
    if opened:
        looking.page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    _assert_unharmed(looking)


def _assert_unharmed(looking: Visitor) -> None:
    page = looking.page
    assert looking.troubles == [], page.url
    assert page.evaluate("window.harmed") is None, page.url
    assert set(_schemes(page)) <= ORDINARY, page.url
    own = (
        "script:not([src^='/static/']):not([type='application/json']), iframe, object, embed, base, img:not([src^='/'])"
    )
    assert page.locator(own).count() == 0, page.url
    assert page.evaluate(_HANDLERS) == [], page.url


_HANDLERS = """[...document.querySelectorAll('*')].flatMap(one => [...one.attributes])
    .filter(attribute => attribute.name.startsWith('on')).map(attribute => attribute.name)"""


def _schemes(page: Page) -> list[str]:
    """As the browser understands them, which is what counts."""
    addresses = page.evaluate(
        "[...document.querySelectorAll('[href],[src],[action],[formaction]')].flatMap(one =>"
        " [one.href?.baseVal ?? one.href, one.src, one.action, one.formAction])"
        ".filter(address => typeof address === 'string' && address)"
    )
    # A reference into the same picture, such as `#icon`, has no scheme at all.
    return [scheme for address in addresses if (scheme := urlsplit(address).scheme)]
