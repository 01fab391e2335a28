"""The main job: primary, five minutes later secondary, ten minutes later the manager, then the fallback."""

from tests.harness.world import World


def test_each_level_waits_its_own_time(world: World) -> None:
    alert = world.fires("disk-full")
    [first] = world.expects(("primary", "webhook"))
    assert first.alerts == ("disk-full",)
    assert first.reason == "Level 1 of payments v1, schedule payments-primary: the first to be paged"

    world.passes(minutes=1)
    world.expects(("primary", "email"))
    world.passes(minutes=3, seconds=59)
    world.expects_nothing()

    world.passes(seconds=1)
    [second] = world.expects(("secondary", "webhook"))
    assert second.reason.endswith("level 1 did not acknowledge within 5 min")
    world.passes(minutes=1)
    world.expects(("secondary", "email"))

    world.passes(minutes=9)
    world.expects(("manager", "webhook"))
    world.passes(minutes=1)
    world.expects(("manager", "email"))

    world.passes(minutes=14)
    [fallback] = world.expects(("owner", "webhook"))
    assert "every level of payments v1 was tried" in fallback.reason
    world.passes(minutes=1)
    world.expects(("owner", "email"))

    world.passes(hours=5)
    world.expects_nothing()
    assert world.timeline(alert).count("escalation.exhausted") == 1
