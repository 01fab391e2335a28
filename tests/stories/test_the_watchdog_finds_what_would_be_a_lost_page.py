"""Each minute the invariants are looked at: said aloud, and an alert that nothing drives is driven again."""

from datetime import timedelta

import pytest
from django.db import connection

from tests.harness.world import World
from watchbill.domain.alerts import actions as alerts
from watchbill.domain.audit.models import Seal
from watchbill.domain.escalation.models import PolicyVersion, Run
from watchbill.domain.paging.models import Attempt, Delivery, Page
from watchbill.domain.people.models import FallbackRecipient
from watchbill.domain.timers.models import Timer
from watchbill.engine.watchdog import OutsideWatcher, Watchdog
from watchbill.ground.network_guard import parse_networks


def looks(world: World) -> list[str]:
    world.watchdog.seal(now=world.now)
    return [broken.check for broken in world.watchdog.check(now=world.now)]


def watcher(world: World, *, age: float = 0.0) -> Watchdog:
    outside = OutsideWatcher(url=f"{world.http.url}/alive", allowed_networks=parse_networks("127.0.0.0/8"))
    return Watchdog(watcher=outside, cycle_age_seconds=lambda: age)


def pings(world: World) -> int:
    found = [request for request in world.http.requests if request.path == "/alive"]
    for request in found:
        world.http.requests.remove(request)
    return len(found)


def test_nothing_is_wrong_in_an_ordinary_life(world: World) -> None:
    alert = world.fires("disk-full")
    assert looks(world) == []
    world.passes(minutes=6)
    assert looks(world) == []
    world.acknowledges("secondary", alert)
    assert looks(world) == []
    world.received()
    assert Seal.objects.count() > 3


@pytest.mark.parametrize("lost", ["timer", "run", "stopped", "other generation"])
def test_an_alert_that_nothing_drives_is_driven_again_and_pages(world: World, lost: str) -> None:
    alert = world.fires("disk-full")
    world.expects(("primary", "webhook"))
    run = Run.objects.get(subject_id=alert.id)
    match lost:
        case "timer":
            Timer.objects.filter(subject_id=run.id).delete()
        case "run":
            Timer.objects.filter(subject_id=run.id).delete()
            run.delete()
        case "stopped":
            Timer.objects.filter(subject_id=run.id).delete()
            Run.objects.filter(id=run.id).update(state="stopped")
        case _:
            Timer.objects.filter(subject_id=run.id).update(generation=7)
    assert looks(world) == ["driverless"]
    world.settle()
    assert looks(world) == []
    world.expects_log("invariant.broken")
    world.expects_log("alert.driven_again")
    assert world.timeline(alert).count("alert.driven_again") == 1
    to = {"timer": "secondary", "other generation": "secondary"}.get(lost, "primary")
    assert (to, "webhook") in [(one.to, one.by) for one in world.received()]


def test_what_somebody_has_or_what_is_over_is_not_driven(world: World) -> None:
    held, over = world.fires("held"), world.fires("over")
    world.acknowledges("primary", held)
    world.resolves("primary", over)
    world.received()
    assert looks(world) == []


@pytest.mark.parametrize(
    ("check", "spoil"),
    [
        ("page_without_way", lambda: Delivery.objects.update(state="failed")),
        ("queued_for_closed_page", lambda: Page.objects.update(state="cancelled")),
        ("attempt_beyond_lease", lambda: Attempt.objects.update(state="sending")),
        ("timer_late", lambda: Timer.objects.update(due_at="2026-03-02T10:00:00Z")),
        ("page_late", lambda: Delivery.objects.filter(state="queued").update(due_at="2026-03-02T10:00:00Z")),
        ("timer_without_run", lambda: Run.objects.update(state="notified")),
    ],
)
def test_each_thing_that_may_not_be_is_named_and_left_alone(world: World, check: str, spoil: object) -> None:
    world.fires("disk-full")
    world.expects(("primary", "webhook"))
    world.pauses(seconds=50)
    spoil()  # type: ignore[operator]
    if check == "attempt_beyond_lease":
        world.pauses(minutes=3)
    assert check in looks(world)
    assert check in looks(world)
    world.expects_log("invariant.broken")
    with connection.cursor() as cursor:  # this world is beyond repair, and its last look would say so
        cursor.execute(
            "TRUNCATE alerts_alert, escalation_run, timers_timer, paging_page, paging_attempt, paging_delivery CASCADE"
        )


