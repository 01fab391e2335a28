"""Two levels, repeated once: four pages in order, then the fallback."""

from tests.harness.world import World


def test_the_rounds_follow_each_other(world: World) -> None:
    cast = world.cast
    cast.rules("primary", "high", [(cast.contacts["primary", "hook"], 0)])
    cast.rules("secondary", "high", [(cast.contacts["secondary", "hook"], 0)])
    levels = [([cast.target("schedule", cast.first)], 60), ([cast.target("schedule", cast.second)], 120)]
    cast.change_policy(cast.policy, levels, repeat=1)
    alert = world.fires()
    start = world.now
    world.passes(minutes=20)
    came = world.received()
    assert [(one.to, (one.at - start).total_seconds()) for one in came if one.by == "webhook"] == [
        ("primary", 0),
        ("secondary", 60),
        ("primary", 180),
        ("secondary", 240),
        ("owner", 360),
    ]
    assert "Round 2, level 1" in came[2].reason
    world.resolves("owner", alert)
