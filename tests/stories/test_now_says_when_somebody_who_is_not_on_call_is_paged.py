"""Not on call is not out of reach: a level or the fallback may name the person, and Now says after how long."""

from django.test import Client

from tests.harness.world import World

NOTHING = "Nothing will page you"


def now_of(world: World, name: str) -> str:
    browser = Client()
    browser.force_login(world.cast.people[name])
    return browser.get("/").content.decode()


def test_a_manager_is_told_the_level_and_the_wait(world: World) -> None:
    shown = now_of(world, "manager")
    when = "paged if nobody answers for 15 min, at once if nobody before can be reached"
    assert f"You are <bdi>level 3 of payments: {when}</bdi>" in shown
    assert NOTHING not in shown


def test_the_fallback_is_told_so(world: World) -> None:
    shown = now_of(world, "owner")
    assert "You are <bdi>the fallback: paged when nobody of a whole policy has answered</bdi>" in shown
    assert NOTHING not in shown


def test_whoever_is_named_nowhere_is_left_alone(world: World) -> None:
    world.cast.person("stranger")
    assert NOTHING in now_of(world, "stranger")


def test_a_policy_that_was_put_away_names_nobody(world: World) -> None:
    world.cast.policy.archived_at = world.now
    world.cast.policy.save()
    assert NOTHING in now_of(world, "manager")
