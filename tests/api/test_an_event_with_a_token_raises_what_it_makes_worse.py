"""Programs with a token use one key for warning and critical: what told quietly must still be able to wake."""

import pytest

from tests.harness.api import ApiCaller, caller
from tests.harness.world import World
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.services.models import IntegrationKind, UrgencyRule
from watchbill.ground.clock import SystemClock

EVENTS = "/services/checkout/events"


@pytest.fixture
def sender(world: World) -> ApiCaller:
    service = world.cast.service
    service.urgency_rule = UrgencyRule.BY_SEVERITY
    service.save()
    world.cast.add_integration(service, "gen-0123456789abcdef", kind=IntegrationKind.GENERIC)
    return caller(world.cast.people["primary"], scope="ingest")


def sends(world: World, sender: ApiCaller, severity: str, summary: str = "Disk") -> Alert:
    """The API reads the real clock."""
    taken = sender.post(EVENTS, {"summary": summary, "dedup_key": "disk", "severity": severity}, expect=202)
    world.clock.move_to(SystemClock().now())
    world.settle()
    return Alert.objects.get(id=taken["alert"])


def ends(sender: ApiCaller) -> None:
    sender.post(EVENTS, {"dedup_key": "disk", "status": "resolved"}, expect=202)


def test_a_warning_that_becomes_critical_wakes_from_the_top(world: World, sender: ApiCaller) -> None:
    sends(world, sender, "warning", "Disk 80 % full")
    world.received()
    before = Run.objects.get()
    alert = sends(world, sender, "critical", "Disk full")
    assert (alert.severity, alert.urgency, alert.summary, alert.events_count) == ("critical", "high", "Disk full", 2)
    run = Run.objects.get()
    assert (run.state, run.urgency, run.generation) == (RunState.LIVE, "high", before.generation + 1)
    world.expects(("primary", "webhook"))
    raised = Entry.objects.get(action="alert.raised", subject_id=alert.id)
    assert raised.details["before"] == {"severity": "warning", "urgency": "low"}
    assert raised.details["after"] == {"severity": "critical", "urgency": "high"}
    ends(sender)


def test_what_gets_better_or_stays_as_bad_changes_nothing(world: World, sender: ApiCaller) -> None:
    sends(world, sender, "critical", "Disk full")
    world.expects(("primary", "webhook"))
    sends(world, sender, "warning", "Disk 80 % full")
    alert = sends(world, sender, "critical", "Disk full again")
    assert (alert.severity, alert.summary, alert.events_count) == ("critical", "Disk full", 3)
    assert Run.objects.get().generation == 1
    world.expects_nothing()
    ends(sender)


def test_whoever_has_it_keeps_it(world: World, sender: ApiCaller) -> None:
    alert = sends(world, sender, "warning")
    world.received()
    world.acknowledges("primary", alert)
    alert = sends(world, sender, "critical")
    assert (alert.state, alert.acknowledged_by, alert.urgency) == ("acknowledged", "Primary", "high")
    assert Run.objects.get().state == RunState.STOPPED
    world.expects_nothing()
    ends(sender)
