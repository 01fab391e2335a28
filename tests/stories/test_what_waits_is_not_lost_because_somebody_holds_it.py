"""A timer that comes while somebody holds its subject, and maintenance that ends while an alert opens, lose nothing."""

from datetime import timedelta

import pytest
from django.db import transaction

from tests.harness.carriers import Answer
from tests.harness.incident_world import IncidentWorld
from tests.harness.races import in_another_thread, somebody_holds, wait_until_somebody_waits_for_a_lock
from tests.harness.world import World
from watchbill.domain.alerts.maintenance_actions import cancel_maintenance
from watchbill.domain.alerts.models import Alert
from watchbill.domain.escalation.models import Run
from watchbill.domain.incidents.models import Incident
from watchbill.domain.services.maintenance_actions import plan_maintenance
from watchbill.domain.services.models import Integration, MaintenanceWindow
from watchbill.domain.timers.models import Timer
from watchbill.ground.clock import DatabaseClock


def nobody_is_on_call(world: World) -> Integration:
    policy = world.cast.make_policy(
        "empty", [([world.cast.target("schedule", world.cast.schedule("nobody", []))], 300)]
    )
    world.cast.service.policy = policy
    world.cast.service.save()
    return world.cast.integration


def maintains(world: World, *, days: int = 3) -> MaintenanceWindow:
    return plan_maintenance(
        world.cast.service.id,
        starts_at=world.now,
        ends_at=world.now + timedelta(days=days),
        reason="moving house",
        actor=world.person("owner"),
        now=world.now,
    )


def test_the_fallback_that_could_not_be_told_is_tried_again_although_its_run_was_held(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    nobody_is_on_call(world)
    world.http.always(Answer(410), path="/owner")
    alert = world.opens("errors")
    world.engine.tick(now=world.now)
    messages = world.sender.claim(now=world.now)
    world.sender.record(world._runner.run(world._send(messages)), now=world.now)
    with somebody_holds(Run, Run.objects.get(subject_id=alert.id).id):
        world.engine.tick(now=world.now)
    world.http.always(Answer(200), path="/owner")
    world.passes(minutes=2)
    world.expects_log("page.reached_nobody")
    assert "owner" in {one.to for one in world.received()}
    world.resolves("owner", alert)


def test_what_came_to_its_end_and_has_nothing_that_tries_again_is_found_and_tried(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    nobody_is_on_call(world)
    world.http.always(Answer(410), path="/owner")
    alert = world.fires("errors")
    world.expects_log("page.reached_nobody")
    world.received()
    Timer.objects.filter(kind="escalation.try_again").delete()
    world.http.always(Answer(200), path="/owner")
    [found] = world.watchdog.check(now=world.now)
    assert found.check == "reached_nobody"
    world.expects_log("invariant.broken")
    world.expects_log("alert.driven_again")
    world.settle()
    assert "owner" in {one.to for one in world.received()}
    world.resolves("owner", alert)


def test_what_failed_and_is_then_held_by_somebody_is_as_near_to_quarantine_as_before(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    incident = world.declares("sev1")
    ladder = Timer.objects.filter(kind="incident.ladder", subject_id=incident.id)
    ladder.update(failures=2, last_error="a defect", due_at=world.now)
    with somebody_holds(Incident, incident.id):
        world.engine.tick(now=world.now)
    held = ladder.get()
    assert (held.failures, held.last_error) == (2, "a defect")
    assert held.due_at > world.now
    world.passes(seconds=1)
    assert ladder.get().failures == 0  # it went well, and set the next one
    world.received()
    world.ends(incident)


def test_maintenance_that_ends_while_an_alert_opens_does_not_hold_it(world: World) -> None:
    window = maintains(world)
    opened: list[Alert] = []
    with transaction.atomic():
        cancel_maintenance(window.id, actor=world.person("owner"), now=world.now + timedelta(seconds=1))
        other = in_another_thread(lambda: opened.append(world.opens("errors")))
        wait_until_somebody_waits_for_a_lock()
    other.join(20)
    world.passes(seconds=2)
    assert "primary" in {one.to for one in world.received()}
    world.resolves("owner", opened[0])


def test_what_a_window_held_and_its_timer_forgot_is_found_and_woken(world: World) -> None:
    window = maintains(world)
    alert = world.fires("errors")
    world.expects_nothing()
    MaintenanceWindow.objects.filter(id=window.id).update(ends_at=world.now + timedelta(seconds=1))
    world.passes(minutes=2)
    assert "held_too_long" in {one.check for one in world.watchdog.check(now=world.now)}
    world.expects_log("invariant.broken")
    world.expects_log("alert.woken_again")
    world.settle()
    assert "primary" in {one.to for one in world.received()}
    world.resolves("owner", alert)


@pytest.mark.parametrize("incident_world", ["real"], indirect=True)
def test_a_web_host_whose_clock_is_ahead_ends_maintenance_now(incident_world: IncidentWorld) -> None:
    world = incident_world
    window = maintains(world)
    alert = world.fires("errors")
    cancel_maintenance(window.id, actor=world.person("owner"), now=world.now + timedelta(minutes=10))
    world.clock.move_to(DatabaseClock().now())
    world.settle()
    assert "primary" in {one.to for one in world.received()}
    world.resolves("owner", alert)
    other = world.fires("errors of another kind")
    assert "primary" in {one.to for one in world.received()}
    world.resolves("owner", other)
