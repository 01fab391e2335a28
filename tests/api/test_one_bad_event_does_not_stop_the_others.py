"""Group commit: what shares a commit shares neither fate nor answer with an event that cannot be stored."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.api.test_pagerduty_clients_need_only_another_address import event
from tests.harness.cast import KEY, Cast
from tests.harness.sender import Door
from watchbill.config import database_url
from watchbill.domain.alerts.contract import Action, Signal
from watchbill.domain.alerts.models import Alert, Event
from watchbill.domain.alerts.store import SESSION, Trigger
from watchbill.domain.services.store import Route
from watchbill.doors.ingest.batcher import Batcher, QueueFull, ShareUsedUp
from watchbill.doors.ingest.work import Verdict
from watchbill.ground.clock import SystemClock
from watchbill.ground.ids import new_id

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)


class Lanes:
    """The lanes without the door before them, which lets no unstorable text through."""

    def __init__(self, cast: Cast) -> None:
        self.route = Route(
            integration_id=cast.integration.id,
            kind=cast.integration.kind,
            service_id=cast.service.id,
            service_name=cast.service.name,
            urgency_rule="high",
            policy_version_id=cast.policy.current_version_id,
        )

    def trigger(self, key: str, *, summary: str = "s", details: Any = None, integration: UUID | None = None) -> Trigger:
        signal = Signal(action=Action.TRIGGER, dedup_key=key, summary=summary, details=details or {})
        return Trigger(new_id(), NOW, self.route, signal, key, b"raw", "{}", "")

    def store(self, *triggers: Trigger, requests_max: int = 1000) -> list[Any]:
        async def all_together() -> list[Any]:
            with ThreadPoolExecutor(1) as threads:
                batcher = Batcher(
                    connect=lambda: asyncpg.connect(database_url(), server_settings=SESSION),
                    threads=threads,
                    clock=SystemClock(),
                    requests_max=requests_max,
                )
                batcher.start()
                try:
                    return await asyncio.gather(
                        *(
                            batcher.store(trigger.route.integration_id, [trigger], size_bytes=1, one_lane=False)
                            for trigger in triggers
                        ),
                        return_exceptions=True,
                    )
                finally:
                    await batcher.stop()

        return asyncio.run(all_together())


@pytest.fixture
def lanes(cast: Cast) -> Iterator[Lanes]:
    yield Lanes(cast)


def test_an_alert_whose_details_cannot_be_stored_still_pages(lanes: Lanes) -> None:
    good = [lanes.trigger(f"good-{number}") for number in range(9)]
    bad = lanes.trigger("bad", details={"text": "nul \x00"})
    assert set(lanes.store(*good[:5], bad, *good[5:])) == {Verdict.STORED}
    assert Alert.objects.count() == 10
    assert "not_stored" in Alert.objects.get(dedup_key="bad").details


def test_an_event_that_cannot_become_an_alert_is_quarantined_alone(lanes: Lanes) -> None:
    good = [lanes.trigger(f"good-{number}") for number in range(9)]
    bad = lanes.trigger("bad")
    bad.signal = Signal(action=Action.TRIGGER, dedup_key="bad", summary="s", severity="far too long for its column")
    verdicts = lanes.store(*good[:5], bad, *good[5:])
    assert verdicts == [Verdict.STORED] * 5 + [Verdict.QUARANTINED] + [Verdict.STORED] * 4
    assert Alert.objects.count() == 9
    kept = Event.objects.get(disposition="quarantined")
    assert (kept.dedup_key, bytes(kept.body), kept.alert_id) == ("bad", b"raw", None)


def test_a_full_queue_is_said_and_one_integration_cannot_fill_it(lanes: Lanes) -> None:
    triggers = [lanes.trigger(str(number)) for number in range(8)]
    outcomes = lanes.store(*triggers, requests_max=4)
    assert outcomes[:2] == [Verdict.STORED] * 2
    assert {type(outcome) for outcome in outcomes[2:]} <= {ShareUsedUp, QueueFull}
    assert Alert.objects.count() == 2


def test_without_a_database_the_sender_is_told_to_try_again(cast: Cast) -> None:
    with Door(url=lambda: "postgresql://postgres@/watchbill?host=/nonexistent") as door:
        for path, body in (("/v2/enqueue", event()), ("/in/generic/some-unknown-key", {"summary": "s"})):
            reply = door.send(path, body)
            assert reply.status == 503
            assert reply.headers["retry-after"] == "1"


def test_a_connection_that_breaks_is_made_again(door: Door, cast: Cast) -> None:
    assert door.send("/v2/enqueue", event(key="before")).status == 202
    state = door.app._state
    assert state is not None
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'watchbill ingest'"
        )
    replies = [door.send("/v2/enqueue", event(key="after")) for _ in range(4)]
    assert replies[-1].status == 202
    assert {reply.status for reply in replies} <= {202, 503}
    assert Alert.objects.get(dedup_key="after").state == "triggered"


class TestIdempotencyKey:
    def send(self, door: Door, body: Any, key: str = "once") -> Any:
        return door.send("/v2/enqueue", body, headers={"idempotency-key": key})

    def test_the_same_body_gets_the_same_answer_and_one_event(self, door: Door) -> None:
        first, second = (self.send(door, event(key=None)) for _ in range(2))
        assert (first.status, first.body) == (second.status, second.body)
        assert first.status == 202
        assert Event.objects.count() == Alert.objects.count() == 1

    def test_another_body_is_refused(self, door: Door) -> None:
        self.send(door, event())
        reply = self.send(door, event(key="other"))
        assert reply.status == 409
        assert Event.objects.count() == 1

    def test_resolves_are_done_once_too(self, door: Door) -> None:
        door.send("/v2/enqueue", event())
        replies = [self.send(door, event("resolve")) for _ in range(2)]
        assert [reply.status for reply in replies] == [202, 202]
        assert Event.objects.filter(action="resolve").count() == 1

    def test_an_unusable_key_is_named(self, door: Door) -> None:
        reply = self.send(door, event(), key="x" * 300)
        assert reply.status == 400
        assert "Idempotency-Key" in reply.json["errors"][0]

    def test_keys_belong_to_their_integration(self, door: Door, cast: Cast) -> None:
        cast.add_integration(cast.service, "S" * 32)
        assert self.send(door, event()).status == 202
        assert self.send(door, event(routing_key="S" * 32)).status == 202
        assert Alert.objects.count() == 2
        assert KEY != "S" * 32
