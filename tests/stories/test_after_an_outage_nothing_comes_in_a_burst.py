"""An engine that was down for hours takes one step a run and goes on from there; what was answered stays quiet."""

from tests.harness.world import World


def test_one_overdue_step_and_then_the_usual_pace(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    world.pauses(hours=6)
    world.settle()
    came = world.received()
    assert sorted((one.to, one.by) for one in came) == [("primary", "email"), ("secondary", "webhook")]
    world.passes(minutes=9, seconds=59)
    assert not [one for one in world.received() if one.to == "manager"]
    world.passes(seconds=1)
    world.expects(("manager", "webhook"))
    world.resolves("manager", alert)


def test_what_was_resolved_meanwhile_is_not_paged(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    world.pauses(hours=1)
    world.resolves("primary", alert)
    world.passes(hours=6)
    world.expects_nothing()
