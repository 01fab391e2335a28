"""The whole way of an incident through the REST API, as a chat bot or a script goes it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.harness.api import ApiCaller, caller
from tests.harness.incident_world import IncidentWorld
from watchbill.ground.clock import SystemClock

# The API's time is the host's: the world stands there too.
pytestmark = pytest.mark.parametrize("incident_world", ["real"], indirect=True)


@pytest.fixture
def engineer(incident_world: IncidentWorld) -> ApiCaller:
    return caller(incident_world.cast.people["engineer"])


def catches_up(world: IncidentWorld) -> None:
    world.clock.move_to(SystemClock().now())
    world.settle()


def declared(by: ApiCaller, **more: Any) -> dict[str, Any]:
    wanted = {"title": "Checkout is down", "severity": "SEV2", "service": "checkout", **more}
    return by.post("/incidents", wanted, expect=201)


def test_from_declaration_to_closed(incident_world: IncidentWorld, engineer: ApiCaller) -> None:
    world = incident_world
    alert = world.fires("errors")
    world.received()
    made = declared(engineer, alerts=[str(alert.number)], summary="5xx everywhere")
    catches_up(world)
    assert set(world.came()) == {"primary", "manager"}
    at = f"/incidents/{made['number']}"
    assert (made["severity"], made["alerts"], made["phase"]) == ("sev2", [alert.number], "declare")

    seen = engineer.get(at)
    assert [rung["state"] for rung in seen["ladder"]] == ["done", "next", "later", "later", "later"]
    assert {clock["id"]: clock["state"] for clock in seen["clocks"]} == {
        "respond": "green",
        "update": "green",
        "restore": "green",
    }
    engineer.post(f"{at}/roles", {"role": "incident-commander"})
    engineer.post(f"{at}/updates", {"text": "We are looking into it."})
    engineer.post(f"{at}/timeline", {"text": "Cache restarted", "at": (world.now - timedelta(minutes=5)).isoformat()})
    after = engineer.post(f"{at}/timeline", {"text": "Trying a rollback"})
    written = {entry["text"]: entry for entry in after["timeline"] if entry["text"]}
    assert written["Trying a rollback"]["prefix"] == "IC:"
    assert after["timeline"][0]["text"] == "Cache restarted"
    engineer.post(f"{at}/timeline/{written['Trying a rollback']['id']}/pin", {"pinned": True})
    engineer.put(f"{at}/timeline/{written['Trying a rollback']['id']}", {"text": "Rolling back"})

    shut = engineer.ask("POST", f"{at}/resolve", {"reason": ""})
    assert shut.status_code == 409
    assert "Confirm that the service is back to normal" in shut.json()["detail"]
    for step in ("resolve/confirm", "resolve/verify"):
        engineer.post(f"{at}/steps", {"step": step, "evidence": "dashboard is green"})
    assert engineer.post(f"{at}/resolve", {"reason": ""})["status"] == "resolved"
    closed = engineer.post(f"{at}/close", {"reason": "review is planned elsewhere"})
    assert closed["status"] == "closed"
    assert [step["step"] for step in closed["steps"] if step["overridden"]] == ["schedule-review", "internal-summary"]
    world.received()


def test_declaring_for_the_same_alert_answers_the_incident_there_is(
    incident_world: IncidentWorld, engineer: ApiCaller
) -> None:
    world = incident_world
    alert = world.fires("errors")
    first = declared(engineer, alerts=[str(alert.id)])
    again = engineer.post("/incidents", {"title": "x", "severity": "sev1", "alerts": [str(alert.id)]})
    assert again["id"] == first["id"]
    catches_up(world)
    world.received()


def test_an_onlooker_declares_and_reads_and_changes_nothing(incident_world: IncidentWorld) -> None:
    world = incident_world
    onlooker = caller(world.cast.people["onlooker"])
    made = declared(onlooker, severity="sev3")
    assert onlooker.get("/incidents")["items"][0]["number"] == made["number"]
    for verb, body in (("acknowledge", None), ("resolve", {}), ("severity", {"severity": "sev1"})):
        assert onlooker.ask("POST", f"/incidents/{made['number']}/{verb}", body).status_code == 403
    catches_up(world)
    world.received()


def test_a_restricted_incident_is_not_there_for_others_by_any_address(incident_world: IncidentWorld) -> None:
    world = incident_world
    made = declared(caller(world.cast.people["lead"]), restricted=True, severity="sev4", title="Somebody is in")
    owner = caller(world.cast.people["owner"])
    assert owner.get("/incidents?status=all")["items"] == []
    for name in (str(made["number"]), made["id"]):
        assert owner.ask("GET", f"/incidents/{name}").status_code == 404
        assert owner.ask("POST", f"/incidents/{name}/cancel", {"reason": "x"}).status_code == 404
    assert "Somebody is in" not in owner.ask("GET", "/audit").content.decode()
    assert (
        "Somebody is in"
        in caller(world.cast.people["lead"]).ask("GET", f"/incidents/{made['number']}").content.decode()
    )
    insider = {"person": "owner@example.org"}
    caller(world.cast.people["lead"]).post(f"/incidents/{made['number']}/insiders", insider)
    assert owner.get("/incidents")["items"][0]["title"] == "Somebody is in"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"severity": "sev9"}, "severity"),
        ({"service": "nowhere"}, "service"),
        ({"alerts": ["#99"]}, "alerts[0]"),
        ({"restricted": True, "insiders": ["nobody@example.org"]}, "insiders[0]"),
    ],
)
def test_a_mistake_in_a_declaration_is_named(
    incident_world: IncidentWorld, engineer: ApiCaller, change: dict[str, Any], field: str
) -> None:
    wanted = {"title": "x", "severity": "sev2", "service": "checkout", **change}
    answer = engineer.ask("POST", "/incidents", wanted)
    assert answer.status_code in (404, 422)
    assert answer.json()["errors"][0]["field"] == field
    assert engineer.get("/incidents?status=all")["items"] == []
