"""Somebody holds a row and wants its timer while the engine has the timer and wants the row: neither waits for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from tests.harness.races import in_another_thread, wait_until_somebody_waits_for_a_lock
from tests.harness.world import World
from watchbill.domain.alerts import actions as alerts
from watchbill.domain.alerts.maintenance_actions import cancel_maintenance
from watchbill.domain.alerts.models import Alert, AlertState
from watchbill.domain.heartbeats import actions as heartbeats
from watchbill.domain.heartbeats.models import Heartbeat, HeartbeatState
from watchbill.domain.heartbeats.settings_actions import add_heartbeat, change_heartbeat, remove_heartbeat
from watchbill.domain.services.maintenance_actions import plan_maintenance
from watchbill.domain.services.models import Integration, MaintenanceWindow, Service
from watchbill.domain.timers import store as timers
from watchbill.domain.timers.models import Timer

MINUTE = timedelta(minutes=1)


@contextmanager
def the_engine_comes_by(world: World) -> Iterator[None]:
    """While this transaction holds what it has locked. Its tick ends before anything is given back."""
    handled: list[int] = []
    other = in_another_thread(lambda: handled.append(world.engine.tick(now=world.now)))
    other.join(10)
    assert handled, "the engine waits for somebody who waits for it"
    yield
    assert "engine.timer.held" not in {line["event"] for line in world.logs}


def job(world: World) -> UUID:
    return add_heartbeat(
        world.cast.service.id,
        name="backup",
        key=None,
        period=MINUTE,
        grace=timedelta(0),
        secret_key="for tests only",
        actor=world.person("owner"),
        now=world.now,
    ).id


def test_a_snooze_that_comes_as_the_one_before_ends(world: World) -> None:
    alert = world.fires()
    world.received()
    alerts.snooze(alert_id=alert.id, until=world.now + MINUTE, actor=world.person("primary"), now=world.now)
    world.pauses(minutes=1)
    with transaction.atomic():
        Alert.objects.select_for_update().get(id=alert.id)
        with the_engine_comes_by(world):
            until = world.now + 2 * MINUTE
            alerts.snooze(alert_id=alert.id, until=until, actor=world.person("primary"), now=world.now)
    world.passes(seconds=119)
    world.expects_nothing()
    world.passes(seconds=1)
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_a_snooze_that_comes_as_the_acknowledgement_expires(world: World) -> None:
    alert = world.fires()
    world.received()
    world.acknowledges("primary", alert)
    due_at = Timer.objects.get(kind="alert.acknowledgement_expires").due_at
    world.clock.move_to(due_at)
    with transaction.atomic():
        Alert.objects.select_for_update().get(id=alert.id)
        with the_engine_comes_by(world):
            alerts.snooze(alert_id=alert.id, until=due_at + MINUTE, actor=world.person("primary"), now=world.now)
    world.passes(seconds=59)
    world.expects_nothing()
    assert world.fresh(alert).state == AlertState.ACKNOWLEDGED
    world.passes(seconds=1)
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_an_answer_that_is_taken_back_loses_no_timer(world: World) -> None:
    alert = world.fires()
    world.received()
    alerts.snooze(alert_id=alert.id, until=world.now + MINUTE, actor=world.person("primary"), now=world.now)
    world.pauses(minutes=1)
    with transaction.atomic():
        Alert.objects.select_for_update().get(id=alert.id)
        with the_engine_comes_by(world):
            transaction.set_rollback(True)
    world.passes(seconds=1)
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_a_job_gets_more_time_as_it_falls_silent(world: World) -> None:
    integration = job(world)
    heartbeats.ping(integration_id=integration, source_address="", now=world.now)
    world.pauses(minutes=1)
    world.door_is_open = True
    with transaction.atomic():
        Heartbeat.objects.select_for_update().get(integration_id=integration)
        with the_engine_comes_by(world):
            change_heartbeat(
                integration, period=2 * MINUTE, grace=timedelta(0), actor=world.person("owner"), now=world.now
            )
    world.passes(seconds=59)
    world.expects_nothing()
    world.passes(seconds=10)
    assert Heartbeat.objects.get().state == HeartbeatState.DOWN
    world.expects(("primary", "webhook"))


@pytest.mark.parametrize("held", [Service, Integration])
def test_a_job_is_removed_as_it_falls_silent(world: World, held: type[Service | Integration]) -> None:
    integration = job(world)
    heartbeats.ping(integration_id=integration, source_address="", now=world.now)
    world.pauses(minutes=1)
    world.door_is_open = True
    identity = integration if held is Integration else world.cast.service.id
    with transaction.atomic():
        held._base_manager.select_for_update().get(pk=identity)
        with the_engine_comes_by(world):
            remove_heartbeat(integration, actor=world.person("owner"), now=world.now)
    world.passes(minutes=1)
    assert not Alert.objects.exists()
    assert not Timer.objects.exists()


def test_a_job_calls_in_while_its_period_is_changed(world: World) -> None:
    integration = job(world)
    heartbeats.ping(integration_id=integration, source_address="", now=world.now)
    at = world.now
    with transaction.atomic():
        Heartbeat.objects.select_for_update().get(integration_id=integration)
        other = in_another_thread(
            lambda: heartbeats.ping(integration_id=integration, source_address="", now=at + timedelta(seconds=1))
        )
        wait_until_somebody_waits_for_a_lock()
        change_heartbeat(integration, period=5 * MINUTE, grace=timedelta(0), actor=world.person("owner"), now=at)
    other.join(20)
    assert Timer.objects.get().due_at == at + timedelta(minutes=5, seconds=1)


def test_maintenance_is_ended_while_the_engine_has_its_timers_and_wants_the_window(world: World) -> None:
    window = plan_maintenance(
        world.cast.service.id,
        starts_at=world.now,
        ends_at=world.now + 60 * MINUTE,
        reason="moving house",
        actor=world.person("owner"),
        now=world.now,
    )
    alert = world.fires()
    ended = []
    with transaction.atomic():
        claimed = timers.claim_one(Timer.objects.get().id)
        assert claimed is not None
        other = in_another_thread(
            lambda: ended.append(cancel_maintenance(window.id, actor=world.person("owner"), now=world.now))
        )
        wait_until_somebody_waits_for_a_lock()
        MaintenanceWindow.objects.select_for_update().get(id=window.id)  # as an alert does that opens now
        transaction.set_rollback(True)
    other.join(20)
    assert ended
    world.passes(seconds=1)
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)
