"""Runs errands: what may be late without hurting anyone, but should not be late by much.

In the worker's process, so that a chat tool or a status page takes nothing from paging: no thread, no queue, no
connection. A bulkhead as the sender is: an adapter that breaks makes its own errand late, nothing else.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection
from prometheus_client import Counter

from watchbill.domain.errands import store
from watchbill.domain.errands.contract import Errand, Later, NotYet
from watchbill.domain.errands.rules import pause_after
from watchbill.domain.errands.store import Claimed
from watchbill.ground.clock import Clock

log = structlog.get_logger()
T = TypeVar("T")
Database = Callable[[Callable[[], Any]], Awaitable[Any]]

CLAIM = 50
ACT_SECONDS = 30.0
# One errand gives way after so many steps, so that a room with a thousand messages does not hold a place for long.
_STEPS_MAX = 200
_RUNNING_MAX = 20
# So that letters to thousands of customers keep no room in a chat tool waiting.
_RUNNING_OF_A_KIND_MAX = 6
_THREADS = 3
# Only when no NOTIFY is heard, and for what was put off.
_POLL_SECONDS = 0.5

LATER = Counter("watchbill_errands_put_off_total", "Errands that did not work now, by kind.", ["kind"])
FAILURES = Counter(
    "watchbill_errand_defects_total", "What the errands' runner caught and went on after, by kind.", ["kind"]
)
STEPS = Counter("watchbill_errand_steps_total", "Steps done, by kind.", ["kind"])


class ErrandRunner:
    """`database` runs short work in the database, in a thread beside the event loop."""

    def __init__(self, errands: Sequence[Errand[Any]], *, clock: Clock, database: Database) -> None:
        self._errands = {one.kind: one for one in errands}
        self._clock = clock
        self._database = database

    @property
    def kinds(self) -> list[str]:
        return sorted(self._errands)

    async def claim(self, *, limit: int = CLAIM, but: Collection[str] = ()) -> list[Claimed]:
        kinds = [kind for kind in self.kinds if kind not in but]

        def work() -> list[Claimed]:
            return store.claim(now=self._clock.now(), kinds=kinds, limit=limit)

        return await self._in_database(work)

    async def tick(self) -> int:
        """Run what is due side by side, and wait for it; how many there were."""
        claimed = await self.claim()
        await asyncio.gather(*(self.run_one(one) for one in claimed))
        return len(claimed)

    async def run_one(self, one: Claimed) -> None:
        """Never raises: what cannot even be put away is claimed again when its lease runs out."""
        try:
            await self._put_away(one, await self._outcome(one))
        except (OperationalError, InterfaceError) as error:
            log.warning("errand.database.away", kind=one.kind, error=str(error).strip())
        except Exception:
            FAILURES.labels(one.kind).inc()
            log.exception("errand.put_away.failed", kind=one.kind, subject_id=str(one.subject_id))

    async def _outcome(self, one: Claimed) -> Later | NotYet | None:
        try:
            return await self._steps(self._errands[one.kind], one)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            FAILURES.labels(one.kind).inc()
            log.exception("errand.failed", kind=one.kind, subject_id=str(one.subject_id))
            return Later(why="a defect of Watchbill; the worker's log has the details")

    async def _steps(self, errand: Errand[Any], one: Claimed) -> Later | NotYet | None:
        for _ in range(_STEPS_MAX):
            now = await self._now()
            step = await self._in_database(partial(_next, errand, one, now))
            if step is None:
                return None
            try:
                async with asyncio.timeout(ACT_SECONDS):
                    outcome = await errand.act(step, now=now)
            except TimeoutError:
                return Later(why=f"no answer within {ACT_SECONDS:.0f} s")
            if isinstance(outcome, Later | NotYet):
                return outcome
            await self._in_database(partial(errand.record, step, outcome, now=await self._now()))
            STEPS.labels(one.kind).inc()
        return NotYet(why="the rest when its turn comes again", after=timedelta())

    async def _put_away(self, one: Claimed, left: Later | NotYet | None) -> None:
        now = await self._now()
        if left is None:
            await self._in_database(partial(store.finish, one, now=now))
        elif isinstance(left, NotYet):
            log.debug("errand.not_yet", kind=one.kind, subject_id=str(one.subject_id), why=left.why)
            await self._in_database(partial(store.wait, one, due_at=now + left.after, why=left.why))
        else:
            LATER.labels(one.kind).inc()
            log.warning("errand.later", kind=one.kind, subject_id=str(one.subject_id), why=left.why)
            due_at = now + pause_after(one.failures + 1, asked_for=left.after)
            await self._in_database(partial(store.put_back, one, due_at=due_at, error=left.why))

    async def _now(self) -> datetime:
        """The engine's clock asks the database, which must not be done on the event loop."""
        return await self._in_database(self._clock.now)

    async def _in_database(self, work: Callable[[], T]) -> T:
        found: T = await self._database(work)
        return found


def _next(errand: Errand[Any], one: Claimed, now: datetime) -> object | None:
    return errand.next_step(one.subject_id, now=now) if store.renew(one, now=now) else None


class ErrandLoop:
    """Claims and runs until it is told to stop; what is under way then is finished."""

    def __init__(self, errands: Sequence[Errand[Any]], *, clock: Clock) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="errands")
        self._runner = ErrandRunner(errands, clock=clock, database=self._in_pool)
        self._clock = clock
        self._wake = asyncio.Event()
        self._running: dict[asyncio.Task[None], str] = {}

    def wake(self) -> None:
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        stop = asyncio.create_task(stopping.wait())
        while not stopping.is_set():
            self._wake.clear()
            claimed = await self._claim()
            for one in claimed:
                task = asyncio.create_task(self._runner.run_one(one))
                self._running[task] = one.kind
                task.add_done_callback(self._ended)
            if not claimed:
                await self._wait(stop)
        if self._running:
            await asyncio.wait(self._running, timeout=ACT_SECONDS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._wake.set()

    async def _claim(self) -> list[Claimed]:
        """At most so many that no kind has more than its part, whichever they are."""
        of_a_kind = Tally(self._running.values())
        full = {kind for kind, count in of_a_kind.items() if count >= _RUNNING_OF_A_KIND_MAX}
        most = max((count for kind, count in of_a_kind.items() if kind not in full), default=0)
        room = min(_RUNNING_MAX - len(self._running), _RUNNING_OF_A_KIND_MAX - most)
        if room <= 0:
            return []
        try:
            return await self._runner.claim(limit=room, but=full)
        except (OperationalError, InterfaceError) as error:
            log.warning("errands.database.away", error=str(error).strip())
            return []

    async def _wait(self, stop: "asyncio.Task[bool]") -> None:
        waiting = asyncio.create_task(self._wake.wait())
        await asyncio.wait((waiting, stop), timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def _in_pool(self, work: Callable[[], T]) -> T:
        def guarded() -> T:
            try:
                return work()
            except (OperationalError, InterfaceError):
                connection.close()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._pool, guarded)
