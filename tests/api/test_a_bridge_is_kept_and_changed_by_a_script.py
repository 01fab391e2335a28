"""The pool of bridges through the REST API, and the bridge of one incident."""

import pytest

from tests.harness.api import ApiCaller, caller
from tests.harness.incident_world import IncidentWorld
from watchbill.domain.access.models import Role
from watchbill.domain.bridges.actions import GiveBridge
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.parametrize("incident_world", ["real"], indirect=True)

ZOOM = {"name": "Incident bridge", "kind": "zoom", "url": "https://zoom.us/j/1", "order": 10}
PHONE = {"name": "Conference", "kind": "phone", "phone": "+49 30 1234567", "pin": "4711"}


@pytest.fixture
def admin(incident_world: IncidentWorld) -> ApiCaller:
    return caller(incident_world.cast.people["manager"])


@pytest.fixture
def engineer(incident_world: IncidentWorld) -> ApiCaller:
    return caller(incident_world.cast.people["engineer"])


def declared(by: ApiCaller, **more: object) -> dict[str, object]:
    made = by.post("/incidents", {"title": "Checkout is down", "severity": "sev1", **more}, expect=201)
    GiveBridge()(made["id"], SystemClock().now())  # what the worker does a moment later
    return by.get(f"/incidents/{made['number']}")


def test_the_pool_is_kept_by_admins_and_read_by_responders(admin: ApiCaller, engineer: ApiCaller) -> None:
    made = admin.post("/bridges", ZOOM, expect=201)
    assert (made["name"], made["in_use"], made["incidents"], made["team"]) == ("Incident bridge", False, [], None)
    assert engineer.get("/bridges/Incident bridge".replace(" ", "%20"))["url"] == "https://zoom.us/j/1"
    assert engineer.post("/bridges", PHONE, expect=403)["detail"].startswith("As responder you may not change the pool")
    assert admin.post("/bridges", ZOOM, expect=409)["errors"][0]["field"] == "name"
    admin.put(f"/bridges/{made['id']}", {**ZOOM, "order": 20, "team": "payments"})
    assert [(one["order"], one["team"]) for one in engineer.get("/bridges")["items"]] == [(20, "payments")]
    refused = admin.put(f"/bridges/{made['id']}", {**ZOOM, "url": "javascript:alert(1)"}, expect=422)
    assert refused["errors"][0]["field"] == "url"
    admin.delete(f"/bridges/{made['id']}")
    assert engineer.get("/bridges") == {"items": []}
    admin.get(f"/bridges/{made['id']}", expect=404)


def test_stakeholders_see_no_pool(incident_world: IncidentWorld, admin: ApiCaller) -> None:
    admin.post("/bridges", ZOOM, expect=201)
    onlooker = caller(incident_world.cast.person("somebody", role=Role.STAKEHOLDER))
    onlooker.get("/bridges", expect=403)


def test_an_incident_shows_how_to_join_and_is_moved_with_a_reason(admin: ApiCaller, engineer: ApiCaller) -> None:
    admin.post("/bridges", ZOOM, expect=201)
    admin.post("/bridges", PHONE, expect=201)
    incident = declared(engineer)
    at = f"/incidents/{incident['number']}/bridge"
    assert incident["bridge"] == {
        "voice": {**_way(name="Incident bridge", kind="zoom"), "url": "https://zoom.us/j/1"},
        "backup": {
            **_way(name="Conference", kind="phone"),
            "phone": "+49 30 1234567",
            "pin": "4711",
            "tel": "tel:+49301234567,,4711#",
        },
        "is_making": False,
        "trouble": "",
    }
    assert engineer.get("/bridges")["items"][0]["incidents"] == [incident["number"]]
    assert engineer.post(at, {"bridge": "Conference", "reason": " "}, expect=422)["errors"][0]["field"] == "reason"
    assert engineer.post(at, {"bridge": "Nobody", "reason": "x"}, expect=422)["errors"][0]["field"] == "bridge"
    moved = engineer.post(at, {"bridge": "Conference", "reason": "no sound"})
    assert (moved["bridge"]["voice"]["name"], moved["bridge"]["backup"]) == ("Conference", None)
    assert moved["timeline"][-1]["action"] == "incident.bridge_changed"


def test_a_restricted_incident_shows_its_bridge_to_insiders_alone(admin: ApiCaller, engineer: ApiCaller) -> None:
    admin.post("/bridges", ZOOM, expect=201)
    incident = declared(engineer, restricted=True)
    assert incident["bridge"]["voice"]["name"] == "Incident bridge"  # type: ignore[index]
    [line] = admin.get("/bridges")["items"]
    assert (line["in_use"], line["incidents"]) == (True, [])
    body = {"url": "https://example.org/x", "reason": "curious"}
    admin.post(f"/incidents/{incident['number']}/bridge", body, expect=404)


def _way(*, name: str, kind: str) -> dict[str, str]:
    return {"name": name, "kind": kind, "url": "", "phone": "", "pin": "", "tel": ""}
