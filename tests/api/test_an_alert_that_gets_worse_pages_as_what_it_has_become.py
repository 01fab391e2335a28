"""Nagios and its kin use one key for warning and critical: what told somebody quietly must still be able to wake."""

import pytest

from tests.api.test_pagerduty_clients_need_only_another_address import event
from tests.harness.cast import Cast
from tests.harness.sender import Door
from watchbill.domain.alerts import actions as alerts
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.services.models import Service, UrgencyRule
from watchbill.domain.timers.models import Timer
from watchbill.ground.clock import SystemClock


@pytest.fixture
def door(cast: Cast, door: Door) -> Door:
    Service.objects.filter(id=cast.service.id).update(urgency_rule=UrgencyRule.BY_SEVERITY)
    return door


def _send(door: Door, severity: str, summary: str = "disk", **more: object) -> None:
    body = event(key="disk")
    body["payload"] |= {"severity": severity, "summary": summary}
    assert door.send("/v2/enqueue", body, **more).status == 202


def test_a_warning_that_becomes_critical_escalates_from_the_top_as_urgent(door: Door) -> None:
    _send(door, "warning", "disk 80 % full")
    run = Run.objects.get()
    Run.objects.update(state=RunState.NOTIFIED, level=1, ended_at=SystemClock().now(), end_reason="low urgency")
    Timer.objects.all().delete()

    _send(door, "critical", "disk full")

    alert = Alert.objects.get()
    assert (alert.severity, alert.urgency, alert.summary, alert.events_count) == ("critical", "high", "disk full", 2)
    again = Run.objects.get(id=run.id)
    assert (again.state, again.urgency, again.level, again.generation) == (RunState.LIVE, "high", 0, run.generation + 1)
    timer = Timer.objects.get()
    assert (timer.kind, timer.subject_id, timer.generation) == ("escalation.step", run.id, again.generation)
    assert Entry.objects.filter(action="alert.raised", subject_id=alert.id).count() == 1


def test_what_gets_better_or_stays_as_bad_changes_nothing(door: Door) -> None:
    _send(door, "critical", "disk full")
    _send(door, "warning", "disk 80 % full")
    _send(door, "critical", "disk full again")
    alert, run = Alert.objects.get(), Run.objects.get()
    assert (alert.severity, alert.urgency, alert.summary, alert.events_count) == ("critical", "high", "disk full", 3)
    assert run.generation == 1


def test_whoever_has_acknowledged_it_keeps_it_and_it_pages_as_urgent_if_he_lets_it_lie(door: Door, cast: Cast) -> None:
    _send(door, "warning")
    actor = Actor(kind="person", label="Primary", via="web", id=cast.people["primary"].id)
    alerts.acknowledge(alert_id=Alert.objects.get().id, actor=actor, now=SystemClock().now())

    _send(door, "critical")

    alert, run = Alert.objects.get(), Run.objects.get()
    assert (alert.state, alert.acknowledged_by, alert.urgency) == ("acknowledged", "Primary", "high")
    assert (run.state, run.urgency) == (RunState.STOPPED, "high")
    assert not Timer.objects.filter(kind="escalation.step").exists()


def test_of_several_in_one_commit_the_worst_one_counts(door: Door) -> None:
    bodies = []
    for severity in ("info", "critical", "warning"):
        body = event(key="disk")
        body["payload"]["severity"] = severity
        bodies.append(("/v2/enqueue", body))
    assert {reply.status for reply in door.together(bodies)} == {202}
    alert = Alert.objects.get()
    assert (alert.severity, alert.urgency, alert.events_count) == ("critical", "high", 3)


def test_beside_an_idempotency_key_it_is_raised_as_well(door: Door) -> None:
    _send(door, "warning")
    _send(door, "critical", headers={"idempotency-key": "second"})
    assert Alert.objects.get().urgency == "high"
