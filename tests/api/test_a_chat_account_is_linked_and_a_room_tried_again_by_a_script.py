"""Accounts in chat tools, and rooms that could not be made, through the REST API."""

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.harness.api import caller
from tests.harness.slack_world import SlackWorld
from watchbill.domain.warrooms.link_actions import make_code
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    """At the host's time, which is the door's."""
    with SlackWorld(at=SystemClock().now()) as made:
        yield made


def test_a_code_is_for_who_is_signed_in_and_the_account_is_listed_and_taken_back(world: SlackWorld) -> None:
    lead = world.cast.people["lead"]
    script, other = caller(lead), caller(world.cast.people["engineer"])
    assert "sign" in script.post("/me/chat-accounts/code", expect=403)["detail"]
    browser = Client()
    browser.force_login(lead)
    made = browser.post("/api/v1/me/chat-accounts/code", content_type="application/json")
    assert made.status_code == 201
    account = world.slack.has("Lead elsewhere", "lead@elsewhere.example")
    assert "From now on you are" in world.commands(account, f"link {made.json()['code']}")
    [line] = script.get("/me/chat-accounts")
    assert (line["host"], line["external_id"], line["name"]) == ("slack", account, "Lead elsewhere")
    other.delete(f"/me/chat-accounts/{line['id']}", expect=404)
    script.delete(f"/me/chat-accounts/{line['id']}")
    assert script.get("/me/chat-accounts") == []


def test_an_account_that_is_found_by_its_address_is_listed_and_stays_with_it(world: SlackWorld) -> None:
    script = caller(world.cast.people["lead"])
    world.commands("lead", "status")
    [line] = script.get("/me/chat-accounts")
    assert line["linked_at"] is None
    script.delete(f"/me/chat-accounts/{line['id']}", expect=404)


def test_a_code_of_one_person_does_not_tell_who_it_is_for(world: SlackWorld) -> None:
    lead = world.cast.people["lead"]
    code = make_code(lead.id, actor=world.person("lead"), now=world.now)
    assert lead.name not in world.commands("engineer", f"link {code[:-1]}")


def test_a_room_that_was_refused_says_why_and_is_tried_again(world: SlackWorld) -> None:
    world.slack.scopes.discard("pins:write")
    incident = world.declares("sev1")
    engineer, outsider = caller(world.cast.people["engineer"]), caller(world.cast.people["onlooker"])
    at = f"/incidents/{incident.number}"
    [room] = engineer.get(at)["chat"]
    assert (room["host"], room["state"]) == ("slack", "made")
    assert room["url"].startswith("https://acme.slack.com/archives/")
    assert "lacks the scope pins:write" in room["troubles"][0]
    outsider.post(f"{at}/chat/try-now", expect=403)
    world.slack.scopes.add("pins:write")
    engineer.post(f"{at}/chat/try-now")
    world.passes(minutes=1)
    assert engineer.get(at)["chat"][0]["troubles"] == []
    assert len(world.channel(incident).pins) == 1
    assert world.happened(incident).count("incident.chat_room_tried") == 1
    world.received()
    world.ends(incident)


def test_a_restricted_incident_shows_its_room_to_insiders_alone(world: SlackWorld) -> None:
    incident = world.declares("sev1", restricted=True)
    outsider = caller(world.cast.person("outsider"))
    outsider.get(f"/incidents/{incident.number}", expect=404)
    outsider.post(f"/incidents/{incident.number}/chat/try-now", expect=404)
    without = world.declares("sev3")
    caller(world.cast.people["engineer"]).post(f"/incidents/{without.number}/chat/try-now", expect=404)
    world.received()
    for one in (incident, without):
        world.ends(one)
