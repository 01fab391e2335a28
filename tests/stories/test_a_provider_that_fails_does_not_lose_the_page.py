"""Retries, the next rule, the next level: a page always finds a way, and a dead address is put to rest."""

from datetime import timedelta

from tests.harness.carriers import Answer
from tests.harness.world import World
from watchbill.domain.people.models import ContactMethod


def test_five_hundred_for_a_minute_and_then_it_arrives(world: World) -> None:
    cast = world.cast
    cast.rules("primary", "high", [(cast.contacts["primary", "hook"], 0)])
    world.http.answer_with(*[Answer(status=500)] * 4, path="/primary")
    alert = world.fires()
    start = world.now
    world.passes(minutes=2)
    came = world.received()
    assert [one.to for one in came] == ["primary"] * 5
    assert came[-1].at - start == timedelta(seconds=5 + 10 + 20 + 40)
    assert world.timeline(alert).count("page.failed") == 4
    assert world.timeline(alert).count("page.sent") == 1
    world.resolves("primary", alert)


def test_a_definite_refusal_uses_the_next_rule_now(world: World) -> None:
    world.http.always(Answer(status=400), path="/primary")
    alert = world.fires()
    came = world.received()
    assert [(one.to, one.by) for one in came] == [("primary", "email"), ("primary", "webhook")]
    assert {one.at for one in came} == {world.now}
    world.resolves("primary", alert)


def test_a_dead_address_is_disabled_and_not_used_again(world: World) -> None:
    world.http.always(Answer(status=410), path="/primary")
    first = world.fires("first")
    world.received()
    contact = ContactMethod.objects.get(id=world.cast.contacts["primary", "hook"].id)
    assert contact.disabled_at == world.now
    second = world.fires("second")
    world.expects(("primary", "email"))
    world.resolves("primary", first)
    world.resolves("primary", second)


def test_when_every_way_fails_the_next_level_is_paged_at_once(world: World) -> None:
    cast = world.cast
    cast.rules("primary", "high", [(cast.contacts["primary", "hook"], 0)])
    world.http.always(Answer(status=400), path="/primary")
    alert = world.fires()
    came = world.received()
    assert sorted(one.to for one in came) == ["primary", "secondary"]
    world.expects_log("page.reached_nobody")
    world.resolves("secondary", alert)


def test_retry_after_is_obeyed_while_the_next_rule_goes_on(world: World) -> None:
    world.http.answer_with(Answer(status=429, headers={"Retry-After": "90"}), path="/primary")
    alert = world.fires()
    start = world.now
    world.passes(minutes=2)
    came = [(one.by, (one.at - start).total_seconds()) for one in world.received() if one.to == "primary"]
    assert came == [("webhook", 0), ("email", 60), ("webhook", 90)]
    world.resolves("primary", alert)
