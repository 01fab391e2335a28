"""A step that resolves to nobody never costs its time-out: the next one is taken in the same breath."""

from tests.harness.world import World
from watchbill.domain.access.models import User


def test_an_empty_schedule_is_passed(world: World) -> None:
    empty = world.cast.schedule("night-watch", [])
    world.cast.change_policy(
        world.cast.policy,
        [
            ([world.cast.target("schedule", empty)], 300),
            ([world.cast.target("schedule", world.cast.second)], 600),
        ],
    )
    alert = world.fires()
    [page] = world.expects(("secondary", "webhook"))
    assert page.reason.endswith("level 1 was passed at once, because nobody is on call in night-watch")
    assert world.timeline(alert)[:3] == ["alert.triggered", "escalation.nobody", "escalation.paged"]
    world.resolves("secondary", alert)


def test_a_disabled_person_is_nobody(world: World) -> None:
    User.objects.filter(id=world.cast.people["primary"].id).update(is_active=False)
    alert = world.fires()
    [page] = world.expects(("secondary", "webhook"))
    assert "Primary is disabled" in page.reason
    world.resolves("secondary", alert)


def test_a_person_without_a_usable_contact_is_nobody(world: World) -> None:
    world.cast.people["primary"].contacts.update(verified_at=None)
    alert = world.fires()
    [page] = world.expects(("secondary", "webhook"))
    assert "Primary has no usable contact" in page.reason
    world.resolves("secondary", alert)


def test_a_whole_policy_of_nobody_pages_the_fallback_in_the_same_second(world: World) -> None:
    empty = world.cast.schedule("night-watch", [])
    world.cast.change_policy(world.cast.policy, [([world.cast.target("schedule", empty)], 300)] * 3, repeat=5)
    alert = world.fires()
    [page] = world.expects(("owner", "webhook"))
    assert page.at == world.now
    assert world.timeline(alert).count("escalation.nobody") == 3
    world.resolves("owner", alert)


def test_a_service_without_a_policy_pages_the_fallback(world: World) -> None:
    world.cast.service.policy = None
    world.cast.service.save()
    alert = world.fires()
    world.expects(("owner", "webhook"))
    world.resolves("owner", alert)


def test_when_even_the_fallback_is_nobody_it_is_shouted(world: World) -> None:
    world.cast.people["owner"].contacts.update(verified_at=None)
    world.cast.service.policy = None
    world.cast.service.save()
    alert = world.fires()
    world.expects_nothing()
    world.expects_log("escalation.reached_nobody")
    assert world.timeline(alert) == ["alert.triggered", "escalation.exhausted"]
    world.resolves("owner", alert)
