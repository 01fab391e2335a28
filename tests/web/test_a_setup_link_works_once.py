"""The link that makes the owner, or lets somebody set a password: by POST, once, within a day."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.harness.setup_verbs import ADMIN
from tests.web.people_who_sign_in import PASSWORD, person
from watchbill.domain.access.models import Role, SetupLink, User
from watchbill.domain.people.account_actions import create_first_setup_link, create_setup_link
from watchbill.domain.people.actions import disable_person
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db
NEW = "four green bicycles"
OWNER = {"name": "The Owner", "email": "Owner@example.org", "time_zone": "Europe/Berlin", "password": NEW, "again": NEW}


def now():
    return SystemClock().now()


def first_link() -> str:
    link = create_first_setup_link(actor=ADMIN, now=now())
    assert link is not None
    return f"/setup/{link.secret}"


def test_the_first_link_makes_the_owner_and_signs_in() -> None:
    client, link = Client(), first_link()
    assert client.post(link, OWNER)["Location"] == "/"
    owner = User.objects.get()
    assert (owner.email, owner.role, owner.time_zone) == ("owner@example.org", Role.OWNER, "Europe/Berlin")
    assert client.get("/").status_code == 200


def test_it_works_once() -> None:
    link = first_link()
    Client().post(link, OWNER)
    again = Client().post(link, {**OWNER, "email": "thief@example.org"})
    assert again.status_code == 410
    assert User.objects.count() == 1
    assert Client().get(link).status_code == 410


def test_reading_it_changes_nothing_however_often() -> None:
    link = first_link()
    before = SetupLink.objects.values().get()
    for _ in range(3):
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code == 200
    assert SetupLink.objects.values().get() == before
    assert Client().post(link, OWNER).status_code == 302


def test_it_needs_the_form_token() -> None:
    assert Client(enforce_csrf_checks=True).post(first_link(), OWNER).status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"password": "password1234", "again": "password1234"}, "too common"),
        ({"password": "owner@example.org", "again": "owner@example.org"}, "too similar"),
        ({"again": "four green bicycle"}, "not the same"),
        ({"email": "no address"}, "is no e-mail address"),
        ({"time_zone": "Mars/Olympus"}, "is no time zone"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_the_link_stays_usable(change: dict[str, str], said: str) -> None:
    link = first_link()
    refused = Client().post(link, {**OWNER, **change})
    assert refused.status_code == 200
    assert said in refused.content.decode()
    assert not User.objects.exists()
    assert Client().post(link, OWNER).status_code == 302


def test_there_is_no_first_link_once_an_owner_can_sign_in() -> None:
    person("owner@example.org", role=Role.OWNER)
    assert create_first_setup_link(actor=ADMIN, now=now()) is None


def test_an_owner_of_the_organization_file_gets_the_first_link() -> None:
    person("owner@example.org", role=Role.OWNER, password=None)
    assert Client().post(first_link(), {"password": NEW, "again": NEW})["Location"] == "/"
    assert User.objects.get().check_password(NEW)


def test_a_new_password_ends_the_sessions_of_before() -> None:
    user, before = person("responder@example.org"), Client()
    before.post("/sign-in", {"login": user.email, "password": PASSWORD})
    link = create_setup_link(user.id, actor=ADMIN, now=now())
    Client().post(f"/setup/{link.secret}", {"password": NEW, "again": NEW})
    assert before.get("/").status_code == 302


def test_a_link_is_over_after_a_day_when_replaced_and_when_its_person_is_disabled() -> None:
    user = person("responder@example.org")
    expired = create_setup_link(user.id, actor=ADMIN, now=now() - timedelta(hours=24))
    assert Client().get(f"/setup/{expired.secret}").status_code == 410
    replaced = create_setup_link(user.id, actor=ADMIN, now=now())
    lasting = create_setup_link(user.id, actor=ADMIN, now=now())
    assert Client().get(f"/setup/{replaced.secret}").status_code == 410
    assert Client().get(f"/setup/{lasting.secret}").status_code == 200
    disable_person(user.id, uses=[], actor=ADMIN, now=now())
    assert Client().get(f"/setup/{lasting.secret}").status_code == 410
    assert Client().get("/setup/guessed").status_code == 410


def test_the_database_does_not_hold_the_link() -> None:
    link = first_link()
    assert link.removeprefix("/setup/") not in str(SetupLink.objects.values().get())
