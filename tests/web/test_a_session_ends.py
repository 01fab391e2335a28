"""A session ends when its person is disabled, when it is old, when it was idle, and when its person says so."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tests.harness.setup_verbs import ADMIN
from tests.web.people_who_sign_in import PASSWORD, person
from watchbill.domain.access.models import User
from watchbill.domain.access.reads import sessions
from watchbill.domain.people.actions import disable_person, enable_person
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db


def signed_in(user: User, agent: str = "Firefox") -> Client:
    client = Client(HTTP_USER_AGENT=agent)
    assert client.post("/sign-in", {"login": user.email, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_disabling_somebody_ends_every_session_at_once_and_for_good() -> None:
    user = person("responder@example.org")
    first, second = signed_in(user), signed_in(user)
    disable_person(user.id, uses=[], actor=ADMIN, now=SystemClock().now())
    assert not is_in(first)
    assert not is_in(second)
    assert not Session.objects.exists() or not sessions(user.id)
    enable_person(user.id, actor=ADMIN, now=SystemClock().now())
    assert not is_in(first)


def test_the_session_of_somebody_disabled_by_any_way_is_not_read() -> None:
    user = person("responder@example.org")
    client = signed_in(user)
    User.objects.filter(id=user.id).update(is_active=False)
    assert not is_in(client)


def test_a_session_ends_thirty_days_after_signing_in_however_busy_it_was() -> None:
    client = signed_in(person("responder@example.org"))
    session = client.session
    session["started_at"] = (SystemClock().now() - timedelta(days=30)).timestamp()
    session.save()
    assert not is_in(client)


def test_an_idle_session_ends_after_seven_days_and_use_renews_it() -> None:
    client = signed_in(person("responder@example.org"))
    stored = Session.objects.get(session_key=client.session.session_key)
    week = timedelta(days=7)
    assert abs(stored.expire_date - SystemClock().now() - week) < timedelta(minutes=1)
    session = client.session
    session["seen_at"] = (SystemClock().now() - timedelta(hours=2)).timestamp()
    session.set_expiry(session.get_expiry_age())
    session.save()
    Session.objects.filter(session_key=session.session_key).update(
        expire_date=SystemClock().now() + timedelta(minutes=5)
    )
    assert is_in(client)
    renewed = Session.objects.get(session_key=client.session.session_key)
    assert renewed.expire_date - SystemClock().now() > week - timedelta(minutes=1)
    Session.objects.filter(session_key=session.session_key).update(expire_date=SystemClock().now())
    assert not is_in(client)


def test_a_person_sees_where_they_are_signed_in_and_ends_the_others() -> None:
    user = person("responder@example.org")
    here, elsewhere = signed_in(user), signed_in(user, agent="<script>alert(1)</script>")
    page = here.get("/me/security/sessions").content.decode()
    assert "Firefox" in page
    assert "&lt;script&gt;" in page
    here.post("/me/security/sessions")
    assert is_in(here)
    assert not is_in(elsewhere)


def test_changing_the_password_ends_the_others_and_keeps_this_one() -> None:
    user = person("responder@example.org")
    here, elsewhere = signed_in(user), signed_in(user)
    new = "four green bicycles"
    answer = here.post("/me/security/password", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer.status_code == 302
    assert is_in(here)
    assert not is_in(elsewhere)
    assert User.objects.get().check_password(new)
