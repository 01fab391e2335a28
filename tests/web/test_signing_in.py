"""Signing in: one answer for every wrong try, no lock-out by others, no way out to another site."""

import re

import pytest
from django.test import Client

from tests.web.people_who_sign_in import PASSWORD, person
from watchbill.domain.access.models import SignInFailure
from watchbill.domain.audit.models import Entry

pytestmark = pytest.mark.django_db

ATTACKER, HOME = "203.0.113.66", "198.51.100.7"


def try_to_sign_in(email: str, password: str, *, client: Client | None = None, source: str = HOME, **more: str):
    data = {"login": email, "password": password, **more}
    return (client or Client()).post("/sign-in", data, REMOTE_ADDR=source)


def text_of(response) -> str:
    """Without what differs by itself: the form token and what was typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode())
    text = re.sub(r'data-now="\d+"', "", text)  # the page's clock
    return re.sub(r'name="login" value="[^"]*"', "", text)


def test_the_right_password_signs_in_and_is_recorded() -> None:
    person("responder@example.org")
    response = try_to_sign_in("Responder@Example.org", PASSWORD)
    assert (response.status_code, response["Location"]) == (302, "/")
    entry = Entry.objects.get(action="session.started")
    assert entry.actor_label == "Responder"
    assert entry.source_address == HOME


def test_unknown_wrong_and_disabled_get_the_same_answer() -> None:
    person("responder@example.org")
    person("former@example.org", disabled=True)
    person("invited@example.org", password=None)
    answers = {
        text_of(try_to_sign_in("nobody@example.org", PASSWORD)),
        text_of(try_to_sign_in("responder@example.org", "wrong password of it")),
        text_of(try_to_sign_in("former@example.org", PASSWORD)),
        text_of(try_to_sign_in("invited@example.org", PASSWORD)),
    }
    assert len(answers) == 1
    assert "do not fit together" in answers.pop()


def test_an_attacker_is_stopped_and_the_person_is_not() -> None:
    person("responder@example.org")
    signed_in = Client()
    try_to_sign_in("responder@example.org", PASSWORD, client=signed_in)
    for _ in range(5):
        try_to_sign_in("responder@example.org", "a guess that fails", source=ATTACKER)
    stopped = try_to_sign_in("responder@example.org", PASSWORD, source=ATTACKER)
    assert stopped.status_code == 200
    assert "Too many wrong tries" in stopped.content.decode()
    assert signed_in.get("/", REMOTE_ADDR=HOME).status_code == 200
    assert try_to_sign_in("responder@example.org", PASSWORD, source=HOME).status_code == 302


def test_nobody_in_the_same_network_locks_a_known_browser_out() -> None:
    person("responder@example.org")
    known = Client()
    try_to_sign_in("responder@example.org", PASSWORD, client=known)
    known.post("/sign-out")
    for _ in range(6):
        try_to_sign_in("responder@example.org", "a guess that fails")
    assert try_to_sign_in("responder@example.org", PASSWORD).status_code == 200
    assert try_to_sign_in("responder@example.org", PASSWORD, client=known).status_code == 302


def test_the_throttle_counts_unknown_addresses_alike() -> None:
    for _ in range(6):
        answer = try_to_sign_in("nobody@example.org", "a guess that fails")
    assert "Too many wrong tries" in answer.content.decode()
    assert SignInFailure.objects.filter(email="nobody@example.org").count() == 5


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example",
        "https://evil.example", "http:evil.example", "https:/evil.example", "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x", "/\t/evil.example", "\t//evil.example", " //evil.example", "/\n/evil.example",
        "https://watchbill.example.org@evil.example", "evil.example", "//evil.example/%2f..", "http://evil.example\\@a",
        "/%09/evil.example\r\nSet-Cookie: a=b", "",
    ],
)  # fmt: skip
def test_no_next_leads_to_another_site(target: str) -> None:
    person("responder@example.org")
    response = try_to_sign_in("responder@example.org", PASSWORD, next=target)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_next_of_this_instance_is_followed() -> None:
    person("responder@example.org")
    response = try_to_sign_in("responder@example.org", PASSWORD, next="/alerts?status=triggered")
    assert response["Location"] == "/alerts?status=triggered"


def test_a_page_asks_to_sign_in_and_leads_back() -> None:
    response = Client().get("/alerts?q=disk")
    assert (response.status_code, response["Location"]) == (302, "/sign-in?next=%2Falerts%3Fq%3Ddisk")
    fragment = Client().get(
        "/alerts?q=disk", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/alerts"}
    )
    assert (fragment.status_code, fragment["HX-Redirect"]) == (401, "/sign-in?next=%2Falerts")


@pytest.mark.parametrize("address", ["/sign-in", "/sign-out"])
def test_signing_in_and_out_need_the_form_token(address: str) -> None:
    person("responder@example.org")
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("other@example.org"))
    answer = client.post(address, {"login": "responder@example.org", "password": PASSWORD})
    assert answer.status_code == 403
    assert "The form was not accepted" in answer.content.decode()
    assert client.get("/").status_code == 200


def test_signing_out_needs_a_form_and_ends_the_session_on_the_server() -> None:
    client = Client()
    person("responder@example.org")
    try_to_sign_in("responder@example.org", PASSWORD, client=client)
    stolen = client.cookies["watchbill"].value
    assert client.get("/sign-out").status_code == 200
    assert client.get("/").status_code == 200
    client.post("/sign-out")
    thief = Client()
    thief.cookies["watchbill"] = stolen
    assert thief.get("/").status_code == 302


def test_the_session_gets_a_new_key_when_somebody_signs_in() -> None:
    person("responder@example.org")
    client = Client()
    client.get("/sign-in?next=/alerts")
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    before = session.session_key
    client.cookies["watchbill"] = before
    try_to_sign_in("responder@example.org", PASSWORD, client=client)
    assert client.cookies["watchbill"].value != before
