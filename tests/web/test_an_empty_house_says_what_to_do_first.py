"""Whoever may make the first schedule finds the button where it is missed; whoever may not is not sent to a refusal."""

import pytest
from django.test import Client

from tests.web.people_who_sign_in import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("role", "is_offered"), [("admin", True), ("stakeholder", False)])
def test_the_first_screen_offers_to_make_a_schedule(role: str, is_offered: bool) -> None:
    client = Client()
    client.force_login(person(f"{role}@example.org", role=role))

    shown = client.get("/").content.decode()

    assert "No schedule yet" in shown
    assert ('href="/schedules/new"' in shown) is is_offered
