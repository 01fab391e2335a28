"""Unknown, wrong, disabled, invited: the same answer after the same work, so that neither words nor time tell.

The work is one argon2 computation, beside which nothing else counts. `make bench` measures the time.
"""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.web import counted_argon2
from tests.web.people_who_sign_in import PASSWORD, person
from watchbill.domain.access.models import SignInFailure, User
from watchbill.domain.audit.models import Entry

pytestmark = pytest.mark.django_db

TRIES = {
    "nobody has the address": ("nobody@example.org", PASSWORD),
    "the password is wrong": ("responder@example.org", "wrong password of it"),
    "disabled, and the password is right": ("former@example.org", PASSWORD),
    "disabled, and the password is wrong": ("former@example.org", "wrong password of it"),
    "invited, and has no password yet": ("invited@example.org", PASSWORD),
    "signs in by the provider alone": ("provider@example.org", "!"),
}


@pytest.fixture
def work(settings: Settings) -> list[str]:
    """What argon2 was asked to do; emptied by whoever looks."""
    settings.PASSWORD_HASHERS = ["tests.web.counted_argon2.CountedArgon2"]
    person("responder@example.org")
    person("former@example.org", disabled=True)
    person("invited@example.org", password=None)
    person("provider@example.org", password=None)
    counted_argon2.computed.clear()
    return counted_argon2.computed


def seen_of(answer: Any) -> tuple[Any, ...]:
    """All that a stranger sees, without what differs by itself: the time, the form's own token, what was typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())
    text = re.sub(r'name="login" value="[^"]*"', "", text)
    headers = {name: value for name, value in answer.headers.items() if name not in ("Content-Length", "Expires")}
    cookies = {name: morsel["max-age"] for name, morsel in answer.cookies.items()}
    return answer.status_code, re.sub(r'data-now="\d+"', "", text), sorted(headers.items()), sorted(cookies.items())


def try_to_sign_in(email: str, password: str, *, number: int = 0) -> Any:
    """Each from a network of its own: how often one may try is another story."""
    address = f"198.51.{number}.7"
    return Client().post("/sign-in", {"login": email, "password": password}, REMOTE_ADDR=address)


def test_whatever_is_wrong_the_answer_is_the_same_to_the_letter(work: list[str]) -> None:
    answers = {why: seen_of(try_to_sign_in(*tried, number=n)) for n, (why, tried) in enumerate(TRIES.items())}
    stranger = answers["nobody has the address"]
    for why, answer in answers.items():
        assert answer == stranger, why
    assert answers["nobody has the address"][0] == 200


def test_whatever_is_wrong_argon2_works_once(work: list[str]) -> None:
    times = {}
    for number, (why, tried) in enumerate(TRIES.items()):
        work.clear()
        try_to_sign_in(*tried, number=number)
        times[why] = len(work)
    assert times == dict.fromkeys(TRIES, 1)


def test_the_right_password_costs_as_much_as_a_wrong_one(work: list[str]) -> None:
    assert try_to_sign_in("responder@example.org", PASSWORD).status_code == 302
    assert work == ["verify"]


def test_the_record_and_the_throttle_treat_all_of_them_alike(work: list[str]) -> None:
    for number, tried in enumerate(TRIES.values()):
        try_to_sign_in(*tried, number=number)
    assert SignInFailure.objects.count() == len(TRIES)
    assert Entry.objects.filter(action="session.refused").count() == len(TRIES)
    assert User.objects.exclude(last_login=None).count() == 0


def test_who_is_stopped_is_not_compared_with_anything(work: list[str]) -> None:
    for email in ("responder@example.org", "nobody@example.org"):
        for _ in range(5):
            try_to_sign_in(email, "a guess that fails")
        work.clear()
        assert "Too many wrong tries" in try_to_sign_in(email, PASSWORD).content.decode()
        assert work == []
