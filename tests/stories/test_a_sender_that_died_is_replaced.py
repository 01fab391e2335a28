"""Intent, act, outcome: a crash in between rings twice, never zero times; who wakes too late records nothing."""

from tests.harness.carriers import Answer
from tests.harness.world import World
from watchbill.domain.paging.contract import Delivered
from watchbill.domain.paging.models import Attempt
from watchbill.domain.paging.rules import TRIES_MAX


def _claimed_but_never_sent(world: World) -> list:
    """The engine takes its step; the sender claims, and dies."""
    from watchbill.domain.alerts.source_actions import open_alert
    from watchbill.domain.audit.contract import Actor

    open_alert(
        integration=world.cast.integration,
        dedup_key="disk-full",
        summary="disk-full",
        severity="critical",
        urgency="high",
        actor=Actor(kind="source", label="monitoring", via="ingest"),
        now=world.now,
    )
    assert world.engine.tick(now=world.now) == 1
    claimed = world.sender.claim(now=world.now)
    assert len(claimed) == 1
    return claimed


def test_the_page_is_sent_again_when_the_lease_runs_out(world: World) -> None:
    _claimed_but_never_sent(world)
    world.passes(seconds=34)
    world.expects_nothing()
    world.passes(seconds=2)
    world.expects(("primary", "webhook"))
    assert list(Attempt.objects.order_by("started_at").values_list("state", flat=True)) == ["expired", "delivered"]


def test_the_late_sender_cannot_write_over_the_new_one(world: World) -> None:
    [(intent, _)] = _claimed_but_never_sent(world)
    world.passes(seconds=36)
    world.expects(("primary", "webhook"))
    world.sender.record([(intent, Delivered("late"))], now=world.now)
    assert Attempt.objects.get(id=intent.attempt_id).state == "expired"


def test_a_sender_that_dies_three_times_leaves_it_to_the_other_rules(world: World) -> None:
    _claimed_but_never_sent(world)
    claimed = []
    for _ in range(2):
        world.pauses(seconds=36)
        claimed.append(sorted(intent.kind for intent, _ in world.sender.claim(now=world.now)))
    assert claimed == [["webhook"], ["email", "webhook"]]  # the mail's own time came after a minute
    world.pauses(seconds=36)
    world.settle()
    world.expects(("primary", "email"))


def test_what_was_answered_meanwhile_is_not_sent_again(world: World) -> None:
    [(intent, _)] = _claimed_but_never_sent(world)
    from watchbill.domain.alerts.models import Alert

    world.resolves("primary", Alert.objects.get())
    world.passes(minutes=5)
    world.expects_nothing()
    assert Attempt.objects.get(id=intent.attempt_id).state == "expired"


def test_what_the_provider_turned_down_before_is_not_counted_against_a_sender_that_dies(world: World) -> None:
    world.cast.rules("primary", "high", [(world.cast.contacts["primary", "hook"], 0)])
    world.http.answer_with(Answer(status=500), Answer(status=500), path="/primary")
    alert = world.fires()
    world.passes(seconds=5)
    assert [one.to for one in world.received()] == ["primary"] * 2
    world.pauses(seconds=10)
    assert len(world.sender.claim(now=world.now)) == 1  # and dies
    world.passes(seconds=36)
    world.expects(("primary", "webhook"))
    assert world.timeline(alert)[-1] == "page.sent"
    world.resolves("primary", alert)


def test_a_sender_that_died_takes_nothing_from_what_a_provider_gets(world: World) -> None:
    world.cast.rules("primary", "high", [(world.cast.contacts["primary", "hook"], 0)])
    _claimed_but_never_sent(world)
    world.http.answer_with(*[Answer(status=500)] * (TRIES_MAX - 1), path="/primary")
    world.passes(minutes=5, seconds=30)
    assert [one.to for one in world.received() if one.to == "primary"] == ["primary"] * TRIES_MAX
