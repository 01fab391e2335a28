"""Components, publications, maintenance and the look of the page through the REST API, and who may do what."""

import base64

import pytest

from tests.harness.api import ApiCaller, caller
from tests.harness.status_page_world import StatusPageWorld
from watchbill.domain.access.models import Role
from watchbill.domain.communications import setup_actions
from watchbill.domain.errands.models import Errand


@pytest.fixture
def world() -> object:
    with StatusPageWorld() as world:
        world.cast.person("admin", role=Role.ADMIN)
        yield world
        Errand.objects.all().delete()  # the API's time is the host's, the world's is not
        world.received()


@pytest.fixture
def admin(world: StatusPageWorld) -> ApiCaller:
    return caller(world.cast.people["admin"])


@pytest.fixture
def engineer(world: StatusPageWorld) -> ApiCaller:
    return caller(world.cast.people["engineer"])


pytestmark = pytest.mark.django_db(transaction=True)


def test_an_admin_says_what_is_on_the_page(world: StatusPageWorld, admin: ApiCaller) -> None:
    made = admin.post("/status-page/components", {"name": "API", "service": "checkout", "group": "Core"}, expect=201)
    assert (made["service"], made["group"], made["state"]) == ("checkout", "Core", "operational")
    at = f"/status-page/components/{made['id']}"
    admin.put(at, {"name": "Public API", "group": "Core", "position": 7, "shown": False})
    admin.put("/status-page/groups/Core", {"position": 3})
    assert [one["name"] for one in admin.get("/status-page/components")] == ["Checkout", "Search", "Public API"]
    assert admin.ask("DELETE", at).status_code == 204
    assert admin.ask("PUT", at, {"name": "x"}).status_code == 404
    page = admin.put("/status-page", {"name": "Acme", "time_zone": "Europe/Berlin"})
    assert (page["name"], page["address"], page["is_current"]) == ("Acme", "http://watchbill.example.org/status", False)
    pale = admin.ask("PUT", "/status-page", {"name": "Acme", "accent_light": "#ffff00"})
    assert (pale.status_code, "contrast of 1.1" in pale.text) == (422, True)
    image = base64.b64encode(b"\xff\xd8\xff rest").decode()
    assert admin.put("/status-page/logo", {"image": image})["has_logo"]
    drawing = base64.b64encode(b"<svg onload=alert(1)>").decode()
    assert admin.ask("PUT", "/status-page/logo", {"image": drawing}).status_code == 422
    assert admin.post("/status-page/write", {})["trouble"] == ""


def test_a_responder_publishes_and_changes_nothing_else(world: StatusPageWorld, engineer: ApiCaller) -> None:
    inner = world.declares("sev2")
    checkout = str(world.components["Checkout"])
    made = engineer.post(
        "/status-page/incidents",
        {
            "title": "Payments fail",
            "status": "investigating",
            "body": "We look.",
            "components": {checkout: "partial_outage"},
            "incident": str(inner.number),
        },
        expect=201,
    )
    assert (made["impact"], made["components"]) == ("major", {checkout: "partial_outage"})
    at = f"/status-page/incidents/{made['id']}"
    made = engineer.post(f"{at}/updates", {"status": "resolved", "body": "It works."}, expect=201)
    update = made["updates"][1]["id"]
    made = engineer.put(f"/status-page/updates/{update}", {"body": "It works again."})
    assert made["updates"][1]["body"] == "It works again."
    assert made["updates"][1]["corrected_at"] is not None
    assert engineer.ask("POST", f"/status-page/updates/{update}/retract", {"why": "too early"}).status_code == 204
    assert engineer.get(at)["status"] == "investigating"
    assert len(engineer.get("/status-page/incidents")) == 1
    for method, address, body in (
        ("PUT", "/status-page", {"name": "x"}),
        ("POST", "/status-page/components", {"name": "x"}),
        ("DELETE", f"/status-page/components/{checkout}", None),
    ):
        assert engineer.ask(method, address, body).status_code == 403
    onlooker = caller(world.cast.people["onlooker"])
    assert onlooker.ask("POST", f"{at}/updates", {"status": "resolved", "body": "x"}).status_code == 403
    world.ends(inner)


def test_a_restricted_incident_is_not_there_for_who_may_not_see_it(world: StatusPageWorld, engineer: ApiCaller) -> None:
    secret = world.declares("sev3", by="commander", restricted=True)
    wanted = {"title": "x", "status": "investigating", "body": "x", "incident": str(secret.number)}
    unknown = engineer.ask("POST", "/status-page/incidents", {**wanted, "incident": "4711"})
    hidden = engineer.ask("POST", "/status-page/incidents", wanted)
    assert hidden.status_code == unknown.status_code == 404
    seen = caller(world.cast.people["commander"]).ask("POST", "/status-page/incidents", wanted)
    assert (seen.status_code, "restricted" in seen.text) == (422, True)
    world.ends(secret)


def test_what_the_public_reads_of_an_incident_needs_the_word_of_who_approves_it(
    world: StatusPageWorld, engineer: ApiCaller
) -> None:
    inner = world.declares("sev3", by="lead")
    world.takes("commander", "incident-commander", inner)
    setup_actions.set_approver(audience="public", role="incident-commander", actor=world.person("owner"), now=world.now)
    wanted = {"title": "x", "status": "investigating", "body": "x", "incident": str(inner.number)}
    refused = engineer.ask("POST", "/status-page/incidents", wanted)
    assert (refused.status_code, "has to approve what the public reads" in refused.text) == (409, True)
    commander = caller(world.cast.people["commander"])
    made = commander.post("/status-page/incidents", wanted, expect=201)
    update = made["updates"][0]["id"]
    more = {"status": "identified", "body": "y"}
    assert engineer.ask("POST", f"/status-page/incidents/{made['id']}/updates", more).status_code == 409
    assert engineer.ask("PUT", f"/status-page/updates/{update}", {"body": "z"}).status_code == 409
    world.ends(inner)


def test_maintenance_is_announced_and_called_off(world: StatusPageWorld, engineer: ApiCaller) -> None:
    wanted = {
        "title": "Upgrade",
        "body": "It may be slow.",
        "components": [str(world.components["Search"])],
        "start": "2199-01-01T10:00:00Z",
        "end": "2199-01-01T12:00:00Z",
    }
    made = engineer.post("/status-page/maintenance", wanted, expect=201)
    assert (made["status"], made["components"]) == ("scheduled", ["Search"])
    assert engineer.ask("POST", "/status-page/maintenance", {**wanted, "components": []}).status_code == 422
    assert engineer.ask("DELETE", f"/status-page/maintenance/{made['id']}").status_code == 204
    assert engineer.get("/status-page/maintenance") == []
