"""The API's way to confirm one's own contact and to try it out; and the command line's."""

import re

from django.test import Client
from typer.testing import CliRunner

from tests.harness.api import caller
from tests.harness.world import World
from watchbill.cli.main import root
from watchbill.domain.paging.models import ContactMessage
from watchbill.domain.people.models import ContactMethod
from watchbill.ground.clock import SystemClock


def code_that_came(world: World) -> str:
    world.clock.move_to(SystemClock().now())
    world.settle()
    [message] = [one for one in world.received() if one.to == "tablet"]
    return re.findall(r"\d{6}", message.reason)[0]


def test_an_admin_vouches_for_others_and_enters_a_code_for_a_contact_of_their_own(world: World) -> None:
    manager = caller(world.cast.people["manager"])
    contact = {"name": "tablet", "kind": "webhook", "address": f"{world.http.url}/tablet"}
    theirs = manager.post("/people/primary@example.org/contacts", contact, expect=201)
    assert theirs["needs_code"] is False
    mine = manager.post("/people/manager@example.org/contacts", contact, expect=201)
    assert mine["needs_code"] is True
    base = f"/people/manager@example.org/contacts/{mine['id']}"
    code = code_that_came(world)
    last = manager.get(f"{base}/last-message")
    assert (last["kind"], last["state"], last["awaits_code"]) == ("code", "sent", True)
    assert code not in str(last)
    secondary = caller(world.cast.people["secondary"])
    secondary.post(f"{base}/confirm", {"code": code}, expect=403)
    elsewhere = f"/people/primary@example.org/contacts/{theirs['id']}"
    assert "no code was sent" in manager.post(f"{elsewhere}/confirm", {"code": code}, expect=422)["detail"]
    manager.post(f"{base}/confirm", {"code": code}, expect=204)
    assert ContactMethod.objects.get(id=mine["id"]).verified_at is not None
    answer = manager.ask("POST", f"{base}/test")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 31
    manager.post(f"{elsewhere}/test", expect=202)
    world.clock.move_to(SystemClock().now())
    world.settle()
    world.expects(("tablet", "webhook"))


def test_the_command_line_can_do_it_as_well(world: World) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(root(), ["contact", *arguments])
        assert done.exit_code == 0, f"{done.output} {done.exception}"
        return done.output

    assert "A code is on its way" in run("add", "primary@example.org", "tablet", "ntfy", "tablet-topic")
    assert "not confirmed" in run("list", "primary@example.org")
    assert ContactMessage.objects.filter(kind="code").count() == 1
    ContactMessage.objects.all().delete()
    run("send-code", "primary@example.org", "tablet")
    assert "queued" in run("list", "primary@example.org")
    assert CliRunner().invoke(root(), ["contact", "confirm", "primary@example.org", "tablet", "123456"]).exit_code != 0
    run("test", "primary@example.org", "hook")
    run("remove", "primary@example.org", "tablet")
    assert "tablet" not in run("list", "primary@example.org")
    ContactMessage.objects.all().delete()


def flooded(world: World) -> str:
    """An address for which so many codes were asked that the next one has to wait."""
    for number in range(6):
        somebody = world.cast.person(f"extra-{number}", contacts=False)
        contact = {"name": "phone", "kind": "webhook", "address": f"{world.http.url}/shared"}
        made = caller(somebody).post(f"/people/{somebody.email}/contacts", contact, expect=201)
        assert (made["needs_code"], made["code_refused"], made["code_wait"]) == (True, "", None)
    assert ContactMessage.objects.filter(kind="code").count() == 6
    return contact["address"]


def test_no_door_promises_a_code_that_was_not_sent(world: World) -> None:
    address = flooded(world)
    primary = world.cast.people["primary"]
    primary.set_unusable_password()
    primary.save(update_fields=["password"])
    contact = {"kind": "webhook", "address": address}

    made = caller(primary).post(f"/people/{primary.email}/contacts", contact | {"name": "one"}, expect=201)
    assert made["needs_code"] is True
    assert "too many codes and test pages for this address; try again in" in made["code_refused"]
    assert made["code_wait"].startswith("59m") or made["code_wait"] == "1h"

    hook = world.cast.contacts["primary", "hook"]
    changed = caller(primary).put(f"/people/{primary.email}/contacts/{hook.id}", contact | {"name": "hook"})
    assert "for this address" in changed["code_refused"]
    renamed = caller(primary).put(f"/people/{primary.email}/contacts/{hook.id}", contact | {"name": "wire"})
    assert renamed == {"needs_code": False, "code_refused": "", "code_wait": None}

    browser = Client()
    browser.force_login(primary)
    shown = browser.post("/me/contacts", contact | {"name": "two"}, follow=True).content.decode()
    assert "none was sent: there were too many codes" in shown
    assert "on its way" not in shown

    said = CliRunner().invoke(root(), ["contact", "add", primary.email, "three", "webhook", address])
    assert said.exit_code == 0
    assert "none was sent: there were too many codes" in said.output
    assert "on its way" not in said.output

    assert ContactMessage.objects.filter(kind="code").count() == 6
    ContactMessage.objects.all().delete()


def test_what_this_instance_cannot_send_by_is_said_instead_of_a_code(world: World) -> None:
    primary = world.cast.people["primary"]
    contact = {"name": "other", "kind": "email", "address": "other@example.org"}
    made = caller(primary).post(f"/people/{primary.email}/contacts", contact, expect=201)
    assert made["needs_code"] is True
    assert "cannot send by email" in made["code_refused"]
    assert not ContactMessage.objects.filter(kind="code").exists()
    ContactMessage.objects.all().delete()
