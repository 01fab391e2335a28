"""Only whoever may acknowledge can stop the paging: not by another's link, an altered one, a plain visit or a token
for less. Asked of a real instance from outside; the alert stays triggered until the one honest try at the end.
"""

import base64
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.harness.product import PASSWORD, Product, acknowledge_link

pytestmark = pytest.mark.lab

ADMIN, FIRST, SECOND, THIRD, LOOKER = (
    f"{name}@example.org" for name in ("admin", "first", "second", "third", "looker")
)
# Mails are read of the first two: two each at most, because the next ones of a minute leave bundled.
KEYS = {
    FIRST: "R00000000000000000000000000first",
    SECOND: "R0000000000000000000000000second",
    THIRD: "R00000000000000000000000000third",
}
MAILED = "contacts: [{{name: mail, kind: email, address: {0}}}], rules: {{high: [{{contact: mail, after: 0s}}]}}"
ORGANIZATION = f"""
organization: {{name: Example, time_zone: UTC, fallback: [{ADMIN}]}}
users:
  - {{email: {ADMIN}, name: The Admin, role: owner}}
  - {{email: {FIRST}, name: First Responder, role: responder, {MAILED.format(FIRST)}}}
  - {{email: {SECOND}, name: Second Responder, role: responder, {MAILED.format(SECOND)}}}
  - {{email: {THIRD}, name: Third Responder, role: responder, {MAILED.format(THIRD)}}}
  - {{email: {LOOKER}, name: A Looker, role: stakeholder}}
policies:
  - {{name: first, levels: [{{targets: ["user:{FIRST}"], timeout: 1h}}]}}
  - {{name: second, levels: [{{targets: ["user:{SECOND}"], timeout: 1h}}]}}
  - {{name: third, levels: [{{targets: ["user:{THIRD}"], timeout: 1h}}]}}
services:
  - {{name: third, policy: third, integrations: [{{kind: pagerduty-events-v2, key: {KEYS[THIRD]}}}]}}
  - {{name: first, policy: first, integrations: [{{kind: pagerduty-events-v2, key: {KEYS[FIRST]}}}]}}
  - {{name: second, policy: second, integrations: [{{kind: pagerduty-events-v2, key: {KEYS[SECOND]}}}]}}
"""
FORM_COOKIE = "watchbill-form"
WRONG_CSRF = "a" * 64
REFUSED = (401, 403)  # without any token a browser's session is asked for, and then its form token is missing


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with Product(ORGANIZATION) as started:
        yield started


def alert_with_link(product: Product, email: str, summary: str) -> tuple[str, str]:
    """Key of the alert, and the link of the mail about it."""
    key = product.trigger(KEYS[email], summary)
    return key, acknowledge_link(product.mail_about(summary, seconds=90).message)


def press(client: httpx.Client, link: str) -> httpx.Response:
    """What the button does: the form's own token with it, when there is a form."""
    form = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(link).text)
    token = form[1] if form else client.cookies.get(FORM_COOKIE, WRONG_CSRF)
    return client.post(link, data={"csrfmiddlewaretoken": token}, headers={"Referer": link})


def altered(token: str) -> Iterator[str]:
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        yield base64.urlsafe_b64encode(changed).decode().rstrip("=")
    later = int.from_bytes(raw[32:38], "big") + 86_400 * 365
    yield base64.urlsafe_b64encode(raw[:32] + later.to_bytes(6, "big") + raw[38:]).decode().rstrip("=")
    yield from (token[:-1], token[1:], token + "AA", "A" * len(token), "x", "%00", "..%2f..%2fadmin", "\u00e9")
    yield base64.urlsafe_b64encode(raw[:38]).decode().rstrip("=")


def test_links_cannot_be_altered_mixed_or_used_by_a_visit(product: Product) -> None:
    key, link = alert_with_link(product, FIRST, "Alert of the first")
    other_key, other_link = alert_with_link(product, SECOND, "Alert of the second")
    base, _, token = link.rpartition("/")
    with httpx.Client(timeout=30) as client:
        honest = client.get(link)
        assert honest.status_code == 200
        csrf = client.cookies[FORM_COOKIE]
        for forged in altered(token):
            for answer in (client.get(f"{base}/{forged}"), _post(client, f"{base}/{forged}", csrf)):
                assert answer.status_code in (404, 410), (forged, answer.status_code)
        mine, theirs = (base64.urlsafe_b64decode(one.rpartition("/")[2] + "==") for one in (link, other_link))
        for mixed in (
            mine[:16] + theirs[16:],
            theirs[:16] + mine[16:],
            mine[:32] + theirs[32:],
            mine[:38] + theirs[38:],
        ):
            text = base64.urlsafe_b64encode(mixed).decode().rstrip("=")
            assert _post(client, f"{base}/{text}", csrf).status_code == 410
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"):
            visited = client.request(method, link)
            assert visited.status_code < 500
            overridden = client.request(
                method, link, headers={"X-HTTP-Method-Override": "POST"}, params={"_method": "POST"}
            )
            assert overridden.status_code < 500
        assert [product.alert(ADMIN, one)["status"] for one in (key, other_key)] == ["triggered"] * 2

        assert press(client, link).status_code == 302
    assert product.alert(ADMIN, key)["acknowledged_by"] == "First Responder"
    assert product.alert(ADMIN, other_key)["status"] == "triggered"