def test_a_snooze_that_nothing_ends_is_named_and_ended_when_its_time_comes(world: World) -> None:
    alert = world.fires("disk-full")
    world.expects(("primary", "webhook"))
    until = world.now + timedelta(hours=1)
    alerts.snooze(alert_id=alert.id, until=until, actor=world.person("primary"), now=world.now)
    Timer.objects.filter(kind="alert.snooze_ends").delete()
    assert looks(world) == ["silent_for_ever"]
    assert looks(world) == []
    world.passes(minutes=61)
    world.expects_log("invariant.broken")
    world.expects_log("alert.woken_again")
    assert "primary" in {one.to for one in world.received()}
    world.resolves("primary", alert)


def test_an_audit_trail_that_is_not_sealed_is_said(world: World) -> None:
    world.fires("disk-full")
    world.expects(("primary", "webhook"))
    world.clock.at += timedelta(seconds=55)
    assert world.watchdog.check(now=world.now) == []
    world.clock.at += timedelta(seconds=6)
    assert [broken.check for broken in world.watchdog.check(now=world.now)] == ["unsealed"]
    world.expects_log("invariant.broken")
    world.settle()
    world.received()


def test_the_outside_watcher_hears_us_only_while_all_is_well(world: World) -> None:
    well, late = watcher(world), watcher(world, age=61.0)
    well.check(now=world.now)
    assert pings(world) == 1
    late.check(now=world.now)
    assert pings(world) == 0
    world.expects_log("engine.cycle.late")
    alert = world.fires("disk-full")
    world.received()
    Timer.objects.all().delete()
    well.check(now=world.now)
    assert [request.path for request in world.http.requests].count("/alive") == 0
    world.expects_log("invariant.broken")
    world.expects_log("alert.driven_again")
    world.settle()
    world.acknowledges("primary", alert)
    world.received()


def test_a_policy_that_cannot_be_followed_pages_the_fallback_by_every_way(world: World) -> None:
    """A definition that no code can read: three tries, then the last resort. Others' pages go out meanwhile."""
    healthy = world.cast.make_policy("healthy", [([world.cast.target("user", world.cast.people["manager"])], 300)])
    other = world.cast.add_integration(
        type(world.cast.service).objects.create(
            name="search", team=world.cast.team, policy=healthy, created_at=world.now
        ),
        "R" + "9" * 31,
    )
    PolicyVersion.objects.filter(policy=world.cast.policy).update(definition={"levels": "poison"})
    alert = world.fires("disk-full")
    world.fires("fine", integration=other)
    world.passes(seconds=30)
    came = world.received()
    assert [(one.to, one.by) for one in came if one.alerts == ("fine",)] == [("manager", "webhook")]
    last = [one for one in came if one.alerts != ("fine",)]
    assert sorted((one.to, one.by) for one in last) == [("owner", "email"), ("owner", "webhook")]
    assert all(one.at <= world.now for one in last)
    assert world.timeline(alert)[1:2] == ["escalation.exhausted"]
    assert Run.objects.get(subject_id=alert.id).state == "exhausted"
    assert not Timer.objects.filter(subject_id=Run.objects.get(subject_id=alert.id).id).exists()
    world.expects_log("engine.batch.failed")
    world.expects_log("engine.timer.failed")
    world.expects_log("engine.timer.quarantined")
    assert looks(world) == []


def test_a_last_resort_without_anybody_is_the_loudest_thing(world: World) -> None:
    FallbackRecipient.objects.all().delete()
    PolicyVersion.objects.filter(policy=world.cast.policy).update(definition={"levels": "poison"})
    alert = world.fires("disk-full")
    world.passes(seconds=30)
    world.expects_nothing()
    for event in (
        "engine.batch.failed",
        "engine.timer.failed",
        "engine.timer.quarantined",
        "escalation.reached_nobody",
    ):
        world.expects_log(event)
    assert looks(world) == ["reached_nobody"]
    world.expects_log("invariant.broken")
    world.resolves("primary", alert)
    assert looks(world) == []
