"""An outage of every provider, however short or long, is not the end of an alert that nobody has."""

from datetime import timedelta

import pytest

from tests.harness.carriers import Answer
from tests.harness.world import World
from watchbill.domain.alerts import actions as alerts
from watchbill.domain.alerts.invariant_reads import broken_invariants
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.reads import NextStep, alert_detail
from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.people.models import ContactMethod, FallbackRecipient
from watchbill.domain.services.models import Service
from watchbill.domain.timers.models import Timer


@pytest.fixture
def hooks_only(world: World) -> World:
    """Everybody has one way only, the webhook."""
    for name in ("owner", "primary", "secondary", "manager"):
        hook = world.cast.contacts[name, "hook"]
        for urgency in ("high", "low"):
            world.cast.rules(name, urgency, [(hook, 0)])
    return world


def test_every_provider_refuses_for_a_moment_and_a_minute_later_the_first_level_is_paged(hooks_only: World) -> None:
    world = hooks_only
    for path in ("/owner", "/primary", "/secondary", "/manager"):
        world.http.always(Answer(status=404), path=path)
    alert = world.fires()
    start = world.now
    assert {one.to for one in world.received()} == {"owner", "primary", "secondary", "manager"}
    assert Run.objects.get(subject_id=alert.id).state == RunState.EXHAUSTED
    assert "reached_nobody" in {one.check for one in broken_invariants(now=world.now)}
    assert _next(world, alert).kind == "try_again"
    world.expects_log("page.reached_nobody")

    _heal(world)
    world.passes(seconds=59)
    assert world.received() == []
    world.passes(seconds=1)

    assert [(one.to, one.at - start) for one in world.received()] == [("primary", timedelta(minutes=1))]
    assert "escalation.tried_again" in world.timeline(alert)
    assert "reached_nobody" not in {one.check for one in broken_invariants(now=world.now)}
    world.resolves("primary", alert)


def test_while_providers_stay_away_the_tries_become_rarer_and_never_end(hooks_only: World) -> None:
    world = hooks_only
    for path in ("/owner", "/primary", "/secondary", "/manager"):
        world.http.always(Answer(status=404), path=path)
    alert = world.fires()
    start = world.now
    world.passes(hours=3)
    world.expects_log("page.reached_nobody")
    tried = sorted({round((one.at - start).total_seconds() / 60) for one in world.received() if one.to == "primary"})
    assert tried == [0, 1, 3, 7, 15, 31, 61, 91, 121, 151]

    _heal(world)
    world.passes(minutes=2)
    assert [one.to for one in world.received()] == ["primary"]
    world.resolves("primary", alert)


def test_only_the_fallback_could_not_be_told_so_only_the_fallback_is_tried_again(hooks_only: World) -> None:
    world = hooks_only
    world.http.always(Answer(status=404), path="/owner")
    alert = world.fires()
    world.passes(minutes=30)
    assert [one.to for one in world.received()] == ["primary", "secondary", "manager", "owner"]
    world.expects_log("page.reached_nobody")

    _heal(world)
    world.passes(minutes=1)

    assert [one.to for one in world.received()] == ["owner"]
    world.resolves("owner", alert)


def test_low_urgency_that_told_nobody_goes_on_to_the_next_level(hooks_only: World) -> None:
    world = hooks_only
    world.http.always(Answer(status=404), path="/primary")
    alert = world.fires(urgency="low")
    assert [one.to for one in world.received()] == ["primary", "secondary"]
    world.expects_log("page.reached_nobody")
    world.resolves("secondary", alert)


def test_a_fallback_of_nobody_is_asked_again_and_reached_once_it_has_a_contact(hooks_only: World) -> None:
    world = hooks_only
    Service.objects.filter(id=world.cast.service.id).update(policy=None)
    ContactMethod.objects.filter(user=world.cast.people["owner"]).update(disabled_at=world.now)
    alert = world.fires()
    world.expects_log("escalation.reached_nobody")
    assert FallbackRecipient.objects.count() == 1
    assert world.received() == []

    ContactMethod.objects.filter(user=world.cast.people["owner"]).update(disabled_at=None)
    world.passes(minutes=1)

    assert [one.to for one in world.received()] == ["owner"]
    world.resolves("owner", alert)


def test_escalate_now_does_not_wait_for_the_next_try(hooks_only: World) -> None:
    world = hooks_only
    for path in ("/owner", "/primary", "/secondary", "/manager"):
        world.http.always(Answer(status=404), path=path)
    alert = world.fires()
    world.received()
    world.expects_log("page.reached_nobody")
    _heal(world)

    alerts.escalate(alert_id=alert.id, actor=world.person("manager"), now=world.now)
    world.settle()

    assert [one.to for one in world.received()] == ["primary"]
    world.resolves("primary", alert)


def test_an_answer_ends_the_tries(hooks_only: World) -> None:
    world = hooks_only
    for path in ("/owner", "/primary", "/secondary", "/manager"):
        world.http.always(Answer(status=404), path=path)
    alert = world.fires()
    world.received()
    world.expects_log("page.reached_nobody")
    world.resolves("manager", alert)
    assert not Timer.objects.exists()


def _next(world: World, alert: Alert) -> NextStep:
    detail = alert_detail(alert.id, ways=world.ways(), now=world.now)
    assert detail is not None
    return detail.next_step


def _heal(world: World) -> None:
    for path in ("/owner", "/primary", "/secondary", "/manager"):
        world.http.always(Answer(), path=path)
