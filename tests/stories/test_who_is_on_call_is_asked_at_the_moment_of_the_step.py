"""An override, a hand-off, a person that left: what holds is who is on call when the step is taken."""

from datetime import UTC, datetime, timedelta

from tests.harness.world import World


def test_an_override_is_paged_instead(world: World) -> None:
    world.cast.override(world.cast.first, "manager", world.now - timedelta(hours=1), world.now + timedelta(hours=1))
    alert = world.fires()
    world.expects(("manager", "webhook"))
    world.resolves("manager", alert)


def test_a_hand_off_between_two_levels_counts(world: World) -> None:
    cast = world.cast
    handed_over = cast.schedule("both", ["primary", "secondary"])  # hands over on Monday 10:00 in Berlin
    levels = [([cast.target("schedule", handed_over)], 300), ([cast.target("schedule", handed_over)], 300)]
    cast.change_policy(cast.policy, levels)
    world.clock.move_to(datetime(2026, 3, 9, 8, 58, tzinfo=UTC))
    alert = world.fires()
    [before] = world.received()
    world.passes(minutes=5)
    after = [one for one in world.received() if one.by == "webhook"]
    assert {before.to, after[0].to} == {"primary", "secondary"}
    world.resolves("manager", alert)
