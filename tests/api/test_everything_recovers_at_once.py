"""A network comes back and a thousand alerts are resolved within a second: few statements, one answer each."""

from datetime import UTC, datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.test_pagerduty_clients_need_only_another_address import event
from tests.harness.cast import Cast
from tests.harness.sender import Door
from watchbill.domain.alerts.contract import Action
from watchbill.domain.alerts.models import Alert, AlertState, Disposition, Event
from watchbill.domain.alerts.source_actions import SourceEvent, apply_source_events
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.models import Run, RunState
from watchbill.ground.ids import new_id

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
COUNT = 300


def _source_event(cast: Cast, key: str, action: Action) -> SourceEvent:
    return SourceEvent(
        event_id=new_id(),
        integration_id=cast.service.integrations.get().id,
        integration_label="pagerduty-events-v2 of payments",
        dedup_key=key,
        action=action,
        summary="",
        body=b"{}",
        headers={},
    )


def _open(door: Door, count: int) -> None:
    replies = door.together(("/v2/enqueue", {**event(), "dedup_key": f"key-{number}"}) for number in range(count))
    assert {reply.status for reply in replies} == {202}


def test_the_number_of_statements_does_not_grow(door: Door, cast: Cast) -> None:
    _open(door, COUNT)
    counts = []
    for keys in (range(10), range(10, COUNT)):
        events = [_source_event(cast, f"key-{number}", Action.RESOLVE) for number in keys]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            dispositions = apply_source_events(events, now=NOW)
        assert set(dispositions.values()) == {Disposition.RESOLVED}
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert not Alert.objects.exclude(state=AlertState.RESOLVED).exists()
    assert not Run.objects.filter(state=RunState.LIVE).exists()
    assert Entry.objects.filter(action="alert.resolved").count() == COUNT


def test_one_key_keeps_its_order_within_a_batch(door: Door, cast: Cast) -> None:
    _open(door, 3)
    wanted = [
        ("key-0", Action.ACKNOWLEDGE, Disposition.ACKNOWLEDGED),
        ("key-1", Action.RESOLVE, Disposition.RESOLVED),
        ("key-0", Action.ACKNOWLEDGE, Disposition.DEDUPED),
        ("key-1", Action.ACKNOWLEDGE, Disposition.DROPPED),
        ("key-0", Action.RESOLVE, Disposition.RESOLVED),
        ("key-0", Action.RESOLVE, Disposition.DROPPED),
        ("nobody", Action.RESOLVE, Disposition.DROPPED),
        ("key-2", Action.ACKNOWLEDGE, Disposition.ACKNOWLEDGED),
    ]
    events = [_source_event(cast, key, action) for key, action, _ in wanted]
    dispositions = apply_source_events(events, now=NOW)
    assert [dispositions[event.event_id] for event in events] == [disposition for *_, disposition in wanted]
    stored = {row.id: row for row in Event.objects.exclude(action="trigger")}
    for made, (key, _, disposition) in zip(events, wanted, strict=True):
        assert stored[made.event_id].disposition == disposition
        named = None if disposition == Disposition.DROPPED else Alert.objects.get(dedup_key=key).id
        assert stored[made.event_id].alert_id == named
    states = {alert.dedup_key: alert.state for alert in Alert.objects.all()}
    assert states == {"key-0": "resolved", "key-1": "resolved", "key-2": "acknowledged"}
    told = Entry.objects.filter(subject_id=Alert.objects.get(dedup_key="key-0").id).order_by("id")
    assert [entry.action for entry in told] == ["alert.triggered", "alert.acknowledged", "alert.resolved"]
