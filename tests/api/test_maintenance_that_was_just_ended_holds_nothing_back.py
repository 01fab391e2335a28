"""The door remembers a service's windows for up to two seconds; an alert in those seconds must not wait for hours."""

from datetime import timedelta

from tests.api.test_pagerduty_clients_need_only_another_address import event
from tests.harness.cast import Cast
from tests.harness.sender import Door
from watchbill.domain.alerts.maintenance_actions import cancel_maintenance
from watchbill.domain.alerts.models import Alert, Event
from watchbill.domain.audit.contract import Actor
from watchbill.domain.services.maintenance_actions import plan_maintenance
from watchbill.domain.timers.models import Timer
from watchbill.ground.clock import SystemClock

OWNER = Actor(kind="person", label="Owner", via="web")


def test_an_alert_right_after_the_end_is_paged_at_once(door: Door, cast: Cast) -> None:
    now = SystemClock().now()
    window = plan_maintenance(
        cast.service.id, starts_at=now, ends_at=now + timedelta(hours=8), reason="move", actor=OWNER, now=now
    )
    assert door.send("/v2/enqueue", event(key="during")).status == 202
    during = Alert.objects.get(dedup_key="during")
    assert during.suppressed_by_id == window.id
    assert Timer.objects.get(subject_id=during.id).due_at == window.ends_at

    cancel_maintenance(window.id, actor=OWNER, now=SystemClock().now())
    assert door.send("/v2/enqueue", event(key="after")).status == 202

    after = Alert.objects.get(dedup_key="after")
    assert after.suppressed_by_id is None
    assert Event.objects.get(alert_id=after.id).disposition == "new"
    now = SystemClock().now()
    assert {timer.due_at <= now for timer in Timer.objects.all()} == {True}
