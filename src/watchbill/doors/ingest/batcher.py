"""Where requests wait for their commit: several lanes, bounded together, and fair between integrations."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import Any
from uuid import UUID

import structlog

from watchbill.domain.alerts.source_actions import SourceEvent
from watchbill.domain.alerts.store import Trigger
from watchbill.doors.ingest.lane import Lane
from watchbill.doors.ingest.work import Idempotency, Verdict, Work
from watchbill.ground.clock import Clock

log = structlog.get_logger()

LANES = 2
REQUESTS_MAX = 20_000
_BYTES_MAX = 64 * 1024 * 1024


class QueueFull(Exception):
    """Too much waits for the database already. Nothing was taken."""


class ShareUsedUp(Exception):
    """One integration holds half of the queue; the others must get through."""


class Batcher:
    def __init__(
        self,
        *,
        connect: Callable[[], Awaitable[Any]],
        threads: Executor,
        clock: Clock,
        requests_max: int = REQUESTS_MAX,
    ) -> None:
        self._lanes = [Lane(connect=connect, threads=threads, clock=clock, settled=self._settled) for _ in range(LANES)]
        self._tasks: list[asyncio.Task[None]] = []
        self._requests_max = requests_max
        self._waiting = 0
        self._bytes = 0
        self._by_integration: dict[UUID, int] = defaultdict(int)

    def start(self) -> None:
        for lane in self._lanes:
            self._run(lane)

    async def stop(self) -> None:
        for task in self._tasks:
            task.remove_done_callback(self._ended)
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def store(
        self,
        integration_id: UUID,
        events: Sequence[Trigger | SourceEvent],
        *,
        size_bytes: int,
        one_lane: bool,
        idempotency: Idempotency | None = None,
    ) -> Verdict:
        """Returns after the commit."""
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

        def settle(found: Verdict) -> None:
            if not verdict.done():
                verdict.set_result(found)

        self.put(Work(integration_id, events, size_bytes, settle, idempotency), one_lane=one_lane)
        return await verdict

    def put(self, work: Work, *, one_lane: bool) -> None:
        """`one_lane`: the integration's requests hold many keys, so they keep one order."""
        self._admit(work.integration_id, work.size_bytes)
        order = work.integration_id if one_lane else (work.integration_id, work.events[0].dedup_key)
        self._lanes[hash(order) % LANES].put(work)

    def _settled(self, works: Sequence[Work]) -> None:
        self._waiting -= len(works)
        for work in works:
            self._bytes -= work.size_bytes
            left = self._by_integration[work.integration_id] - 1
            if left:
                self._by_integration[work.integration_id] = left
            else:
                del self._by_integration[work.integration_id]

    def _admit(self, integration_id: UUID, size_bytes: int) -> None:
        if self._waiting >= self._requests_max or self._bytes + size_bytes > _BYTES_MAX:
            raise QueueFull
        if self._by_integration[integration_id] >= self._requests_max // 2:
            raise ShareUsedUp
        self._waiting += 1
        self._bytes += size_bytes
        self._by_integration[integration_id] += 1

    def _run(self, lane: Lane) -> None:
        task = asyncio.create_task(lane.run())
        task.add_done_callback(self._ended)
        self._tasks.append(task)
        task.set_name(f"ingest lane {self._lanes.index(lane)}")

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A lane ends only by a defect. Its requests were answered "try again"; a new one takes over."""
        self._tasks.remove(task)
        error = None if task.cancelled() else task.exception()
        log.critical("ingest.lane.ended", error=repr(error))
        if not task.cancelled():
            self._run(self._lanes[int(task.get_name().rsplit(" ", 1)[1])])
