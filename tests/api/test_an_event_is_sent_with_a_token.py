"""A program that has a token and no key sends events: a token of scope `ingest` is good for that and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from tests.harness.api import ApiCaller, caller
from tests.harness.world import World
from watchbill.domain.alerts.models import Alert, Event
from watchbill.domain.audit.models import Entry
from watchbill.domain.services.models import IntegrationKind, MaintenanceWindow
from watchbill.ground.clock import SystemClock

EVENTS = "/services/checkout/events"


@pytest.fixture
def sender(world: World) -> ApiCaller:
    world.cast.add_integration(world.cast.service, "gen-0123456789abcdef", kind=IntegrationKind.GENERIC)
    return caller(world.cast.people["primary"], scope="ingest")


def settles(world: World) -> None:
    """The API reads the real clock."""
    world.clock.move_to(SystemClock().now())
    world.settle()


def test_an_event_pages_and_the_same_trouble_again_does_not(world: World, sender: ApiCaller) -> None:
    event = {"summary": "Disk full", "dedup_key": "disk", "severity": "warning", "details": {"host": "db-1"}}
    first = sender.post(EVENTS, event, expect=202)
    assert (first["disposition"], first["dedup_key"]) == ("new", "disk")
    settles(world)
    world.expects(("primary", "webhook"))

    again = sender.post(EVENTS, event | {"summary": "Disk still full"}, expect=202)
    assert (again["disposition"], again["alert"]) == ("deduped", first["alert"])
    settles(world)
    world.expects_nothing()

    alert = Alert.objects.get(id=first["alert"])
    assert (alert.events_count, alert.severity, alert.details) == (2, "warning", {"host": "db-1"})
    opened = Entry.objects.get(subject_id=alert.id, action="alert.triggered")
    assert (opened.actor_kind, opened.via) == ("source", "api")
    assert opened.actor_label == "generic of checkout, by Primary (token test)"
    kept = Event.objects.get(id=first["event_id"])
    assert b"Disk full" in bytes(kept.body)
    assert sender.token not in str(kept.headers) + bytes(kept.body).decode()

    ended = sender.post(EVENTS, {"dedup_key": "disk", "status": "resolved"}, expect=202)
    assert (ended["disposition"], ended["alert"]) == ("resolved", first["alert"])
    late = sender.post(EVENTS, {"dedup_key": "disk", "status": "acknowledged"}, expect=202)
    assert (late["disposition"], late["alert"]) == ("dropped", None)


def test_it_is_one_trouble_with_what_came_by_the_key(world: World, sender: ApiCaller) -> None:
    first = sender.post(EVENTS, {"summary": "Disk full"}, expect=202)
    second = sender.post(EVENTS, {"summary": "Disk full"}, expect=202)
    assert first["alert"] != second["alert"]  # without a key of the sender's nothing meets by accident
    alert = Alert.objects.get(id=first["alert"])
    assert alert.integration.kind == "generic"
    acknowledged = sender.post(EVENTS, {"dedup_key": first["dedup_key"], "status": "ack"}, expect=202)
    assert (acknowledged["disposition"], acknowledged["alert"]) == ("acknowledged", first["alert"])
    for one in (first, second):
        sender.post(EVENTS, {"dedup_key": one["dedup_key"], "status": "ok"}, expect=202)


def test_under_maintenance_it_is_kept_and_pages_nobody(world: World, sender: ApiCaller) -> None:
    now = SystemClock().now()
    MaintenanceWindow.objects.create(
        service=world.cast.service,
        starts_at=now,
        ends_at=now + timedelta(hours=1),
        reason="new disks",
        created_by="Manager",
        created_at=now,
    )
    assert sender.post(EVENTS, {"summary": "Disk full"}, expect=202)["disposition"] == "suppressed"
    settles(world)
    world.expects_nothing()


def test_many_at_once_open_one_alert(world: World, sender: ApiCaller) -> None:
    def send(_: int) -> Any:
        try:
            return sender.post(EVENTS, {"summary": "Disk full", "dedup_key": "disk"}, expect=202)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(send, range(24)))
    assert sorted(one["disposition"] for one in taken) == ["deduped"] * 23 + ["new"]
    assert Alert.objects.get().events_count == 24
    assert Event.objects.count() == 24
    settles(world)
    world.expects(("primary", "webhook"))
    sender.post(EVENTS, {"dedup_key": "disk", "status": "resolved"}, expect=202)


def test_the_scope_says_who_may_send(world: World, sender: ApiCaller) -> None:
    event = {"summary": "Disk full"}
    reading = caller(world.cast.people["primary"], scope="read")
    assert "send events" in reading.post(EVENTS, event, expect=403)["detail"]
    looker = caller(world.cast.person("stakeholder", role="stakeholder", contacts=False))
    assert "send events" in looker.post(EVENTS, event, expect=403)["detail"]
    sender.get("/services/checkout", expect=403)
    assert not Alert.objects.exists()
    whole = caller(world.cast.people["secondary"]).post(EVENTS, event, expect=202)
    settles(world)
    world.expects(("primary", "webhook"))
    sender.post(EVENTS, {"dedup_key": whole["dedup_key"], "status": "resolved"}, expect=202)


def test_what_cannot_become_an_alert_is_refused_with_the_remedy(world: World, sender: ApiCaller) -> None:
    assert "`summary` is missing" in sender.post(EVENTS, {"severity": "critical"}, expect=422)["detail"]
    assert "Send an object such as" in sender.post(EVENTS, [1], expect=422)["detail"]
    sender.post("/services/unheard-of/events", {"summary": "x"}, expect=404)
    assert sender.ask("POST", EVENTS, raw=b"{").status_code == 422
    assert sender.ask("POST", EVENTS, raw=b"[" * 100_000).status_code == 422
    world.cast.service.integrations.filter(kind="generic").update(removed_at=SystemClock().now())
    assert "add one" in sender.post(EVENTS, {"summary": "x"}, expect=422)["detail"]
    assert not Alert.objects.exists()


@pytest.mark.parametrize("text", ["\x00", "\ud800", "<script>x</script>", "9" * 5000])
def test_hostile_text_is_stored_fit_to_show(world: World, sender: ApiCaller, text: str) -> None:
    event = {"summary": f"Disk {text}", "dedup_key": f"k{text}"[:300], "details": {text: [text]}, "links": [text]}
    taken = sender.post(EVENTS, event, expect=202)
    settles(world)
    world.expects(("primary", "webhook"))
    sender.post(EVENTS, {"dedup_key": taken["dedup_key"], "status": "resolved"}, expect=202)
