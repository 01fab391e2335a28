"""The API's way to confirm one's own contact and to try it out; and the command line's."""

import re

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
