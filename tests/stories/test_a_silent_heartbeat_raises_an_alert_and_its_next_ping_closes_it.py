"""A job must call in every five minutes, one minute of grace. Silence pages; the next ping resolves."""

from datetime import timedelta

import pytest

from tests.harness.sender import Door
from tests.harness.world import World
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.contract import Actor
from watchbill.domain.heartbeats.actions import ping
from watchbill.domain.heartbeats.models import Heartbeat
from watchbill.domain.heartbeats.reads import heartbeats_of_service
from watchbill.domain.heartbeats.settings_actions import HeartbeatUnknown, add_heartbeat, remove_heartbeat
from watchbill.domain.timers.models import Timer

OWNER = Actor(kind="person", label="Owner", via="web")


@pytest.fixture
def heartbeat(world: World) -> Heartbeat:
    added = add_heartbeat(
        world.cast.service.id,
        name="nightly backup",
        key="hb-0123456789abcdef",
        period=timedelta(minutes=5),
        grace=timedelta(minutes=1),
        secret_key="for tests only",
        actor=OWNER,
        now=world.now,
    )
    return Heartbeat.objects.get(integration_id=added.id)


def calls_in(world: World, heartbeat: Heartbeat) -> None:
    ping(integration_id=heartbeat.integration_id, source_address="192.0.2.9", now=world.now)
    world.settle()


def state(heartbeat: Heartbeat) -> str:
    heartbeat.refresh_from_db()
    return heartbeat.state


def test_before_the_first_ping_silence_does_not_count(world: World, heartbeat: Heartbeat) -> None:
    world.passes(days=2)
    world.expects_nothing()
    assert state(heartbeat) == "new"


def test_silence_pages_after_period_and_grace_and_the_next_ping_resolves(world: World, heartbeat: Heartbeat) -> None:
    calls_in(world, heartbeat)
    world.passes(minutes=5, seconds=59)
    world.expects_nothing()
    world.passes(seconds=1)
    world.expects(("primary", "webhook"))
    alert = Alert.objects.get()
    assert alert.summary == "nightly backup is silent: it should call in every 5m"
    assert alert.dedup_key == str(heartbeat.id)
    assert state(heartbeat) == "down"
    calls_in(world, heartbeat)
    assert state(heartbeat) == "up"
    assert world.fresh(alert).state == "resolved"
    assert world.timeline(alert)[-1] == "alert.resolved"
    world.passes(minutes=5)
    world.expects_nothing()


def test_regular_pings_keep_it_quiet(world: World, heartbeat: Heartbeat) -> None:
    for _ in range(20):
        calls_in(world, heartbeat)
        world.passes(minutes=5)
    world.expects_nothing()
    assert Timer.objects.filter(kind="heartbeat.silent").count() == 1


def test_each_silence_is_an_alert_of_its_own(world: World, heartbeat: Heartbeat) -> None:
    for _ in range(2):
        calls_in(world, heartbeat)
        world.passes(minutes=6)
        world.expects(("primary", "webhook"))
    calls_in(world, heartbeat)
    assert Alert.objects.filter(state="resolved").count() == 2


def test_a_removed_heartbeat_neither_pages_nor_takes_pings(world: World, heartbeat: Heartbeat) -> None:
    calls_in(world, heartbeat)
    assert heartbeats_of_service(world.cast.service.id) == [heartbeat]
    remove_heartbeat(heartbeat.integration_id, actor=OWNER, now=world.now)
    world.passes(hours=1)
    world.expects_nothing()
    with pytest.raises(HeartbeatUnknown):
        calls_in(world, heartbeat)
    assert heartbeats_of_service(world.cast.service.id) == []


def test_get_and_post_record_a_ping_and_head_does_not(world: World, heartbeat: Heartbeat) -> None:
    with Door(clock=world.clock) as door:
        address = "/heartbeat/hb-0123456789abcdef"
        assert door.send(address, method="HEAD").status == 200
        assert state(heartbeat) == "new"
        for method in ("GET", "POST"):
            assert door.send(address, method=method).status == 200
            heartbeat.refresh_from_db()
            assert heartbeat.last_ping_at == world.now
            world.passes(minutes=1)
        assert door.send(address, method="DELETE").status == 405
        assert door.send("/heartbeat/unknown", method="GET").status == 404
        assert door.send("/heartbeat/R0123456789abcdef0123456789abcde", method="GET").status == 404