def _post(client: httpx.Client, address: str, csrf: str) -> httpx.Response:
    return client.post(address, data={"csrfmiddlewaretoken": csrf})


def test_neither_link_nor_button_works_without_the_forms_own_token(product: Product) -> None:
    key, link = alert_with_link(product, FIRST, "Alert for the form")
    address = f"{product.url}/alerts/{product.alert(ADMIN, key)['id']}/acknowledge"
    with httpx.Client(timeout=30) as client, httpx.Client(timeout=30) as signed_in:
        client.get(link)
        _sign_in(signed_in, product, FIRST)
        for who, where in ((client, link), (signed_in, link), (signed_in, address)):
            own = who.cookies[FORM_COOKIE]
            refused = (
                who.post(where),
                who.post(where, data={"csrfmiddlewaretoken": WRONG_CSRF}),
                who.post(where, data={"csrfmiddlewaretoken": own}, headers={"Origin": "https://evil.example.net"}),
                who.post(where, data={"csrfmiddlewaretoken": own}, headers={"Origin": "null"}),
                who.post(where, json={"csrfmiddlewaretoken": own}),
            )
            assert [answer.status_code for answer in refused] == [403] * len(refused), where
        for method in ("GET", "HEAD", "OPTIONS"):
            assert signed_in.request(method, address).status_code in (200, 302, 405)
        api = f"{product.url}/api/v1/alerts/{product.alert(ADMIN, key)['id']}/acknowledge"
        assert signed_in.post(api).status_code == 403
        assert client.post(address).status_code in (302, 403)
    assert product.alert(ADMIN, key)["status"] == "triggered"


def _sign_in(client: httpx.Client, product: Product, email: str) -> None:
    link = product.said("person", "setup-link", email).split()[0]
    form = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(link).text)
    assert form is not None
    values = {"csrfmiddlewaretoken": form[1], "password": PASSWORD, "again": PASSWORD}
    assert client.post(link, data=values).status_code == 302
    assert client.get(product.url).status_code == 200


@pytest.mark.parametrize(
    ("email", "scope"), [(FIRST, "read"), (FIRST, "ingest"), (ADMIN, "read"), (ADMIN, "ingest"), (LOOKER, "full")]
)
def test_a_token_for_less_changes_nothing(product: Product, email: str, scope: str) -> None:
    key = product.trigger(KEYS[THIRD], f"Alert for {email} {scope}")
    identity = product.alert(ADMIN, key)["id"]
    with product.api(email, scope) as api:
        for verb in ("acknowledge", "resolve", "escalate"):
            assert api.post(f"alerts/{identity}/{verb}").status_code == 403, verb
        assert api.post(f"alerts/{identity}/snooze", json={"duration": "1h"}).status_code == 403
        assert api.post(f"alerts/{identity}/reassign", json={"targets": [f"user:{FIRST}"]}).status_code == 403
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            assert api.request(method, f"alerts/{identity}/acknowledge").status_code in (403, 405)
        token = api.headers["Authorization"].removeprefix("Bearer ")
    for wrong in (token[:-1], token + "A", token.swapcase(), "wb_", "wb_" + "A" * 38):
        answer = httpx.post(
            f"{product.url}/api/v1/alerts/{identity}/acknowledge", headers={"Authorization": f"Bearer {wrong}"}
        )
        assert answer.status_code in REFUSED
    for place in ({"token": token}, {"access_token": token}, {"api_key": token}):
        assert httpx.post(f"{product.url}/api/v1/alerts/{identity}/acknowledge", params=place).status_code in REFUSED
    assert product.alert(ADMIN, key)["status"] == "triggered"


def test_events_acknowledge_by_the_key_of_their_own_service_alone(product: Product) -> None:
    """An ingest key can acknowledge what came in by it, as PagerDuty's can; it reaches no other service's alert."""
    key = product.trigger(KEYS[THIRD], "Alert of one service")
    product.send(KEYS[SECOND], event_action="acknowledge", dedup_key=key)
    product.send(KEYS[SECOND], event_action="resolve", dedup_key=key)
    unknown = {"routing_key": KEYS[THIRD][:-1] + "X", "event_action": "acknowledge", "dedup_key": key}
    assert httpx.post(f"{product.url}/v2/enqueue", json=unknown).status_code in (202, 400, 403)
    assert product.alert(ADMIN, key)["status"] == "triggered"
