"""A storm for one person: the first leaves at once, the rest in a few messages that name every one."""

from tests.harness.world import World


def test_every_alert_is_in_some_message_and_there_are_few_messages(world: World) -> None:
    world.cast.rules("primary", "high", [(world.cast.contacts["primary", "hook"], 0)])
    from watchbill.domain.alerts.source_actions import open_alert
    from watchbill.domain.audit.contract import Actor

    keys = [f"host-{number:04}" for number in range(150)]
    for key in keys:
        open_alert(
            integration=world.cast.integration,
            dedup_key=key,
            summary=key,
            severity="critical",
            urgency="high",
            actor=Actor(kind="source", label="monitoring", via="ingest"),
            now=world.now,
        )
    world.settle()
    world.passes(seconds=2)
    came = world.received()
    named = [key for one in came for key in one.alerts]
    assert sorted(named) == keys
    assert len(came) <= 25


def test_mail_leaves_as_often_as_its_burst_allows_and_then_bundled_each_minute(world: World) -> None:
    cast = world.cast
    cast.rules("primary", "high", [(cast.contacts["primary", "mail"], 0)])
    for number in range(6):
        world.fires(f"host-{number}")
    came = world.received()
    assert len(came) == 2  # the budget's burst
    world.passes(minutes=2)
    later = [one for one in world.received() if one.to == "primary"]
    assert len(later) == 1
    assert "4" in later[0].alerts[0]


def test_the_first_page_about_another_service_is_never_held_back(world: World) -> None:
    cast = world.cast
    cast.rules("primary", "high", [(cast.contacts["primary", "mail"], 0)])
    for number in range(4):
        world.fires(f"host-{number}")
    world.received()
    from watchbill.domain.services.models import Service

    other = Service.objects.create(name="search", team=cast.team, policy=cast.policy, created_at=world.now)
    integration = cast.add_integration(other, "R" + "1" * 31)
    world.fires("search-down", integration=integration)
    [page] = world.received()
    assert "search-down" in page.alerts[0]
    world.passes(seconds=60)
    world.received()


def test_the_first_urgent_page_is_not_held_behind_quiet_ones(world: World) -> None:
    mail = world.cast.contacts["primary", "mail"]
    for urgency in ("high", "low"):
        world.cast.rules("primary", urgency, [(mail, 0)])
    for number in range(8):
        world.opens(f"quiet-{number}", urgency="low")
    world.settle()
    told = len(world.received())
    assert told < 8  # the budget of mail is used up, and the rest waits
    world.fires("loud", urgency="high")
    [loud] = world.received()
    assert "loud" in loud.alerts[0]
    world.passes(minutes=5)
    world.received()
