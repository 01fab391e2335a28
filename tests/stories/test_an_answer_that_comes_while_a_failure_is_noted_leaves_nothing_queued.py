"""Two write to the same page at once: one notes that a provider failed, the other that somebody answered."""

import threading
from collections.abc import Callable

from django.db import connection, transaction

from tests.harness.carriers import Answer
from tests.harness.world import World
from watchbill.domain.alerts import actions as alerts
from watchbill.domain.alerts.models import Alert
from watchbill.domain.escalation.models import Run
from watchbill.domain.paging.contract import RetryLater
from watchbill.domain.paging.models import Delivery, DeliveryState, PageState
from watchbill.domain.timers.models import Timer


def test_an_acknowledgement_under_way_is_waited_for_and_then_nothing_is_tried_again(world: World) -> None:
    alert, claimed = _about_to_fail(world)
    noting = _in_a_thread(lambda: world.sender.record([(claimed, RetryLater("answered 500"))], now=world.now))

    with transaction.atomic():
        alerts.acknowledge(alert_id=alert.id, actor=world.person("primary"), now=world.now)
        noting.start()
        noting.join(0.5)
        assert noting.is_alive()  # it waits for what becomes of the page
    noting.join(10)

    queued = Delivery.objects.filter(state=DeliveryState.QUEUED).exclude(page__state=PageState.ACTIVE)
    assert not queued.exists()
    world.received()
    world.resolves("primary", alert)


def test_a_failure_that_is_noted_first_is_called_off_by_the_acknowledgement(world: World) -> None:
    alert, claimed = _about_to_fail(world)
    acknowledging = _in_a_thread(
        lambda: alerts.acknowledge(alert_id=alert.id, actor=world.person("primary"), now=world.now)
    )

    with transaction.atomic():
        world.sender.record([(claimed, RetryLater("answered 500"))], now=world.now)
        acknowledging.start()
        acknowledging.join(0.5)
        assert acknowledging.is_alive()
    acknowledging.join(10)

    assert not Delivery.objects.filter(state=DeliveryState.QUEUED).exists()
    world.received()
    world.resolves("primary", alert)


def test_a_step_that_falls_due_while_somebody_changes_the_run_comes_a_blink_later(world: World) -> None:
    alert = world.fires()
    world.received()
    run = Run.objects.get(subject_id=alert.id)
    world.pauses(minutes=5)
    done, locked = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Run.objects.select_for_update().get(id=run.id)
            locked.set()
            done.wait(10)

    holding = _in_a_thread(hold)
    holding.start()
    locked.wait(10)
    world.engine.tick(now=world.now)  # neither waits nor loses the timer
    assert Timer.objects.filter(subject_id=run.id, generation=run.generation).exists()
    done.set()
    holding.join(10)

    world.passes(seconds=1)
    world.expects(("primary", "email"), ("secondary", "webhook"))
    world.resolves("primary", alert)


def _about_to_fail(world: World) -> tuple[Alert, object]:
    cast = world.cast
    cast.rules("primary", "high", [(cast.contacts["primary", "hook"], 0)])
    world.http.answer_with(Answer(status=500), path="/primary")
    alert = world.opens()
    world.engine.tick(now=world.now)
    [(claimed, _)] = world.sender.claim(now=world.now)
    return alert, claimed


def _in_a_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return threading.Thread(target=run)
