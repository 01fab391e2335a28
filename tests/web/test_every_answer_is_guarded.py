"""Headers on every answer, a permission on every address, and nothing shown to nobody."""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.web.people_who_sign_in import person
from watchbill.domain.access.rules import PERMISSIONS

pytestmark = pytest.mark.django_db

OPEN_BY_NATURE = {"static/<str:address>"}


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, route)
        else:
            found.append((route, pattern.callback))
    return found


def screens() -> list[tuple[str, object]]:
    return [(route, view) for route, view in addresses(get_resolver().url_patterns) if not route.startswith("api/")]


def test_every_address_declares_a_permission_of_the_table_or_why_it_is_open() -> None:
    without = []
    for route, view in screens():
        declared = getattr(view, "permission", "")
        if route not in OPEN_BY_NATURE and declared not in PERMISSIONS and not declared.startswith("open to all: "):
            without.append(route)
    assert without == []


def test_nobody_sees_anything_that_is_not_open_to_all() -> None:
    seen = []
    for route, view in screens():
        if getattr(view, "permission", "") not in PERMISSIONS:
            continue
        address = "/" + route
        for part, value in (("<uuid:", "0190f000-0000-7000-8000-000000000000"), ("<int:", "1"), ("<str:", "x")):
            while part in address:
                start = address.index(part)
                address = address[:start] + value + address[address.index(">", start) + 1 :]
        for method in ("get", "post"):
            answer = getattr(Client(), method)(address)
            if answer.status_code == 405:
                continue
            if answer.status_code != 302 or not answer["Location"].startswith("/sign-in"):
                seen.append((method, address, answer.status_code))
    assert seen == []


@pytest.mark.parametrize(
    ("address", "status"),
    [("/", 302), ("/sign-in", 200), ("/nothing/here", 404), ("/setup/x", 410), ("/sign-out", 302)],
)
def test_every_answer_carries_the_headers(address: str, status: int) -> None:
    answer = Client().get(address)
    assert answer.status_code == status
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]
    assert "camera=()" in answer["Permissions-Policy"]


def test_a_failure_and_a_wrong_host_carry_them_too_and_say_what_to_do(settings) -> None:
    settings.ALLOWED_HOSTS = ["watchbill.example.org"]
    wrong_host = Client().get("/sign-in", HTTP_HOST="evil.example")
    assert wrong_host.status_code == 400
    assert "nosniff" in wrong_host["X-Content-Type-Options"]
    assert "Go back and try again" in wrong_host.content.decode()
    settings.ALLOWED_HOSTS = ["*"]
    settings.ACCOUNT_ADAPTER = "watchbill.nowhere.Missing"  # a fault of the set-up, met in the middle of a request
    failed = Client(raise_request_exception=False).get("/sign-in")
    assert failed.status_code == 500
    assert "default-src 'none'" in failed["Content-Security-Policy"]
    assert "Paging goes on" in failed.content.decode()
    assert "Missing" not in failed.content.decode()


def test_a_page_has_no_script_or_style_of_its_own() -> None:
    client = Client()
    client.force_login(person("responder@example.org"))
    for address in ("/me/security", "/me/security/sessions", "/sign-out", "/nothing/here"):
        text = client.get(address).content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert "javascript:" not in text
    assert all(
        'src="' in tag or 'type="application/json"' in tag
        for tag in Client().get("/sign-in").content.decode().split("<script")[1:]
    )


def test_a_forged_forwarded_address_changes_nothing() -> None:
    for number in range(6):
        answer = Client().post(
            "/sign-in",
            {"login": "nobody@example.org", "password": "a guess that fails"},
            REMOTE_ADDR="203.0.113.66",
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
        )
    assert "Too many wrong tries" in answer.content.decode()


def test_a_refusal_says_which_right_is_missing() -> None:
    client = Client()
    client.force_login(person("stakeholder@example.org", role="stakeholder"))
    answer = client.post("/alerts/0190f000-0000-7000-8000-000000000000/acknowledge")
    assert answer.status_code == 403
    assert "you may not acknowledge alerts" in answer.content.decode()
