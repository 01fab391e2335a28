"""The worker's process: PGQueuer starts each chore when its hour comes, on one worker of all that run; errands are
run as they are asked for.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from watchbill.domain.errands.actions import WAKE_CHANNEL as ERRANDS
from watchbill.domain.errands.contract import Errand
from watchbill.engine.chores import CHORES, Chore, Retention
from watchbill.engine.errands import ErrandLoop
from watchbill.ground.clock import Clock
from watchbill.ground.wakeup import Wakeup

log = structlog.get_logger()
T = TypeVar("T")

_DATABASE_AWAY_SECONDS_MIN, _DATABASE_AWAY_SECONDS_MAX = 0.5, 5.0
_LOOKS_EVERY_SECONDS = 5.0


# Runs until it is told to stop: what hears from a system by a connection of its own.
Listener = Callable[[asyncio.Event], Awaitable[None]]


def run(
    *,
    clock: Clock,
    dsn: str,
    wakeup_dsn: str,
    retention: Retention,
    errands: Sequence[Errand[Any]],
    listeners: Sequence[Listener] = (),
) -> None:
    """Until SIGTERM or SIGINT. A chore under way is finished, and the step of an errand."""
    asyncio.run(
        _run(clock=clock, dsn=dsn, wakeup_dsn=wakeup_dsn, retention=retention, errands=errands, listeners=listeners)
    )


async def _run(
    *,
    clock: Clock,
    dsn: str,
    wakeup_dsn: str,
    retention: Retention,
    errands: Sequence[Errand[Any]],
    listeners: Sequence[Listener],
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    running = ErrandLoop(errands, clock=clock)

    def wake() -> None:
        loop.call_soon_threadsafe(running.wake)

    wakeup = Wakeup(wakeup_dsn, {ERRANDS: wake})
    wakeup.start()
    log.info("worker.started", chores=len(CHORES), errands=[one.kind for one in errands])
    try:
        heard = (listen(stopping) for listen in listeners)
        await asyncio.gather(running.run(stopping), _chores(clock, dsn, retention, stopping), *heard)
    finally:
        wakeup.stop()
    log.info("worker.stopped")


async def in_thread(work: Callable[[], T]) -> T:
    """Short work in the database, beside the event loop; a connection that failed is not used again."""

    def guarded() -> T:
        try:
            return work()
        except (OperationalError, InterfaceError):
            connection.close()
            raise

    return await asyncio.to_thread(guarded)


async def _chores(clock: Clock, dsn: str, retention: Retention, stopping: asyncio.Event) -> None:
    wait = _DATABASE_AWAY_SECONDS_MIN
    while not stopping.is_set():
        try:
            await _work(clock=clock, dsn=dsn, retention=retention, stopping=stopping)
            wait = _DATABASE_AWAY_SECONDS_MIN
        except (OSError, psycopg.Error) as error:
            log.warning("worker.database.away", error=str(error).strip())
            await _first(stopping.wait(), asyncio.sleep(wait))
            wait = min(wait * 2, _DATABASE_AWAY_SECONDS_MAX)


async def _work(*, clock: Clock, dsn: str, retention: Retention, stopping: asyncio.Event) -> None:
    # Autocommit, and no statement prepared by name: so it works through a pooler in transaction mode too.
    held = await psycopg.AsyncConnection.connect(
        dsn, autocommit=True, prepare_threshold=None, application_name="watchbill worker"
    )
    try:
        scheduler = PgQueuer.from_psycopg_connection(held).sm
        for chore in CHORES:
            scheduler.schedule(chore.name, chore.cron, clean_old=True)(_task(chore, clock, retention))
        running = asyncio.create_task(scheduler.run())
        await _first(stopping.wait(), _lost(held), _ended(running))
        scheduler.shutdown.set()
        await running
    finally:
        await held.close()


async def _lost(held: "psycopg.AsyncConnection[Any]") -> None:
    """Noticed before a chore's hour comes, so that no hour is missed."""
    while True:
        await asyncio.sleep(_LOOKS_EVERY_SECONDS)
        try:
            await held.execute("SELECT 1")
        except psycopg.Error:
            return


def _task(chore: Chore, clock: Clock, retention: Retention) -> Callable[[Schedule], Awaitable[None]]:
    def work() -> None:
        close_old_connections()
        chore.run(clock.now(), retention)

    async def task(_schedule: Schedule) -> None:
        await asyncio.to_thread(work)
        log.info("chore.done", chore=chore.name)

    return task


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])


async def _first(*coroutines: Coroutine[Any, Any, object]) -> None:
    """Until one of them is done; the others are given up."""
    tasks = [asyncio.create_task(one) for one in coroutines]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
