"""A request that came in before its person was demoted changes only what it names: the role stays as it is now."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.harness.api import caller
from tests.harness.races import in_another_thread, wait_until_somebody_waits_for_a_lock
from tests.harness.setup_verbs import ADMIN
from tests.harness.world import World
from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.people.actions import change_person
from watchbill.domain.people.rules import PersonDraft


@pytest.fixture
def admin(world: World) -> User:
    return world.cast.person("demoted", role="admin", contacts=False)


def demoted_while(world: World, admin: User, ask: Any) -> User:
    """The demotion is not committed when the request comes in, and is when it wants the row."""
    with transaction.atomic():
        draft = PersonDraft(email="new-address@example.org", name=admin.name, role="responder", time_zone="UTC")
        change_person(admin.id, draft, actor=ADMIN, now=world.now)
        other = in_another_thread(ask)
        wait_until_somebody_waits_for_a_lock()
    other.join(20)
    return User.objects.get(id=admin.id)


def test_by_a_token(world: World, admin: User) -> None:
    asks = caller(admin)
    answers: list[Any] = []
    now = demoted_while(world, admin, lambda: answers.append(asks.patch("/me", {"name": "Just a name"})))
    assert (now.role, now.email, now.name, now.time_zone) == (
        "responder",
        "new-address@example.org",
        "Just a name",
        "UTC",
    )
    assert answers[0]["role"] == "responder"
    told = Entry.objects.filter(action="person.changed", subject_id=admin.id).latest("id")
    assert told.details["after"] == {"name": "Just a name"}


def test_at_the_screen(world: World, admin: User) -> None:
    browser = Client()
    browser.force_login(admin)
    typed = {"full_name": "Just a name", "time_zone": "Europe/Rome"}
    now = demoted_while(world, admin, lambda: browser.post("/me/profile", typed))
    assert (now.role, now.email, now.name, now.time_zone) == (
        "responder",
        "new-address@example.org",
        "Just a name",
        "Europe/Rome",
    )
