"""`POST /v2/enqueue` and `/v2/change/enqueue`: the answers that PagerDuty's clients decode, letter by letter."""

from typing import Any

import pytest

from tests.harness.cast import KEY, Cast
from tests.harness.sender import Door
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.models import Alert, Event
from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.models import Run
from watchbill.domain.services.models import MaintenanceWindow
from watchbill.domain.timers.models import Timer
from watchbill.ground.clock import SystemClock

PERSON = Actor(kind="person", label="Primary", via="web")


def event(action: str = "trigger", key: str | None = "db-1/disk", **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "routing_key": KEY,
        "event_action": action,
        "payload": {"summary": "Disk is full", "source": "db-1", "severity": "error"},
    }
    return made | ({} if key is None else {"dedup_key": key}) | changes


def enqueue(door: Door, *args: Any, **changes: Any) -> Any:
    return door.send("/v2/enqueue", event(*args, **changes))


def test_an_accepted_event_is_answered_with_its_key(door: Door) -> None:
    reply = enqueue(door)
    assert reply.status == 202
    assert reply.body == b'{"status":"success","message":"Event processed","dedup_key":"db-1/disk"}'


def test_an_accepted_event_has_everything_that_pages(door: Door, cast: Cast) -> None:
    enqueue(door)
    alert = Alert.objects.get()
    assert (alert.number, alert.summary, alert.severity, alert.urgency) == (1, "Disk is full", "error", "high")
    assert (alert.state, alert.source, alert.events_count) == ("triggered", "db-1", 1)
    run = Run.objects.get(subject_id=alert.id)
    assert (run.state, run.group_id, run.policy_version_id) == (
        "live",
        cast.service.id,
        cast.policy.current_version_id,
    )
    timer = Timer.objects.get()
    assert (timer.kind, timer.subject_id, timer.generation) == ("escalation.step", run.id, run.generation)
    assert timer.due_at == alert.opened_at
    entry = Entry.objects.get()
    assert (entry.action, entry.subject_id, entry.actor_kind) == ("alert.triggered", alert.id, "source")
    assert (entry.actor_label, entry.source_address) == ("pagerduty-events-v2 of checkout", "192.0.2.7")
    stored = Event.objects.get()
    assert (stored.disposition, stored.alert_id, stored.id) == ("new", alert.id, alert.first_event_id)
    assert b'"routing_key":"[integration key]"' in bytes(stored.body)
    assert stored.headers["content-type"] == "application/json"


def test_without_a_key_every_event_is_an_alert_and_the_key_is_told(door: Door) -> None:
    keys = [enqueue(door, key=key).json["dedup_key"] for key in (None, None, "")]
    assert len(set(keys)) == 3
    assert Alert.objects.count() == 3
    assert enqueue(door, "resolve", keys[0]).status == 202
    assert Alert.objects.filter(state="resolved").count() == 1


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (
            event(routing_key="short"),
            b'{"status":"invalid event","message":"Event object is invalid",'
            b'"errors":["Length of \'routing_key\' is incorrect (should be 32 characters)"]}',
        ),
        (
            b'{"routing_key":',
            b'{"status":"Unrecognized object","message":"Event object format is unrecognized",'
            b'"errors":["JSON parse error"]}',
        ),
        (
            event(routing_key="R" + "9" * 31),
            b'{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key"]}',
        ),
    ],
)
def test_refusals_are_letter_by_letter(door: Door, body: Any, answer: bytes) -> None:
    reply = door.send("/v2/enqueue", body)
    assert (reply.status, reply.body) == (400, answer)
    assert not Event.objects.exists()


def test_every_wrong_field_is_named(door: Door) -> None:
    reply = door.send("/v2/enqueue", {"event_action": "trigger", "payload": {"summary": "s", "source": "h"}})
    assert reply.json["errors"] == ["'routing_key' is missing or blank", "'payload.severity' is missing or blank"]


def test_a_key_of_another_kind_or_a_removed_one_opens_nothing(door: Door, cast: Cast) -> None:
    cast.add_integration(cast.service, "g" * 32, kind="generic")
    assert enqueue(door, routing_key="g" * 32).json["errors"] == ["Invalid routing key"]
    cast.integration.removed_at = SystemClock().now()
    cast.integration.save()
    assert enqueue(door).json["errors"] == ["Invalid routing key"]


def test_a_new_key_works_at_once_even_if_it_was_refused_before(door: Door, cast: Cast) -> None:
    key = "N" * 32
    assert enqueue(door, routing_key=key).status == 400
    cast.add_integration(cast.service, key)
    assert enqueue(door, routing_key=key).status == 202


