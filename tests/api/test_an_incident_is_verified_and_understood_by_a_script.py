"""Severities, dependencies, checks, related incidents and Verify through the REST API."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.harness.api import ApiCaller, caller
from tests.harness.verify_world import VerifyWorld
from watchbill.doors.web.wiring import connect, wired
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> Iterator[VerifyWorld]:
    with VerifyWorld(at=SystemClock().now()) as made:
        yield made


@pytest.fixture
def engineer(world: VerifyWorld) -> ApiCaller:
    return caller(world.cast.people["engineer"])


@pytest.fixture
def with_metrics(engineer: ApiCaller) -> Iterator[None]:
    """As an instance that has an address to ask."""
    engineer.get("/severities")  # the addresses are loaded, and with them what is wired
    before = wired()
    connect(replace(before, has_metrics=True))
    yield
    connect(before)


def catches_up(world: VerifyWorld) -> None:
    world.clock.move_to(SystemClock().now())
    world.settle()


def test_severities_say_what_they_mean_and_one_is_suggested(engineer: ApiCaller) -> None:
    listed = engineer.get("/severities")
    assert [one["id"] for one in listed["items"]] == ["sev1", "sev2", "sev3", "sev4"]
    assert listed["items"][0]["examples"][1] == {
        "id": "data-breach",
        "label": "A data breach is confirmed or suspected",
    }
    assert [one["id"] for one in listed["customers"]] == ["all-or-most", "many", "some", "none"]
    answers = {"customers": "some", "holds": ["key-feature-broken"]}
    assert engineer.post("/severities/suggest", answers) == {
        "severity": "sev2",
        "label": "SEV2",
        "reasons": [
            {"severity": "sev2", "because": "A key feature does not work at all"},
            {"severity": "sev3", "because": "Customers who notice it: some of them"},
        ],
    }
    assert engineer.post("/severities/suggest", {})["severity"] is None
    refused = engineer.post("/severities/suggest", {"holds": ["fire"]}, expect=422)
    assert refused["errors"][0]["field"] == "holds[0]"
    assert "is no example of the process" in refused["detail"]


def test_checks_and_dependencies_are_set_and_shown(world: VerifyWorld, engineer: ApiCaller) -> None:
    world.another_service("ledger")
    admin = caller(world.cast.person("admin", role="admin"))
    check = {"name": "up", "query": "up", "healthy_when": "==1"}
    admin.put("/services/checkout/checks", {"checks": [check]})
    shown = admin.put("/services/checkout/dependencies", {"depends_on": ["ledger"]})
    assert shown["checks"] == [{**check, "healthy_when": "== 1", "unit": ""}]
    assert shown["depends_on"] == ["ledger"]
    assert engineer.get("/services/ledger")["needed_by"] == ["checkout"]
    refused = admin.put("/services/ledger/dependencies", {"depends_on": ["checkout"]}, expect=422)
    assert "ledger needs checkout needs ledger" in refused["detail"] + str(refused["errors"])
    refused = admin.put("/services/checkout/checks", {"checks": [{**check, "healthy_when": "1"}]}, expect=422)
    assert refused["errors"][0]["field"] == "checks[0].healthy_when"
    engineer_of_another_team = caller(world.cast.people["onlooker"])
    engineer_of_another_team.put("/services/checkout/checks", {"checks": []}, expect=403)


def test_verify_is_asked_and_its_answers_are_read(world: VerifyWorld, engineer: ApiCaller, with_metrics: None) -> None:
    incident = world.declares("sev4")
    at = f"/incidents/{incident.number}"
    assert engineer.get(f"{at}/verification")["state"] == "never"
    refused = engineer.post(f"{at}/verify", expect=422)
    assert "no service of this incident has a check" in refused["detail"]
    world.is_healthy_when(world.cast.service, errors="errors|< 1|%")
    world.prometheus.knows = {"errors": [({"pod": "a"}, 0.5)]}
    asked = engineer.post(f"{at}/verify", expect=202)
    assert asked["state"] == "asked"
    catches_up(world)
    read = engineer.get(f"{at}/verification")
    assert read["state"] == "healthy"
    assert [(one["check"], one["verdict"], one["series"]) for one in read["results"]] == [
        ("errors", "healthy", [{"labels": '{pod="a"}', "value": "0.5"}])
    ]
    steps = {one["step"]: one for one in engineer.get(at)["steps"]}
    assert steps["verify"]["done_by"] == "Watchbill"
    caller(world.cast.people["onlooker"]).post(f"{at}/verify", expect=403)


def test_without_a_source_it_says_what_to_set(world: VerifyWorld, engineer: ApiCaller) -> None:
    incident = world.declares("sev4")
    world.is_healthy_when(world.cast.service, errors="errors|< 1|%")
    refused = engineer.post(f"/incidents/{incident.number}/verify", expect=422)
    assert "set WATCHBILL_PROMETHEUS_URL" in refused["detail"]


def test_a_restricted_incident_is_verified_by_insiders_alone(
    world: VerifyWorld, engineer: ApiCaller, with_metrics: None
) -> None:
    incident = world.declares("sev4", restricted=True)
    world.is_healthy_when(world.cast.service, errors="errors|< 1|%")
    outside = caller(world.cast.people["comms"])
    outside.post(f"/incidents/{incident.number}/verify", expect=404)
    outside.get(f"/incidents/{incident.number}/verification", expect=404)
    outside.get(f"/incidents/{incident.number}/related", expect=404)
    engineer.get(f"/incidents/{incident.number}/verification")
    other = world.declares("sev4", title="Another", by="comms")
    assert outside.get(f"/incidents/{other.number}/related")["incidents"] == []
    world.ends(other)


def test_related_incidents_and_dependent_services(world: VerifyWorld, engineer: ApiCaller) -> None:
    shop = world.another_service("shop")
    admin = caller(world.cast.person("admin", role="admin"))
    admin.put("/services/shop/dependencies", {"depends_on": ["checkout"]})
    first, second = world.declares("sev4"), world.declares("sev4", title="Again")
    found = engineer.get(f"/incidents/{second.number}/related")
    assert [(one["number"], one["open"], one["because"]) for one in found["incidents"]] == [
        (first.number, True, ["the same service, checkout"])
    ]
    assert found["may_be_affected"] == [{"service": shop.name, "because": "needs checkout"}]
    named = engineer.post(f"/incidents/{second.number}/affected", {"service": "shop"})
    assert named["affected_services"] == ["shop"]
    assert engineer.get(f"/incidents/{second.number}/related")["may_be_affected"] == []
