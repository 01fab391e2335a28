"""The engine goes by the database's clock. What a web host says is due now is due now, also when its clock is ahead."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.api.test_pagerduty_clients_need_only_another_address import event
from tests.harness.alerts import fire
from tests.harness.cast import Cast
from tests.harness.sender import Door
from watchbill.composition import build_engine, ways
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.contract import Actor
from watchbill.domain.escalation.rules import Target
from watchbill.domain.incidents.actions import Declaration, declare, escalate_to_tier
from watchbill.domain.paging.models import Delivery, Page
from watchbill.domain.services.models import MaintenanceWindow
from watchbill.domain.timers.models import Timer
from watchbill.ground.clock import DatabaseClock, ManualClock

WRONG_BY = timedelta(minutes=10)


@pytest.fixture
def ahead(cast: Cast) -> Iterator[Door]:
    with Door(clock=ManualClock(DatabaseClock().now() + WRONG_BY)) as made:
        yield made


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "once"}], ids=["plainly", "with a key"])
def test_a_new_alert_pages_at_once(ahead: Door, cast: Cast, headers: dict[str, str]) -> None:
    assert ahead.send("/v2/enqueue", event(), headers=headers).status == 202
    now = DatabaseClock().now()
    assert Timer.objects.get().due_at <= now
    assert Alert.objects.get().opened_at > now  # what the host saw stays on record as it saw it
    assert build_engine().tick(now=now) == 1
    assert Page.objects.get().user == cast.people["primary"]


def test_the_end_of_a_maintenance_window_stays_where_it_is(ahead: Door, cast: Cast) -> None:
    now = DatabaseClock().now()
    window = MaintenanceWindow.objects.create(
        service=cast.service, starts_at=now, ends_at=now + timedelta(hours=2), reason="upgrade", created_at=now
    )
    assert ahead.send("/v2/enqueue", event()).status == 202
    assert Timer.objects.get().due_at == window.ends_at
    assert build_engine().tick(now=DatabaseClock().now()) == 0


def test_a_clock_that_is_behind_changes_nothing(cast: Cast) -> None:
    clock = ManualClock(DatabaseClock().now() - WRONG_BY)
    with Door(clock=clock) as behind:
        assert behind.send("/v2/enqueue", event()).status == 202
    assert Timer.objects.get().due_at == clock.now()
    assert build_engine().tick(now=DatabaseClock().now()) == 1


def test_what_people_do_there_pages_at_once_too(cast: Cast) -> None:
    real = DatabaseClock().now()
    wrong = real + WRONG_BY
    actor = Actor(kind="person", label="Primary", via="web", id=cast.people["primary"].id)
    for verb in (
        lambda alert: actions.escalate(alert_id=alert.id, actor=actor, now=wrong),
        lambda alert: actions.reassign(
            alert_id=alert.id,
            targets=[Target(kind="user", id=str(cast.people["manager"].id), label="manager")],
            actor=actor,
            now=wrong,
        ),
    ):
        alert = fire(cast, f"disk-{verb}")
        build_engine().tick(now=DatabaseClock().now())
        before = Page.objects.filter(subject_id=alert.id).count()
        verb(alert)
        build_engine().tick(now=DatabaseClock().now())
        assert Page.objects.filter(subject_id=alert.id).count() > before

    declared = declare(
        Declaration(title="down", severity="sev1", service_id=cast.service.id), actor=actor, now=wrong
    ).incident
    build_engine().tick(now=DatabaseClock().now())
    assert Page.objects.filter(subject_id=declared.id).exists()
    escalate_to_tier(incident_id=declared.id, tier=2, reason="x", actor=actor, ways=ways(), now=wrong)
    late = Delivery.objects.filter(page__subject_id=declared.id, position=0, due_at__gt=DatabaseClock().now())
    assert not late.exists()
