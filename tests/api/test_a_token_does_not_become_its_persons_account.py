"""Whoever finds a token must not be able to sign in with what it makes, or to make its person mightier."""

from typing import Any

import pytest
from django.test import Client

from tests.harness.api import caller
from tests.harness.cast import Cast
from watchbill.domain.access.models import SetupLink, User


def _body(user: User, **more: Any) -> dict[str, Any]:
    return {"email": user.email, "name": user.name, "role": user.role, "time_zone": user.time_zone, **more}


@pytest.mark.parametrize(
    ("who", "whose"),
    [("manager", "manager"), ("manager", "other"), ("owner", "other"), ("owner", "owner"), ("owner", "second")],
)
def test_a_setup_link_for_oneself_an_admin_or_an_owner_takes_a_sign_in(cast: Cast, who: str, whose: str) -> None:
    cast.person("other", role="admin", contacts=False)
    cast.person("second", role="owner", contacts=False)
    refusal = caller(cast.people[who]).post(f"/people/{whose}@example.org/setup-link", expect=403)
    assert "With a token you may not" in refusal["detail"]
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


def test_a_token_makes_no_admin_and_changes_by_what_none_signs_in(cast: Cast) -> None:
    """Otherwise it would let somebody in as a responder, and make an admin of the account that it then has."""
    other, primary = cast.person("other", role="admin", contacts=False), cast.people["primary"]
    for who in ("manager", "owner"):
        token = caller(cast.people[who])
        token.put("/people/other@example.org", _body(other, email="thief@example.org"), expect=403)
        token.put("/people/primary@example.org", _body(primary, role="admin"), expect=403)
        token.post("/people", _body(primary, email="new@example.org", role="admin"), expect=403)
    assert set(User.objects.filter(role="admin").values_list("email", flat=True)) == {
        "manager@example.org", "other@example.org",
    }  # fmt: skip


@pytest.mark.parametrize("by", ["a token", "a browser"])
def test_how_an_owner_is_reached_only_an_owner_changes(cast: Cast, by: str) -> None:
    owner, hook = cast.people["owner"], cast.contacts["owner", "hook"]
    contact = {"name": "hook", "kind": "webhook", "address": "https://thief.example.org/hook"}
    path = f"/people/{owner.email}/contacts"
    asks = [
        ("POST", path, contact | {"name": "new"}),
        ("PUT", f"{path}/{hook.id}", contact),
        ("DELETE", f"{path}/{hook.id}", None),
        ("POST", f"{path}/{hook.id}/verify", None),
        ("PUT", f"/people/{owner.email}/rules/high", {"rules": []}),
    ]
    before = set(owner.contacts.values_list("id", "address", "verified_at", "removed_at"))
    if by == "a token":
        for method, address, body in asks:
            answer = caller(cast.people["manager"]).ask(method, address, body)
            assert answer.status_code == 403, (method, address, answer.content)
            assert b"make somebody owner or change an owner" in answer.content
    else:
        manager = cast.people["manager"]
        manager.set_unusable_password()  # signs in by the organization's provider: nothing is asked for again
        manager.save(update_fields=["password"])
        browser = Client()
        browser.force_login(manager)
        base = f"/people/{owner.id}/contacts"
        for address in (
            base,
            f"{base}/{hook.id}/confirm",
            f"{base}/{hook.id}/remove",
            f"/people/{owner.id}/rules/high",
        ):
            assert browser.post(address, contact).status_code == 403, address
        shown = browser.get(f"/people/{owner.id}").content.decode()
        assert "only an owner changes" in shown
        assert f'action="{base}' not in shown
    assert set(owner.contacts.values_list("id", "address", "verified_at", "removed_at")) == before
    second = cast.person("second", role="owner", contacts=False)
    caller(second).put(f"{path}/{hook.id}", contact)


def test_somebody_signed_in_may(cast: Cast) -> None:
    browser = Client()
    browser.force_login(cast.people["owner"])
    answer = browser.post("/api/v1/people/owner@example.org/setup-link", content_type="application/json")
    assert answer.status_code == 201
