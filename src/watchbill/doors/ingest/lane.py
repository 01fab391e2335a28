"""Group commit: while one batch commits, the next one collects. One lane keeps the order of its keys."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import Any

import asyncpg
import structlog
from django.db import DataError as DjangoDataError
from django.db import OperationalError, connection
from prometheus_client import Counter, Histogram
from psycopg.errors import DeadlockDetected

from watchbill.domain.alerts.source_actions import SourceEvent, apply_source_events
from watchbill.domain.alerts.store import Trigger, write_triggers
from watchbill.doors.ingest import poison
from watchbill.doors.ingest.database_away import AWAY
from watchbill.doors.ingest.idempotency import store_once
from watchbill.doors.ingest.work import Verdict, Work, rounds
from watchbill.ground.clock import Clock
from watchbill.ground.failpoints import failpoint

log = structlog.get_logger()

BATCH_MAX = 512
_BATCH_BYTES_MAX = 8 * 1024 * 1024
_ATTEMPTS = 6

EVENTS = Counter("watchbill_ingest_requests_total", "Requests with events, by what became of them.", ["verdict"])
BATCHES = Histogram(
    "watchbill_ingest_batch_requests", "Requests per commit.", buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)
)
COMMITS = Histogram(
    "watchbill_ingest_commit_seconds",
    "From a batch's start to its commit.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_COUNTED = {verdict: EVENTS.labels(verdict.value) for verdict in Verdict}

# Another process was first with the same key, or two batches waited for each other: writing again settles it.
_TRANSIENT = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
# The data itself cannot be stored; every other error is the database's, not the sender's.
_POISON = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)

Item = tuple[Work, Trigger | SourceEvent]


class Lane:
    def __init__(
        self,
        *,
        connect: Callable[[], Awaitable[Any]],
        threads: Executor,
        clock: Clock,
        settled: Callable[[Sequence[Work]], None],
    ) -> None:
        self._connect = connect
        self._settled = settled
        self._threads = threads
        self._clock = clock
        self._waiting: deque[Work] = deque()
        self._wake = asyncio.Event()
        self._connection: Any = None

    def put(self, work: Work) -> None:
        self._waiting.append(work)
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled. Whatever happens to a batch, every request in it gets its verdict."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._store(self._take())
        finally:
            left = list(self._waiting)
            self._waiting.clear()
            self._settle(left, stored=False)
            if self._connection is not None:
                self._connection.terminate()

    def _take(self) -> list[Work]:
        """A request with an Idempotency-Key goes alone: its key and its events share a transaction."""
        batch: list[Work] = []
        size = 0
        while self._waiting and len(batch) < BATCH_MAX and size < _BATCH_BYTES_MAX:
            if batch and self._waiting[0].idempotency is not None:
                break
            work = self._waiting.popleft()
            batch.append(work)
            size += work.size_bytes
            if work.idempotency is not None:
                break
        return batch

    async def _store(self, batch: Sequence[Work]) -> None:
        stored = False
        try:
            with COMMITS.time():
                await self._write(batch)
            stored = True
        except AWAY as error:
            log.warning("ingest.batch.failed", error=f"{type(error).__name__}: {error}", requests=len(batch))
            self._drop_connection()
        finally:
            BATCHES.observe(len(batch))
            self._settle(batch, stored=stored)

    def _settle(self, works: Sequence[Work], *, stored: bool) -> None:
        self._settled(works)
        counts = dict.fromkeys(Verdict, 0)
        for work in works:
            verdict = (work.failed or Verdict.STORED) if stored else Verdict.UNAVAILABLE
            counts[verdict] += 1
            work.settle(verdict)
        for verdict, count in counts.items():
            if count:
                _COUNTED[verdict].inc(count)

    async def _write(self, batch: Sequence[Work]) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        first = batch[0]
        if first.idempotency is not None:
            await store_once(self._connection, first, write=self._write_rounds, now=self._clock.now())
        else:
            await self._write_rounds(batch)

    async def _write_rounds(self, batch: Sequence[Work]) -> None:
        for place, items in enumerate(rounds(batch)):
            if items:
                await (self._apply(items) if place % 2 else self._open(items))

    async def _open(self, items: Sequence[Item]) -> None:
        triggers = [event for _, event in items if isinstance(event, Trigger)]
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                failpoint("ingest.before_commit")
                await self._write_triggers(triggers)
                failpoint("ingest.after_commit")
            except _TRANSIENT:
                if attempt == _ATTEMPTS:
                    raise
            except _POISON as error:
                await self._isolate(items, error, again=self._open, alone=self._open_plainly)
                return
            else:
                return

    async def _write_triggers(self, triggers: Sequence[Trigger]) -> None:
        """Beside an Idempotency-Key in a step of its own, so that it can fail and be tried again."""
        if self._connection.is_in_transaction():
            async with self._connection.transaction():
                await write_triggers(self._connection, triggers)
        else:
            await write_triggers(self._connection, triggers)

    async def _apply(self, items: Sequence[Item]) -> None:
        events = [event for _, event in items if isinstance(event, SourceEvent)]
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await asyncio.get_running_loop().run_in_executor(self._threads, self._apply_in_thread, events)
            except DjangoDataError as error:
                await self._isolate(items, error, again=self._apply, alone=self._keep)
                return
            except OperationalError as error:
                if attempt == _ATTEMPTS or not isinstance(error.__cause__, DeadlockDetected):
                    raise
            else:
                return

    def _apply_in_thread(self, events: Sequence[SourceEvent]) -> None:
        try:
            apply_source_events(events, now=self._clock.now())
        finally:
            connection.close()  # gives it back to the pool

    async def _isolate(
        self,
        items: Sequence[Item],
        error: Exception,
        *,
        again: Callable[[Sequence[Item]], Awaitable[None]],
        alone: Callable[[Item, Exception], Awaitable[None]],
    ) -> None:
        """Halves, until the event that cannot be stored stands alone; the others go through."""
        if len(items) == 1:
            await alone(items[0], error)
            return
        middle = len(items) // 2
        await again(items[:middle])
        await again(items[middle:])

    async def _open_plainly(self, item: Item, error: Exception) -> None:
        """An alert without its details still wakes somebody. Failing that, the event is kept."""
        _, event = item
        log.error("ingest.event.poison", event_id=str(event.event_id), error=f"{type(error).__name__}: {error}")
        try:
            if isinstance(event, Trigger):
                await self._write_triggers([poison.without_details(event)])
        except _POISON as still:
            await self._keep(item, still)

    async def _keep(self, item: Item, error: Exception) -> None:
        work, event = item
        work.failed = Verdict.QUARANTINED
        log.error("ingest.event.quarantined", event_id=str(event.event_id), error=f"{type(error).__name__}: {error}")
        try:
            await poison.quarantine(self._connection, work.integration_id, event, now=self._clock.now())
        except _POISON:
            log.exception("ingest.event.not_kept", event_id=str(event.event_id))

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
