"""Endpoints through the API: their secret shown once, who may lead them elsewhere, and what was sent where."""

from typing import Any

import pytest

from tests.harness.api import ApiCaller, caller
from tests.harness.event_world import EventWorld
from watchbill.domain.access.models import Role
from watchbill.domain.audit.models import Entry
from watchbill.domain.event_hooks.collecting import collect
from watchbill.domain.event_hooks.models import EventDelivery, EventHook
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db(transaction=True)

HOOK = {"name": "hub", "url": "https://hub.example.org/in?key=k-1234", "events": ["incident.declared"]}


def people(world: EventWorld) -> dict[str, ApiCaller]:
    for name, role in (("boss", Role.OWNER), ("deputy", Role.ADMIN)):
        world.cast.person(name, role=role)
    return {name: caller(world.cast.people[name]) for name in ("boss", "deputy", "engineer", "onlooker")}


def test_an_admin_adds_changes_and_removes_one() -> None:
    with EventWorld(at=SystemClock().now()) as world:
        admin = people(world)["deputy"]
        made = admin.post("/event-hooks", HOOK, expect=201)
        assert made["secret"].startswith("whs_")
        [seen] = admin.get("/event-hooks")["items"]
        assert (seen["name"], seen["events"], seen["waiting"]) == ("hub", ["incident.declared"], 0)
        assert made["secret"] not in str(admin.get("/event-hooks/hub"))
        renewed = admin.post("/event-hooks/hub/secret")
        assert renewed["secret"] != made["secret"]
        assert renewed["former_until"]
        changed = admin.put("/event-hooks/hub", HOOK | {"severities": ["SEV1"], "name": "hub two"})
        assert changed["severities"] == ["sev1"]
        assert admin.post("/event-hooks/hub two/pause".replace(" ", "%20"))["paused_at"]
        assert admin.post(f"/event-hooks/{made['id']}/resume")["paused_at"] is None
        admin.delete(f"/event-hooks/{made['id']}")
        assert admin.get("/event-hooks")["items"] == []
        entries = Entry.objects.filter(subject_id=made["id"]).order_by("id")
        assert [one.action for one in entries] == [
            f"event_hook.{what}" for what in ("created", "secret_renewed", "changed", "paused", "resumed", "removed")
        ]
        assert "k-1234" not in repr([one.details for one in entries])


def test_only_admins_see_them_and_only_an_owner_lets_restricted_incidents_out() -> None:
    with EventWorld(at=SystemClock().now()) as world:
        callers = people(world)
        for name in ("engineer", "onlooker"):
            callers[name].get("/event-hooks", expect=403)
            callers[name].post("/event-hooks", HOOK, expect=403)
        admin, owner = callers["deputy"], callers["boss"]
        refused = admin.post("/event-hooks", HOOK | {"restricted": True}, expect=403)
        assert "owner" in refused["detail"]
        owner.post("/event-hooks", HOOK | {"restricted": True}, expect=201)
        # Whoever could lead it elsewhere, or had its secret, could read along.
        admin.put("/event-hooks/hub", HOOK | {"url": "https://elsewhere.example.org/"}, expect=403)
        admin.put("/event-hooks/hub", HOOK | {"restricted": True}, expect=403)
        admin.post("/event-hooks/hub/secret", expect=403)
        assert EventHook.objects.get().url == HOOK["url"]


def test_what_was_sent_is_seen_by_those_who_may_see_the_incident_and_sent_once_more() -> None:
    with EventWorld(at=SystemClock().now()) as world:
        admin = people(world)["deputy"]
        _, secret = world.listens("hub", restricted=True)
        hidden = world.declares("sev4", restricted=True)
        shown = world.declares("sev4")
        for incident in (hidden, shown):
            collect(incident.id, world.now)
        world.settle()
        assert len(world.told("hub", secret)) == 2
        [seen] = admin.get("/event-hooks/hub/deliveries")["items"]
        assert (seen["incident"], seen["state"], seen["status"]) == (shown.number, "delivered", 200)
        admin.ask("POST", f"/event-hooks/hub/deliveries/{seen['id']}/redeliver")
        other = EventDelivery.objects.get(incident=hidden)
        assert admin.ask("POST", f"/event-hooks/hub/deliveries/{other.id}/redeliver").status_code == 404
        world.clock.move_to(SystemClock().now())
        world.settle()
        assert [one.id for one in world.told("hub", secret)].count(seen["id"]) == 2
        assert [one.id for one in world.told("hub", secret)].count(str(other.id)) == 1
        world.ends(hidden)
        world.ends(shown)


def test_the_incident_in_an_event_is_the_one_that_the_api_lists() -> None:
    with EventWorld(at=SystemClock().now()) as world:
        engineer = people(world)["engineer"]
        _, secret = world.listens()
        incident = world.declares("sev4")
        [event] = world.told("hub", secret)
        [listed] = engineer.get("/incidents")["items"]
        told: dict[str, Any] = event.body["incident"]
        assert told == listed
        world.ends(incident)
