"""Who may change whom and what is decided once: a screen and the API answer the same to the same person."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.harness.api import caller
from tests.harness.cast import Cast
from watchbill.domain.access.models import Role, SetupLink, User
from watchbill.domain.heartbeats.models import Heartbeat
from watchbill.domain.people.models import ContactMethod
from watchbill.domain.services.models import Service

Typed = dict[str, Any]


@dataclass
class Screens:
    """What a form sends. `force_login` is a sign-in a moment ago by the organization's provider."""

    user: User

    def __post_init__(self) -> None:
        self.user.set_unusable_password()
        self.user.save(update_fields=["password"])
        self._browser = Client()
        self._browser.force_login(self.user)

    def people(self, verb: str, whom: User, **typed: str) -> HttpResponse:
        address = {"add": "/people/new", "change": f"/people/{whom.pk}/edit", "setup-link": f"/people/{whom.pk}/invite"}
        facts = {"email": whom.email, "name": whom.name, "role": whom.role, "time_zone": "UTC"}
        return self._post(address.get(verb, f"/people/{whom.pk}/{verb}"), facts | typed)

    def add_contact(self, whom: User, **typed: str) -> HttpResponse:
        return self._post(f"/people/{whom.pk}/contacts", typed)

    def vouch(self, whom: User, contact: ContactMethod) -> HttpResponse:
        return self._post(f"/people/{whom.pk}/contacts/{contact.pk}/confirm", {})

    def add_heartbeat(self, service: Service) -> HttpResponse:
        typed = {"kind": "heartbeat", "name": "backup", "period": "1h"}
        return self._post(f"/services/{service.pk}/integrations", typed)

    def remove_heartbeat(self, service: Service, heartbeat: Heartbeat) -> HttpResponse:
        return self._post(f"/services/{service.pk}/integrations/{heartbeat.integration_id}/remove", {})

    def _post(self, path: str, typed: Typed) -> HttpResponse:
        return self._browser.post(path, typed)


@dataclass
class Api:
    user: User

    def people(self, verb: str, whom: User, **typed: str) -> HttpResponse:
        facts = {"email": whom.email, "name": whom.name, "role": whom.role, "time_zone": "UTC"} | typed
        if verb == "add":
            return self._ask("POST", "/people", facts)
        if verb == "change":
            return self._ask("PUT", f"/people/{whom.email}", facts)
        return self._ask("POST", f"/people/{whom.email}/{verb}")

    def add_contact(self, whom: User, **typed: str) -> HttpResponse:
        return self._ask("POST", f"/people/{whom.email}/contacts", typed)

    def vouch(self, whom: User, contact: ContactMethod) -> HttpResponse:
        return self._ask("POST", f"/people/{whom.email}/contacts/{contact.pk}/verify")

    def add_heartbeat(self, service: Service) -> HttpResponse:
        return self._ask("POST", f"/services/{service.name}/heartbeats", {"name": "backup", "period": "1h"})

    def remove_heartbeat(self, service: Service, heartbeat: Heartbeat) -> HttpResponse:
        return self._ask("DELETE", f"/services/{service.name}/integrations/{heartbeat.integration_id}")

    def _ask(self, method: str, path: str, body: Typed | None = None) -> HttpResponse:
        return caller(self.user).ask(method, path, body)


both_doors = pytest.mark.parametrize("door", [Screens, Api])


def why(refused: HttpResponse) -> str:
    """What the person is told, from the page or from the problem."""
    assert refused.status_code == 403, refused.content.decode()[:500]
    text = refused.content.decode()
    return str(json.loads(text)["detail"]) if refused["Content-Type"] == "application/problem+json" else text


def facts_of(person: User) -> tuple[Any, ...]:
    row = User.objects.values("email", "name", "role", "is_active").get(id=person.pk)
    return (*row.values(), SetupLink.objects.filter(user=person).count())


