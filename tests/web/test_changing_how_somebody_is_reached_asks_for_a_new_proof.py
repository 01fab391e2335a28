"""Contacts and tokens are changed after a fresh proof; a code is asked for on the page and entered there."""

from uuid import UUID

import pytest
from django.test import Client

from tests.harness.world import World
from tests.web.people_who_sign_in import PASSWORD
from watchbill.domain.access.models import ApiToken
from watchbill.domain.paging.models import ContactMessage
from watchbill.domain.people.models import ContactMethod
from watchbill.doors import limits


@pytest.fixture
def browser(world: World) -> Client:
    user = world.cast.people["primary"]
    user.set_password(PASSWORD)
    user.save()
    client = Client(REMOTE_ADDR="198.51.100.7")
    client.force_login(user)
    return client


def proves(browser: Client, answer: object) -> object:
    location = answer["Location"]  # type: ignore[index]  # the test client's answer
    assert location.startswith("/sign-in/again?next=")
    return browser.post(location, {"password": PASSWORD})


def adds(browser: Client, world: World) -> UUID:
    typed = {"name": "tablet", "kind": "webhook", "address": f"{world.http.url}/tablet"}
    answer = browser.post("/me/contacts", typed)
    assert not ContactMethod.objects.filter(name="tablet").exists()
    proves(browser, answer)
    return ContactMethod.objects.get(name="tablet").id


def code_that_came(world: World) -> str:
    world.clock.move_to(ContactMessage.objects.latest("asked_at").asked_at)
    world.settle()
    [message] = [one for one in world.received() if one.to == "tablet"]
    return message.reason.split()[1]


def test_a_contact_is_added_after_a_proof_and_confirmed_by_its_code(browser: Client, world: World) -> None:
    contact = adds(browser, world)
    code = code_that_came(world)
    page = browser.get("/me").content.decode()
    assert f"/me/contacts/{contact}/confirm" in page
    assert browser.get(f"/me/contacts/{contact}/confirm").status_code == 302
    assert browser.get(f"/me/contacts/{contact}/code").status_code == 302
    wrong = browser.post(f"/me/contacts/{contact}/confirm", {"code": "000000" if code != "000000" else "1"})
    assert wrong.status_code == 422
    assert browser.post(f"/me/contacts/{contact}/confirm", {"code": code}).status_code == 302
    assert ContactMethod.objects.get(id=contact).verified_at is not None
    assert browser.post(f"/me/contacts/{contact}/test").status_code == 429  # half a minute after the code
    hook = world.cast.contacts["primary", "hook"].id
    assert browser.post(f"/me/contacts/{hook}/test").status_code == 302
    world.clock.move_to(ContactMessage.objects.latest("asked_at").asked_at)
    world.settle()
    world.expects(("primary", "webhook"))
    assert "delivered" in browser.get("/me").content.decode()


def test_somebody_elses_contact_is_not_there(browser: Client, world: World) -> None:
    other = world.cast.contacts["secondary", "hook"].id
    for verb in ("code", "confirm", "test"):
        assert browser.post(f"/me/contacts/{other}/{verb}", {"code": "1"}).status_code == 404


def test_a_token_is_made_after_a_proof(browser: Client, world: World) -> None:
    answer = browser.post("/me/tokens/create", {"name": "probe", "scope": "read", "days": "30"})
    assert not ApiToken.objects.exists()
    shown = proves(browser, answer)
    assert "wb_" in shown.content.decode()  # type: ignore[attr-defined]  # as above
    assert ApiToken.objects.get().name == "probe"


def test_open_forms_are_limited_for_a_network_and_not_for_others(world: World) -> None:
    flood, other = Client(REMOTE_ADDR="198.51.100.9"), Client(REMOTE_ADDR="203.0.113.5")
    codes = [flood.post("/sign-out").status_code for _ in range(21)]
    assert codes[-1] == 429
    assert flood.get("/sign-in").status_code == 200
    assert other.post("/sign-in", {"login": "x@example.org", "password": "y"}).status_code == 200
    assert limits.OPEN_FORMS.take("203.0.113.5", at=0) == 0
