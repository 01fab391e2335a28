"""An address that somebody vouched for is used, but shown as never tried until a message went there."""

from django.test import Client

from tests.harness.world import World
from watchbill.composition import contact_kinds
from watchbill.config import config
from watchbill.doctor import people as doctor
from watchbill.doctor.finding import Patient
from watchbill.domain.paging.contact_messages import send_test

UNTRIED = "trusted, never tried"


def seen_by(world: World, viewer: str) -> str:
    browser = Client()
    browser.force_login(world.cast.people[viewer])
    return browser.get(f"/people/{world.cast.people['primary'].id}").content.decode()


def doctor_says(world: World) -> str:
    patient = Patient(now=world.now, settings=config(), ways=world.ways(), kinds=contact_kinds())
    return " ".join(finding.what for finding in doctor.untried_contacts(patient))


def test_a_test_page_by_an_admin_proves_it(world: World) -> None:
    assert UNTRIED in seen_by(world, "manager")
    assert "hook of primary@example.org" in doctor_says(world)
    send_test(world.cast.contacts["primary", "hook"].id, actor=world.person("manager"), now=world.now)
    world.settle()
    world.http.clear()
    shown = seen_by(world, "manager")
    assert UNTRIED not in shown
    assert "works" in shown
    assert "hook of primary@example.org" not in doctor_says(world)


def test_the_button_is_for_admins_and_for_the_person(world: World) -> None:
    contact = world.cast.contacts["primary", "hook"].id
    address = f"/people/{world.cast.people['primary'].id}/contacts/{contact}/test"
    assert address in seen_by(world, "manager")
    browser = Client()
    browser.force_login(world.cast.people["secondary"])
    assert browser.post(address).status_code == 403
    browser.force_login(world.cast.people["manager"])
    assert browser.post(address).status_code == 302


def test_a_real_page_proves_it_too(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    assert UNTRIED not in seen_by(world, "manager")
    world.resolves("primary", alert)