@both_doors
@pytest.mark.parametrize("verb", ["change", "disable", "enable", "setup-link"])
def test_an_owner_is_changed_by_owners_alone(cast: Cast, door: type[Screens | Api], verb: str) -> None:
    founder = cast.person("founder", role=Role.OWNER)
    if verb == "enable":
        User.objects.filter(id=founder.id).update(is_active=False)
    before = facts_of(founder)

    assert "change an owner" in why(door(cast.people["manager"]).people(verb, founder, name="Other"))
    assert "invite or disable people" in why(door(cast.people["primary"]).people(verb, founder, name="Other"))
    assert facts_of(founder) == before

    by_owner = door(cast.people["owner"]).people(verb, founder, name="Other")
    if door is Api and verb == "setup-link":
        assert "sign" in why(by_owner).lower()  # a token never becomes an owner's account
        assert facts_of(founder) == before
        return
    assert by_owner.status_code < 400
    assert facts_of(founder) != before


@both_doors
@pytest.mark.parametrize("verb", ["add", "change"])
def test_an_owner_is_made_by_owners_alone(cast: Cast, door: type[Screens | Api], verb: str) -> None:
    whom = cast.people["secondary"] if verb == "change" else User(email="new@example.org", name="New", role="owner")

    assert "make somebody owner" in why(door(cast.people["manager"]).people(verb, whom, role="owner"))
    assert User.objects.filter(role=Role.OWNER).count() == 1

    by_owner = door(cast.people["owner"]).people(verb, whom, role="owner")
    if door is Api:
        assert "sign" in why(by_owner).lower()  # nor does it make one
        assert User.objects.filter(role=Role.OWNER).count() == 1
        return
    assert by_owner.status_code < 400
    assert set(User.objects.filter(role=Role.OWNER)) == {cast.people["owner"], User.objects.get(email=whom.email)}


@both_doors
@pytest.mark.parametrize("verb", ["change", "disable", "enable", "setup-link"])
def test_an_admin_changes_everybody_else(cast: Cast, door: type[Screens | Api], verb: str) -> None:
    helper = cast.person("helper")
    if verb == "enable":
        User.objects.filter(id=helper.id).update(is_active=False)
    before = facts_of(helper)

    assert door(cast.people["manager"]).people(verb, helper, name="Other").status_code < 400
    assert facts_of(helper) != before


@both_doors
def test_an_admin_vouches_for_others_and_never_for_oneself(cast: Cast, door: type[Screens | Api]) -> None:
    """Otherwise who has an admin's session for a minute would lead the admin's pages to an address of their own."""
    manager, primary = cast.people["manager"], cast.people["primary"]
    admin = door(manager)
    address = f"{cast.hooks_url}/tablet"
    for whom in (manager, primary):
        assert admin.add_contact(whom, name="tablet", kind="webhook", address=address).status_code < 300
    theirs = ContactMethod.objects.get(user=primary, name="tablet")
    mine = ContactMethod.objects.get(user=manager, name="tablet")
    assert theirs.verified_at is not None
    assert mine.verified_at is None

    assert "Confirm yours by a code" in why(admin.vouch(manager, mine))
    ContactMethod.objects.filter(id=theirs.id).update(verified_at=None)
    assert admin.vouch(primary, theirs).status_code < 400
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert mine.verified_at is None
    assert theirs.verified_at is not None


@both_doors
def test_a_heartbeat_is_an_integration_of_its_service(cast: Cast, door: type[Screens | Api]) -> None:
    stranger = door(cast.person("stranger"))
    refused = why(stranger.add_heartbeat(cast.service))
    assert "change integrations and heartbeats" in refused
    assert "own teams only" in refused
    assert not Heartbeat.objects.exists()

    assert door(cast.people["primary"]).add_heartbeat(cast.service).status_code < 300
    heartbeat = Heartbeat.objects.get()
    assert "change integrations and heartbeats" in why(stranger.remove_heartbeat(cast.service, heartbeat))
    assert door(cast.people["primary"]).remove_heartbeat(cast.service, heartbeat).status_code < 400
    heartbeat.integration.refresh_from_db()
    assert heartbeat.integration.removed_at is not None
