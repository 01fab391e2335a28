"""Whoever finds a token must not be able to sign in with what it makes, or to make its person mightier."""

from typing import Any

import pytest
from django.test import Client

from tests.harness.api import caller
from tests.harness.cast import Cast
from watchbill.domain.access.models import SetupLink, User


def _body(user: User, **more: Any) -> dict[str, Any]:
    return {"email": user.email, "name": user.name, "role": user.role, "time_zone": user.time_zone, **more}


@pytest.mark.parametrize(("who", "whose"), [("manager", "manager"), ("owner", "owner"), ("owner", "second")])
def test_a_setup_link_for_oneself_or_for_an_owner_takes_a_sign_in(cast: Cast, who: str, whose: str) -> None:
    cast.person("second", role="owner", contacts=False)
    refusal = caller(cast.people[who]).post(f"/people/{whose}@example.org/setup-link", expect=403)
    assert "With a token you may not change" in refusal["detail"]
    assert "Sign in with a browser and do it there." in refusal["detail"]
    assert not SetupLink.objects.exists()


def test_an_admins_token_still_lets_other_people_in(cast: Cast) -> None:
    made = caller(cast.people["manager"]).post("/people/primary@example.org/setup-link", expect=201)
    assert "/setup/wbs_" in made["address"]


@pytest.mark.parametrize("change", [{"role": "responder"}, {"email": "thief@example.org"}])
def test_a_token_does_not_change_by_what_or_as_what_its_person_signs_in(cast: Cast, change: dict[str, str]) -> None:
    manager, path = cast.people["manager"], "/people/manager@example.org"
    caller(manager).put(path, _body(manager, **change), expect=403)
    manager.refresh_from_db()
    assert (manager.role, manager.email) == ("admin", "manager@example.org")
    assert caller(manager).put(path, _body(manager, name="New Name"))["name"] == "New Name"


def test_an_owners_token_makes_no_owner_and_changes_none(cast: Cast) -> None:
    second, primary = cast.person("second", role="owner", contacts=False), cast.people["primary"]
    token = caller(cast.people["owner"])
    token.put("/people/second@example.org", _body(second, email="thief@example.org"), expect=403)
    token.put("/people/second@example.org", _body(second, role="responder"), expect=403)
    token.put("/people/primary@example.org", _body(primary, role="owner"), expect=403)
    token.post("/people", _body(primary, email="new@example.org", role="owner"), expect=403)
    assert set(User.objects.filter(role="owner").values_list("email", flat=True)) == {
        "owner@example.org", "second@example.org",
    }  # fmt: skip


def test_somebody_signed_in_may(cast: Cast) -> None:
    browser = Client()
    browser.force_login(cast.people["owner"])
    answer = browser.post("/api/v1/people/owner@example.org/setup-link", content_type="application/json")
    assert answer.status_code == 201
