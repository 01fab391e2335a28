"""With an https address cookies never leave a plain connection and browsers stay with https; http on loopback works."""

import re
from collections.abc import Iterator
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest

from tests.harness.product import PASSWORD, Product

OWNER = "owner@example.org"
ORGANIZATION = f"""
organization: {{name: Example, time_zone: UTC}}
users:
  - {{email: {OWNER}, name: The Owner, role: owner}}
"""
HTTPS = "https://watchbill.example.org"
PROXIED = {"Host": "watchbill.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
YEAR_SECONDS = 365 * 24 * 3600


class Visitor:
    """A browser that shows its cookies: which it was given, and that it sends back all of them."""

    def __init__(self, product: Product, **headers: str) -> None:
        self._client = httpx.Client(base_url=product.url, headers=headers, timeout=30)
        self.cookies: dict[str, Morsel[str]] = {}
        self.answers: list[httpx.Response] = []

    def ask(self, method: str, path: str, **form: str) -> httpx.Response:
        sent = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
        answer = self._client.request(method, path, data=form or None, headers={"Cookie": sent} if sent else {})
        self._client.cookies.clear()
        for line in answer.headers.get_list("set-cookie"):
            self.cookies.update(SimpleCookie(line))
        self.answers.append(answer)
        return answer

    def submit(self, path: str, **form: str) -> httpx.Response:
        shown = self.ask("GET", path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown.text)
        assert token is not None, shown.text
        return self.ask("POST", path, csrfmiddlewaretoken=token[1], **form)

    def close(self) -> None:
        self._client.close()


def signs_in(product: Product, visitor: Visitor) -> None:
    link = product.said("person", "setup-link", OWNER).split()[0]
    path = "/setup/" + link.rpartition("/")[2]
    assert visitor.submit(path, password=PASSWORD, again=PASSWORD).headers["location"] == "/"
    assert visitor.ask("GET", "/").status_code == 200
    assert visitor.submit("/sign-out").status_code == 302
    assert visitor.ask("GET", "/").status_code == 302
    assert visitor.submit("/sign-in", login=OWNER, password=PASSWORD).headers["location"] == "/"
    assert visitor.ask("GET", "/").status_code == 200


@pytest.fixture(scope="module")
def secure() -> Iterator[Product]:
    """As it stands behind a proxy that holds the certificate."""
    settings = {"WATCHBILL_BASE_URL": HTTPS, "WATCHBILL_TRUSTED_PROXIES": "127.0.0.1/32"}
    with Product(ORGANIZATION, **settings, WATCHBILL_ALLOWED_HOSTS="watchbill.example.org") as started:
        yield started


@pytest.fixture(scope="module")
def plain() -> Iterator[Product]:
    """As somebody tries it out on their own machine."""
    with Product(ORGANIZATION) as started:
        yield started


@pytest.fixture
def through_the_proxy(secure: Product) -> Iterator[Visitor]:
    visitor = Visitor(secure, **PROXIED, Origin=HTTPS)
    yield visitor
    visitor.close()


@pytest.fixture
def on_loopback(plain: Product) -> Iterator[Visitor]:
    visitor = Visitor(plain)
    yield visitor
    visitor.close()


def test_with_an_https_address_every_cookie_is_for_this_host_and_https_alone(
    secure: Product, through_the_proxy: Visitor
) -> None:
    signs_in(secure, through_the_proxy)
    cookies = through_the_proxy.cookies
    assert set(cookies) == {"__Host-watchbill", "__Host-watchbill-form", "__Host-watchbill-browser"}
    for morsel in cookies.values():
        assert (morsel["secure"], morsel["httponly"], morsel["path"], morsel["domain"]) == (True, True, "/", "")
        assert morsel["samesite"] == "Lax"


def test_with_an_https_address_browsers_are_told_to_stay_with_it_for_a_year(
    secure: Product, through_the_proxy: Visitor
) -> None:
    for path in ("/sign-in", "/", "/nowhere", "/static/watchbill.css", "/api/v1/alerts"):
        told = through_the_proxy.ask("GET", path).headers["strict-transport-security"]
        assert told == f"max-age={YEAR_SECONDS}; includeSubDomains", path


def test_a_cookie_of_a_plain_connection_is_not_taken_for_one_of_ours(
    secure: Product, through_the_proxy: Visitor
) -> None:
    """Somebody in the network can plant a cookie by http, but none whose name begins with `__Host-`."""
    signs_in(secure, through_the_proxy)
    session = through_the_proxy.cookies.pop("__Host-watchbill")
    planted: SimpleCookie = SimpleCookie()
    planted["watchbill"] = session.value
    through_the_proxy.cookies.update(planted)
    assert through_the_proxy.ask("GET", "/").status_code == 302


def test_on_loopback_http_is_enough_to_sign_in(plain: Product, on_loopback: Visitor) -> None:
    signs_in(plain, on_loopback)
    assert set(on_loopback.cookies) == {"watchbill", "watchbill-form", "watchbill-browser"}
    for morsel in on_loopback.cookies.values():
        assert (morsel["secure"], morsel["httponly"], morsel["path"], morsel["domain"]) == ("", True, "/", "")
        assert morsel["samesite"] == "Lax"
    assert not any("strict-transport-security" in answer.headers for answer in on_loopback.answers)
