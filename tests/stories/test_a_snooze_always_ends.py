"""A snoozed alert is quiet until its time, then pages from the top."""

from datetime import timedelta

import pytest

from tests.harness.world import World
from watchbill.domain.alerts import actions


def test_it_pages_again_when_the_snooze_ends(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    actions.snooze(
        alert_id=alert.id, until=world.now + timedelta(hours=2), actor=world.person("primary"), now=world.now
    )
    world.passes(hours=1, minutes=59)
    world.expects_nothing()
    world.passes(minutes=1)
    world.expects(("primary", "webhook"))
    assert world.fresh(alert).state == "triggered"
    assert world.fresh(alert).snoozed_until is None
    world.resolves("primary", alert)


@pytest.mark.parametrize("hours", [0, -1, 24 * 7 + 1])
def test_a_snooze_without_an_end_in_a_week_is_refused(world: World, hours: int) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    with pytest.raises(actions.SnoozeRefused, match="until: give a time in the future"):
        actions.snooze(
            alert_id=alert.id, until=world.now + timedelta(hours=hours), actor=world.person("primary"), now=world.now
        )
    world.resolves("primary", alert)


def test_a_resolved_alert_does_not_wake_up(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    actions.snooze(
        alert_id=alert.id, until=world.now + timedelta(hours=1), actor=world.person("primary"), now=world.now
    )
    world.resolves("primary", alert)
    world.passes(hours=3)
    world.expects_nothing()
