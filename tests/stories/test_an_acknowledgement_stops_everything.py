"""Whoever acknowledges has it: nothing that has not left yet leaves, and nobody further is paged."""

from datetime import timedelta

from tests.harness.world import World


def test_no_more_messages_and_no_next_level(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    done = world.acknowledges("primary", alert)
    assert (done.state, done.acknowledged_by) == ("acknowledged", "Primary")

    world.passes(minutes=29)
    world.expects_nothing()


def test_the_second_to_acknowledge_is_told_who_has_it(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    world.acknowledges("primary", alert)
    again = world.acknowledges("manager", alert)
    assert again.acknowledged_by == "Primary"
    assert world.timeline(alert).count("alert.acknowledged") == 1


def test_an_acknowledgement_without_a_resolution_pages_again_after_half_an_hour(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    acknowledged_at = world.now
    world.acknowledges("primary", alert)
    world.passes(minutes=30)
    [again] = world.expects(("primary", "webhook"))
    assert again.at == acknowledged_at + timedelta(minutes=30)
    assert "alert.acknowledgement_expired" in world.timeline(alert)
    world.resolves("primary", alert)
    world.passes(hours=2)
    world.expects_nothing()
