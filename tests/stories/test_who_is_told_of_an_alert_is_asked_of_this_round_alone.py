"""Whether the next level must hurry, and when everything is tried again, is decided by whom this round told."""

from datetime import timedelta

import pytest
from django.db import transaction

from tests.harness.carriers import Answer
from tests.harness.world import World
from watchbill.domain.alerts import actions as alerts
from watchbill.domain.alerts.contract import Action, Signal
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.raising_actions import raise_alert

EVERYBODY = ("/owner", "/primary", "/secondary", "/manager")


@pytest.fixture
def hooks_only(world: World) -> World:
    for name in ("owner", "primary", "secondary", "manager"):
        for urgency in ("high", "low"):
            world.cast.rules(name, urgency, [(world.cast.contacts[name, "hook"], 0)])
    return world


def two_together(world: World) -> None:
    """Level 1 is two people, level 2 is their manager."""
    cast = world.cast
    both = [cast.target("user", cast.people[name]) for name in ("primary", "secondary")]
    levels = [(both, 300), ([cast.target("user", cast.people["manager"])], 300)]
    cast.service.policy = cast.make_policy("together", levels)
    cast.service.save()


def test_as_long_as_one_of_a_level_is_told_the_next_level_waits_for_its_time(hooks_only: World) -> None:
    world = hooks_only
    two_together(world)
    world.http.always(Answer(status=404), path="/secondary")
    alert = world.fires()
    start = world.now
    assert sorted(one.to for one in world.received()) == ["primary", "secondary"]
    world.expects_log("page.reached_nobody")
    world.passes(minutes=6)
    assert [(one.to, one.at - start) for one in world.received()] == [("manager", timedelta(minutes=5))]
    world.resolves("manager", alert)


def test_when_the_last_of_a_level_is_lost_the_next_level_does_not_wait(hooks_only: World) -> None:
    world = hooks_only
    two_together(world)
    world.http.always(Answer(status=404), path="/secondary")
    world.http.answer_with(Answer(status=500), Answer(status=404), path="/primary")
    alert = world.fires()
    start = world.now
    world.passes(minutes=1)
    world.expects_log("page.reached_nobody")
    came = {one.to: one.at - start for one in world.received()}
    assert came["manager"] == timedelta(seconds=5)
    world.resolves("manager", alert)


def test_a_page_of_an_earlier_round_that_is_lost_late_hurries_nobody(world: World) -> None:
    cast = world.cast
    cast.rules("primary", "low", [(cast.contacts["primary", "hook"], 0)])
    cast.rules("primary", "high", [(cast.contacts["primary", "mail"], 0)])
    world.http.answer_with(Answer(status=500), Answer(status=500), Answer(status=404), path="/primary")
    alert = world.fires(urgency="low")
    start = world.now
    worse = Signal(action=Action.TRIGGER, dedup_key="disk-full", summary="disk full", severity="critical")
    with transaction.atomic():
        held = Alert.objects.select_for_update().get(id=alert.id)
        raise_alert(held, worse, urgency="high", actor=world.person("owner"), now=world.now)
    world.settle()
    world.passes(minutes=4)
    world.expects_log("page.reached_nobody")
    assert {one.to for one in world.received()} == {"primary"}
    world.passes(seconds=90)
    assert [(one.to, one.at - start) for one in world.received()] == [("secondary", timedelta(minutes=5))]
    world.resolves("secondary", alert)


def test_what_was_told_before_a_snooze_neither_delays_nor_narrows_the_next_try(hooks_only: World) -> None:
    world = hooks_only
    alert = world.fires()
    for time in range(5):
        assert [one.to for one in world.received()] == ["primary"]
        until = world.now + timedelta(minutes=1)
        alerts.snooze(alert_id=alert.id, until=until, actor=world.person("primary"), now=world.now)
        if time == 4:
            for path in EVERYBODY:
                world.http.always(Answer(status=404), path=path)
        world.passes(minutes=1)
    assert {one.to for one in world.received()} == {"owner", "primary", "secondary", "manager"}
    world.expects_log("page.reached_nobody")
    for path in EVERYBODY:
        world.http.always(Answer(), path=path)
    world.passes(seconds=59)
    assert world.received() == []
    world.passes(seconds=1)
    assert [one.to for one in world.received()] == ["primary"]
    world.resolves("primary", alert)
