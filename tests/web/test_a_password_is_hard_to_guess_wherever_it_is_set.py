"""Set-up link, first owner, change, first one beside a provider: the same rules at each, and no way around them."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
import typer
from django.contrib.auth.hashers import get_hashers
from django.test import Client

from tests.harness.setup_verbs import ADMIN
from tests.web.people_who_sign_in import PASSWORD, person
from watchbill.cli.main import root
from watchbill.domain.access.models import Role, User
from watchbill.domain.people.account_actions import create_first_setup_link, create_setup_link
from watchbill.domain.people.models import Organization
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db

EMAIL, NAME = "grace.hopper@example.org", "Grace Hopper"


def by_setup_link(password: str) -> Any:
    """Also how a forgotten password is replaced: an admin makes the link, or the command line."""
    user = someone(PASSWORD)
    link = create_setup_link(user.id, actor=ADMIN, now=SystemClock().now())
    return Client().post(f"/setup/{link.secret}", {"password": password, "again": password})


def as_first_owner(password: str) -> Any:
    link = create_first_setup_link(actor=ADMIN, now=SystemClock().now())
    assert link is not None
    owner = {"name": NAME, "email": EMAIL, "time_zone": "UTC", "password": password, "again": password}
    return Client().post(f"/setup/{link.secret}", owner)


def by_changing_it(password: str) -> Any:
    someone(PASSWORD)
    client = Client()
    client.post("/sign-in", {"login": EMAIL, "password": PASSWORD})
    typed = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    return client.post("/me/security/password", typed)


def beside_a_provider(password: str) -> Any:
    """Somebody who came by the organization's provider sets a first password."""
    client = Client()
    client.force_login(someone(None))
    return client.post("/me/security/password/first", {"password1": password, "password2": password})


WAYS = (by_setup_link, as_first_owner, by_changing_it, beside_a_provider)
Way = Callable[[str], Any]


def someone(password: str | None) -> User:
    user = person(EMAIL, role=Role.ADMIN, password=password)
    User.objects.filter(id=user.id).update(name=NAME)
    user.refresh_from_db()
    return user


@pytest.fixture(autouse=True)
def _organization() -> None:
    Organization.objects.update_or_create(id=1, defaults={"name": "Acme Rockets"})


EASY = [
    ("eleven char", "at least 12 characters"),
    ("password1234", "too common"),
    ("W4tchb1ll-2026!", "watchbill"),
    ("Hopper-1906-1992", "Hopper"),
    # Everywhere the same four; the others at one place, for the time they take.
    ("short", "at least 12 characters"),
    ("qwertyuiop123", "too common"),
    ("123456789012345", "entirely numeric"),
    ("acme-rockets-99", "Acme Rockets"),
    ("Rockets Rockets 1", "Rockets"),
    ("gracehopper12", "too similar"),
    ("grace.hopper@example.org", "too similar"),
    ("example.org-2026", "example"),
    ("x" * 201, "at most 200"),
]
GOOD = [
    "  acme rockets watchbill and forty green bicycles ",  # such words do no harm among enough others
    "七つの静かな灯台と緑の自転車",
    "ü" * 100 + "x" * 100,
    "seven loud lighthouses",
    "ein Löwe, zwei Äpfel, drei Öfen",
    "пять тихих маяков",
    "🦉🦉🦊🦊🦋🦋🐢🐢🐙🐙🦔🦔",
    "sixty-four signs or more are as welcome as any other number of them: " + "abcdefghij" * 5,
]


@pytest.mark.parametrize(
    ("way", "password", "reason"),
    [(way, *easy) for way in WAYS for easy in EASY[:4]] + [(by_setup_link, *easy) for easy in EASY[4:]],
)
def test_one_that_is_guessed_early_is_refused_with_the_reason(way: Way, password: str, reason: str) -> None:
    answer = way(password)
    assert answer.status_code == 200
    assert reason in answer.content.decode()
    assert not any(user.check_password(password) for user in User.objects.all())


@pytest.mark.parametrize(
    ("way", "password"),
    [(way, good) for way in WAYS for good in GOOD[:3]] + [(by_setup_link, good) for good in GOOD[3:]],
)
def test_a_good_one_is_taken_however_long_and_in_whatever_script(way: Way, password: str) -> None:
    assert way(password).status_code == 302
    user = User.objects.get(email=EMAIL)
    assert user.check_password(password)
    signed_in = Client().post("/sign-in", {"login": EMAIL, "password": password})
    assert (signed_in.status_code, signed_in["Location"]) == (302, "/")


@pytest.mark.parametrize("way", WAYS)
def test_it_is_kept_as_argon2id_with_figures_that_cost_an_attacker_time(way: Way) -> None:
    way("seven loud lighthouses")
    kept = User.objects.get(email=EMAIL).password
    found = re.fullmatch(r"argon2\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)", kept)
    assert found is not None, kept
    memory, rounds, lanes, salt, digest = found.groups()
    assert (int(memory), int(rounds), int(lanes)) == (102_400, 2, 8)
    assert len(salt) * 6 // 8 >= 16
    assert len(digest) * 6 // 8 >= 32
    assert [type(hasher).__name__ for hasher in get_hashers()] == ["Argon2id"]


def test_a_keyboard_that_composes_letters_differently_signs_in_as_well() -> None:
    composed = unicodedata.normalize("NFC", "drei Öfen und zwei Äpfel")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    by_setup_link(decomposed)
    assert Client().post("/sign-in", {"login": EMAIL, "password": composed}).status_code == 302


def test_no_command_takes_a_password() -> None:
    """Arguments are read by everybody on the host, and history keeps them: commands give a link."""
    taken = {
        parameter.name
        for command in _commands(typer.main.get_command(root()))
        for parameter in command.params
        if "password" in " ".join((parameter.name or "", *parameter.opts)).lower()
    }
    assert taken == set()


def _commands(command: Any) -> list[Any]:
    return [command, *(found for one in getattr(command, "commands", {}).values() for found in _commands(one))]
