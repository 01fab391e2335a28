"""Low urgency uses the low rules and wakes nobody further."""

from tests.harness.world import World


def test_only_the_first_level_is_told(world: World) -> None:
    alert = world.fires(urgency="low")
    world.expects(("primary", "email"))
    world.passes(hours=3)
    world.expects_nothing()
    assert world.fresh(alert).state == "triggered"


def test_a_first_level_of_nobody_hands_over_to_the_second(world: World) -> None:
    world.cast.people["primary"].contacts.update(verified_at=None)
    world.fires(urgency="low")
    world.expects(("secondary", "email"))
    world.passes(hours=3)
    world.expects_nothing()
