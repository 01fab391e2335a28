"""Events that are refused because too many wait are answered so, counted, and told to people once in ten minutes."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from tests.api.test_pagerduty_clients_need_only_another_address import event
from tests.harness import database
from tests.harness.cast import KEY, Cast
from tests.harness.sender import Door
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.models import Entry
from watchbill.domain.services.throttle_notices import WINDOW
from watchbill.ground.clock import ManualClock, SystemClock

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
OTHERS = ("S" * 32, "T" * 32)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def narrow(cast: Cast, clock: ManualClock) -> Iterator[Door]:
    """Four requests may wait, two of one integration."""
    with Door(clock=clock, requests_max=4) as made:
        yield made


def storm(door: Door, name: str, *, requests: int = 12) -> int:
    """How many of so many at once were told to come again."""
    replies = door.together([("/v2/enqueue", event(key=f"{name}-{number}")) for number in range(requests)])
    refused = [reply for reply in replies if reply.status == 429]
    assert len(refused) == requests - 2
    assert all(reply.headers["retry-after"] for reply in refused)
    assert Alert.objects.filter(dedup_key__startswith=f"{name}-").count() == 2
    return len(refused)


def notices() -> list[Entry]:
    return list(Entry.objects.filter(action="integration.throttled").order_by("id"))


def let_it_tell(door: Door) -> None:
    """Until what runs behind the door has nothing left to write."""

    async def rest() -> None:
        state = door.app.state()
        assert state is not None
        telling = state.throttled._telling
        if telling is not None:
            await asyncio.wait_for(telling, 30)

    door.run(rest())


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_source_that_sends_too_much_is_told_about_once_and_exactly(narrow: Door, cast: Cast) -> None:
    before = counted("watchbill_ingest_refused_total", why="share")
    refused = storm(narrow, "first") + storm(narrow, "second")
    assert notices() == []  # the answers did not wait for it
    let_it_tell(narrow)
    [notice] = notices()
    assert (notice.subject_id, notice.subject_label) == (cast.integration.id, "checkout pagerduty-events-v2")
    assert notice.details == {
        "why": "one integration held more than its share of the queue",
        "refused": refused,
        "since": NOW.isoformat(),
    }
    assert counted("watchbill_ingest_refused_total", why="share") == before + refused


def test_within_the_window_nothing_more_is_said_and_afterwards_nothing_is_missing(
    narrow: Door, clock: ManualClock
) -> None:
    refused = storm(narrow, "first")
    let_it_tell(narrow)
    clock.move_to(NOW + WINDOW - timedelta(seconds=1))
    refused += storm(narrow, "again")
    let_it_tell(narrow)
    assert len(notices()) == 1
    clock.move_to(NOW + WINDOW)
    refused += storm(narrow, "still")
    let_it_tell(narrow)
    assert [notice.at for notice in notices()] == [NOW, NOW + WINDOW]
    assert sum(notice.details["refused"] for notice in notices()) == refused


def test_several_web_processes_write_one_notice(cast: Cast, clock: ManualClock) -> None:
    with Door(clock=clock, requests_max=4) as one, Door(clock=clock, requests_max=4) as another:
        for number, door in enumerate((one, another)):
            storm(door, f"process-{number}")
        for door in (one, another):
            let_it_tell(door)
    assert len(notices()) == 1


def test_each_integration_that_meets_a_full_queue_has_its_own(narrow: Door, cast: Cast) -> None:
    for key in OTHERS:
        cast.add_integration(cast.service, key)
    together = [event(key=f"{key}-{number}", routing_key=key) for key in (KEY, *OTHERS) for number in range(2)]
    replies = narrow.together([("/v2/enqueue", body) for body in together])
    assert [reply.status for reply in replies] == [202, 202, 202, 202, 503, 503]
    let_it_tell(narrow)
    [notice] = notices()
    assert notice.details["why"] == "the queue was full"
    assert notice.details["refused"] == 2
    assert notice.subject_id != cast.integration.id


def test_a_notice_waits_for_the_database_and_one_that_cannot_is_counted(narrow: Door, cast: Cast) -> None:
    outcomes = {outcome: counted("watchbill_ingest_throttle_notices_total", outcome=outcome)
                for outcome in ("failed", "lost", "written")}  # fmt: skip

    def grew(outcome: str) -> bool:
        return counted("watchbill_ingest_throttle_notices_total", outcome=outcome) > outcomes[outcome]

    async def until_it_failed() -> None:
        async with asyncio.timeout(30):
            while not grew("failed"):  # noqa: ASYNC110 - a figure has no event
                await asyncio.sleep(0.01)

    storm(narrow, "first")
    with database.elsewhere(Path("/nonexistent")):
        narrow.run(until_it_failed())
        assert not grew("written")
    let_it_tell(narrow)
    assert len(notices()) == 1
    assert grew("written")

    with Door(requests_max=4) as stopping:
        storm(stopping, "second")
        with database.elsewhere(Path("/nonexistent")):
            stopping.run(stopping.app.stop())
    assert grew("lost")


def test_a_door_that_stops_tells_first(cast: Cast, clock: ManualClock) -> None:
    with Door(clock=clock, requests_max=4) as door:
        storm(door, "first")
    assert len(notices()) == 1


def test_the_first_screen_shows_it(cast: Cast) -> None:
    with Door(requests_max=4, clock=SystemClock()) as door:
        refused = storm(door, "first")
    browser = Client()
    browser.force_login(cast.people["primary"])
    shown = browser.get("/").content.decode()
    assert "<bdi>checkout pagerduty-events-v2</bdi> sent more than could be stored." in shown
    assert f"{refused} requests refused" in shown
    assert f'href="/services/{cast.service.id}"' in shown
