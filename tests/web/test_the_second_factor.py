"""Codes of an authenticator app and recovery codes: each once, sealed, asked for every time, behind a new proof."""

import time

import pytest
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client, RequestFactory

from tests.harness.setup_verbs import ADMIN
from tests.web.people_who_sign_in import PASSWORD, person
from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.people.account_actions import create_setup_link
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def wrong_code() -> str:
    return f"{(int(code()) + 1) % 1_000_000:06}"


def protected(email: str = "responder@example.org") -> User:
    user = person(email)
    with request_context(RequestFactory().get("/")):
        TOTP.activate(user, SECRET)
    return user


def first_step(user: User, *, source: str = "198.51.100.7") -> Client:
    client = Client(REMOTE_ADDR=source)
    answer = client.post("/sign-in", {"login": user.email, "password": PASSWORD})
    assert answer["Location"] == "/sign-in/code"
    return client


def is_in(client: Client) -> bool:
    return client.get("/me/security").status_code == 200


def test_the_password_alone_is_not_enough_and_a_code_works_once() -> None:
    user = protected()
    first, second = first_step(user), first_step(user)
    assert not is_in(first)
    used = code()
    assert first.post("/sign-in/code", {"code": used})["Location"] == "/"
    assert is_in(first)
    replayed = second.post("/sign-in/code", {"code": used})
    assert "wrong or was used" in replayed.content.decode()
    assert not is_in(second)


def test_wrong_codes_are_stopped_by_network_and_others_go_on() -> None:
    user = protected()
    attacker = first_step(user, source="203.0.113.66")
    for _ in range(5):
        attacker.post("/sign-in/code", {"code": wrong_code()})
    assert "Too many wrong tries" in attacker.post("/sign-in/code", {"code": code()}).content.decode()
    assert not is_in(attacker)
    mine = first_step(user)
    mine.post("/sign-in/code", {"code": code()})
    assert is_in(mine)


def test_a_recovery_code_works_once() -> None:
    user = protected()
    with request_context(RequestFactory().get("/")):
        spare = RecoveryCodes.activate(user).get_unused_codes()[0]
    first, second = first_step(user), first_step(user)
    first.post("/sign-in/code", {"code": spare})
    second.post("/sign-in/code", {"code": spare})
    assert is_in(first)
    assert not is_in(second)


def test_a_set_up_link_does_not_go_around_it() -> None:
    user = protected()
    link = create_setup_link(user.id, actor=ADMIN, now=SystemClock().now())
    client, new = Client(), "four green bicycles"
    assert client.post(f"/setup/{link.secret}", {"password": new, "again": new})["Location"] == "/sign-in/code"
    assert not is_in(client)
    client.post("/sign-in/code", {"code": code()})
    assert is_in(client)


def test_its_secret_is_sealed_in_the_database() -> None:
    protected()
    stored = str(Authenticator.objects.get().data)
    assert SECRET not in stored
    assert "v1:" in stored


def test_setting_it_up_takes_the_password_anew_and_is_recorded() -> None:
    user, client = person("responder@example.org"), Client()
    client.post("/sign-in", {"login": user.email, "password": PASSWORD})
    asked = client.get("/me/security/authenticator")
    assert (asked.status_code, asked["Location"][:14]) == (302, "/sign-in/again")
    assert "That is not your password" in client.post(asked["Location"], {"password": "wrong"}).content.decode()
    assert client.get("/me/security/authenticator").status_code == 302
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == "/me/security/authenticator"
    page = client.get("/me/security/authenticator")
    assert "img-src 'self' data:" in page["Content-Security-Policy"]
    secret = client.session["mfa.totp.secret"]
    assert secret in page.content.decode()
    done = client.post("/me/security/authenticator", {"code": code(secret)})
    assert done["Location"] == "/me/security/codes"
    assert client.get("/me/security/codes").status_code == 200
    recorded = Entry.objects.filter(subject_id=user.id).values_list("action", flat=True)
    assert {"authenticator_app.added", "recovery_codes.added"} <= set(recorded)


@pytest.mark.parametrize(
    "address",
    [
        "/me/security/authenticator", "/me/security/authenticator/remove", "/me/security/codes/new",
        "/me/security/passkeys/add",
    ],
)  # fmt: skip
def test_no_second_factor_is_changed_without_a_new_proof(address: str) -> None:
    user = protected() if address.endswith("remove") else person("responder@example.org")
    client = Client()
    client.force_login(user)
    answer = client.post(address)
    assert (answer.status_code, answer["Location"][:14]) == (302, "/sign-in/again")


def test_every_screen_of_it_can_be_shown() -> None:
    user, client = protected(), Client()
    client.post("/sign-in", {"login": user.email, "password": PASSWORD})
    assert client.get("/sign-in/code").status_code == 200
    client.post("/sign-in/code", {"code": code()})
    again = client.get("/me/security/passkeys/add")["Location"]
    assert client.get(again).status_code == 200
    assert client.get("/sign-in/again/code").status_code == 200
    client.post(again, {"password": PASSWORD})
    for page in ("", "/passkeys", "/passkeys/add", "/authenticator/remove", "/codes/new", "/sessions", "/password"):
        assert client.get(f"/me/security{page}").status_code == 200, page
    assert "publicKey" in Client().get("/sign-in/passkey", headers={"Accept": "application/json"}).content.decode()