class TestDeduplication:
    def test_1_a_key_belongs_to_its_routing_key(self, door: Door, cast: Cast) -> None:
        cast.add_integration(cast.service, "S" * 32)
        enqueue(door)
        enqueue(door, routing_key="S" * 32)
        assert Alert.objects.count() == 2
        assert enqueue(door, "resolve", routing_key="S" * 32).status == 202
        assert [a.state for a in Alert.objects.order_by("number")] == ["triggered", "resolved"]

    def test_2_a_trigger_on_an_open_alert_only_counts(self, door: Door) -> None:
        enqueue(door)
        alert = Alert.objects.get()
        actions.acknowledge(alert_id=alert.id, actor=PERSON, now=SystemClock().now())
        before = (list(Timer.objects.order_by("id").values()), list(Run.objects.values()))
        enqueue(door)
        door.together([("/v2/enqueue", event()) for _ in range(20)])
        alert.refresh_from_db()
        assert (alert.state, alert.events_count) == ("acknowledged", 22)
        assert (list(Timer.objects.order_by("id").values()), list(Run.objects.values())) == before
        assert Event.objects.filter(disposition="deduped", alert_id=alert.id).count() == 21
        assert Entry.objects.filter(action="alert.triggered").count() == 1

    def test_3_after_resolve_a_trigger_opens_a_new_alert(self, door: Door) -> None:
        for action in ("trigger", "resolve", "acknowledge", "resolve", "trigger"):
            assert enqueue(door, action).status == 202
        assert [alert.state for alert in Alert.objects.order_by("number")] == ["resolved", "triggered"]
        assert [alert.number for alert in Alert.objects.order_by("number")] == [1, 2]
        assert list(Event.objects.order_by("received_at").values_list("disposition", flat=True)) == [
            "new",
            "resolved",
            "dropped",
            "dropped",
            "new",
        ]

    def test_4_acknowledge_and_resolve_never_create(self, door: Door) -> None:
        assert enqueue(door, "acknowledge").status == enqueue(door, "resolve").status == 202
        assert not Alert.objects.exists()
        assert Event.objects.filter(disposition="dropped", alert_id=None).count() == 2

    def test_5_nobody_on_call_still_opens_an_alert(self, door: Door, cast: Cast) -> None:
        cast.service.policy = None
        cast.service.save()
        assert enqueue(door).status == 202
        assert Run.objects.get().policy_version_id is None
        assert Timer.objects.get().kind == "escalation.step"

    def test_events_of_one_key_keep_their_order_when_they_come_together(self, door: Door) -> None:
        actions_sent = ["trigger", "resolve", "trigger", "acknowledge", "resolve", "trigger"]
        replies = door.together([("/v2/enqueue", event(action)) for action in actions_sent])
        assert {reply.status for reply in replies} == {202}
        states = [alert.state for alert in Alert.objects.order_by("number")]
        assert states == ["resolved", "resolved", "triggered"]

    def test_unrelated_keys_never_meet(self, door: Door) -> None:
        keys = ["a", "A", "a ", "ä", "a" * 512, "a" * 511 + "b"]
        door.together([("/v2/enqueue", event(key=key)) for key in keys])
        assert sorted(Alert.objects.values_list("dedup_key", flat=True)) == sorted(keys)


def test_under_maintenance_an_alert_is_kept_and_waits_for_the_end(door: Door, cast: Cast) -> None:
    now = SystemClock().now()
    window = MaintenanceWindow.objects.create(
        service=cast.service,
        starts_at=now.replace(year=now.year - 1),
        ends_at=now.replace(year=now.year + 1),
        reason="move",
        created_by="owner",
        created_at=now,
    )
    enqueue(door)
    alert = Alert.objects.get()
    assert alert.suppressed_by_id == window.id
    assert not Run.objects.exists()
    timer = Timer.objects.get()
    assert (timer.kind, timer.subject_id, timer.due_at) == ("alert.maintenance_ends", alert.id, window.ends_at)
    assert Entry.objects.get().action == "alert.suppressed"
    assert Event.objects.get().disposition == "suppressed"


@pytest.mark.parametrize(
    ("rule", "severity", "urgency"),
    [
        ("high", "info", "high"),
        ("low", "critical", "low"),
        ("by-severity", "error", "high"),
        ("by-severity", "warning", "low"),
        ("by-severity", "banana", "high"),
    ],
)
def test_urgency_follows_the_service(door: Door, cast: Cast, rule: str, severity: str, urgency: str) -> None:
    cast.service.urgency_rule = rule
    cast.service.save()
    enqueue(door, payload={"summary": "s", "source": "h", "severity": severity})
    assert Alert.objects.get().urgency == urgency == Run.objects.get().urgency


def test_a_change_event_is_kept_and_pages_nobody(door: Door) -> None:
    change = {"routing_key": KEY, "payload": {"summary": "Deployed 1.2", "source": "ci"}, "images": []}
    reply = door.send("/v2/change/enqueue", change)
    assert (reply.status, reply.json["status"]) == (202, "success")
    assert not Alert.objects.exists()
    assert Event.objects.get().action == "change"
    refused = door.send("/v2/change/enqueue", {"routing_key": KEY, "payload": {}})
    assert (refused.status, refused.json["errors"]) == (400, ["'payload' is missing or blank"])


def test_other_methods_and_addresses_say_so(door: Door) -> None:
    assert door.send("/v2/enqueue", method="GET").status == 405
    assert door.send("/v2/other").status == 404
