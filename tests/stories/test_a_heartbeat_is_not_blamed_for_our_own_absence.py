"""A job must call in every five minutes, one minute of grace. While no ping can come in, its silence is ours."""

from datetime import datetime, timedelta

import pytest

from tests.harness.world import World
from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.heartbeats.actions import ping
from watchbill.domain.heartbeats.models import Heartbeat
from watchbill.domain.heartbeats.settings_actions import add_heartbeat
from watchbill.engine.watchdog import OutsideWatcher, Watchdog
from watchbill.ground.network_guard import parse_networks


@pytest.fixture
def heartbeat(world: World) -> Heartbeat:
    """It called in just now, and a web process is there."""
    world.opens_its_door()
    added = add_heartbeat(
        world.cast.service.id,
        name="nightly backup",
        key="hb-0123456789abcdef",
        period=timedelta(minutes=5),
        grace=timedelta(minutes=1),
        secret_key="for tests only",
        actor=Actor(kind="person", label="Owner", via="web"),
        now=world.now,
    )
    calls_in(world, made := Heartbeat.objects.get(integration_id=added.id))
    return made


def calls_in(world: World, heartbeat: Heartbeat) -> None:
    ping(integration_id=heartbeat.integration_id, source_address="192.0.2.9", now=world.now)
    world.settle()


def state(heartbeat: Heartbeat) -> str:
    heartbeat.refresh_from_db()
    return heartbeat.state


def absences() -> list[tuple[datetime, datetime]]:
    found = Entry.objects.filter(action="instance.was_away").order_by("id").values_list("details", flat=True)
    return [(datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["until"])) for one in found]


def test_with_an_open_door_silence_pages_on_time(world: World, heartbeat: Heartbeat) -> None:
    world.passes(minutes=5, seconds=59)
    world.expects_nothing()
    world.passes(seconds=1)
    world.expects(("primary", "webhook"))
    assert absences() == []


def test_only_the_web_process_was_away(world: World, heartbeat: Heartbeat) -> None:
    world.passes(minutes=4)
    went = world.now
    world.closes_its_door()
    world.passes(minutes=30)
    assert state(heartbeat) == "up"
    world.opens_its_door()
    assert absences() == [(went, world.now)]
    world.passes(minutes=5, seconds=59)
    world.expects_nothing()
    world.passes(seconds=1)
    world.expects(("primary", "webhook"))


def test_the_job_that_calls_when_the_door_is_open_again_pages_nobody(world: World, heartbeat: Heartbeat) -> None:
    for _ in range(3):
        world.passes(minutes=4)
        world.closes_its_door()
        world.passes(minutes=3)
        world.opens_its_door()
        world.passes(minutes=3)
        calls_in(world, heartbeat)
    assert len(absences()) == 3


def test_an_absence_that_ended_before_the_ping_was_due_counts_too(world: World, heartbeat: Heartbeat) -> None:
    world.passes(minutes=4, seconds=30)
    world.closes_its_door()
    world.passes(seconds=60)
    world.opens_its_door()
    world.passes(minutes=5)  # the ping that met a closed door at the fifth minute comes again at the tenth
    calls_in(world, heartbeat)


def test_all_of_us_were_away_and_the_engine_is_first_to_be_back(world: World, heartbeat: Heartbeat) -> None:
    world.closes_its_door()
    world.pauses(hours=24)
    world.settle()
    assert state(heartbeat) == "up"
    world.passes(seconds=10)
    world.opens_its_door()
    world.passes(minutes=5, seconds=59)
    world.expects_nothing()
    world.passes(seconds=1)
    world.expects(("primary", "webhook"))


def test_only_the_engine_was_away_so_silence_is_known_at_once(world: World, heartbeat: Heartbeat) -> None:
    world.engine_is_away(hours=1)
    world.settle()
    world.expects(("primary", "webhook"))
    assert state(heartbeat) == "down"


def test_a_blink_is_no_absence(world: World, heartbeat: Heartbeat) -> None:
    world.passes(minutes=5, seconds=30)
    world.closes_its_door()
    world.passes(seconds=5)
    world.opens_its_door()
    world.passes(seconds=25)
    world.expects(("primary", "webhook"))
    assert absences() == []


def test_nobody_trusts_silence_while_the_door_is_closed_and_the_outside_hears_of_it(
    world: World, heartbeat: Heartbeat
) -> None:
    outside = OutsideWatcher(url=f"{world.http.url}/alive", allowed_networks=parse_networks("127.0.0.0/8"))
    watchdog = Watchdog(watcher=outside, cycle_age_seconds=lambda: 0.0)
    world.closes_its_door()
    world.passes(seconds=60)
    watchdog.seal(now=world.now)
    assert watchdog.check(now=world.now) == []
    assert [request.path for request in world.http.requests] == ["/alive"]
    world.http.requests.clear()
    world.passes(minutes=20)
    watchdog.seal(now=world.now)
    [broken] = watchdog.check(now=world.now)
    assert broken.check == "no web process"
    assert "2026-03-02T11:00:00" in broken.ids[0]
    world.expects_nothing()
    world.expects_log("invariant.broken")
