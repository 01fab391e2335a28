"""The plan is frozen when an alert opens."""

from tests.harness.world import World


def test_the_running_alert_keeps_its_plan(world: World) -> None:
    cast = world.cast
    running = world.fires("first")
    world.expects(("primary", "webhook"))
    cast.change_policy(cast.policy, [([cast.target("team-manager", cast.team)], 60)])

    later = world.fires("second")
    world.expects(("manager", "webhook"))
    world.resolves("manager", later)

    world.passes(minutes=5)
    came = world.received()
    assert [(one.to, one.by) for one in came] == [("primary", "email"), ("secondary", "webhook")]
    assert "Level 2 of payments v1" in came[-1].reason
    world.resolves("secondary", running)
