"""The engine's process: one thread takes due timers, one event loop sends pages. Nothing else moves by itself."""

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection
from psycopg.errors import DeadlockDetected, SerializationFailure

from watchbill.domain.paging import store as paging_store
from watchbill.domain.paging.actions import WAKE_CHANNEL as PAGES
from watchbill.domain.paging.contact_message_sending import ContactMessageIntent
from watchbill.domain.paging.contract import Message
from watchbill.domain.paging.sending import CalledOff, Result
from watchbill.domain.timers import store as timers_store
from watchbill.domain.timers.actions import WAKE_CHANNEL as TIMERS
from watchbill.engine.loop import Engine
from watchbill.engine.precedence import Precedence
from watchbill.engine.sender import CLAIM, Sendable, Sender
from watchbill.engine.watchdog import OutsideWatcher, Watchdog, WatchdogThread
from watchbill.ground.clock import Clock
from watchbill.ground.wakeup import Wakeup

log = structlog.get_logger()
T = TypeVar("T")

# Only when no NOTIFY is heard; timers that are already set fire on time anyway.
_POLL_SECONDS = 0.25
_DATABASE_AWAY_SECONDS = 1.0
_IN_FLIGHT_MAX = 500
# Above this many that are claimed and not sent, claiming waits: what is not claimed can still be bundled or called
# off, and its lease does not run out while it stands in a line.
_CLAIMED_MAX = _IN_FLIGHT_MAX
# Python's own 5 ms are long beside a page's way of 20 ms through three threads.
_THREAD_SWITCH_SECONDS = 0.0005
# While timers are behind, messages leave at this rate: 400 a second.
_SHARE, _SHARE_EVERY_SECONDS = 100, 0.25
# A message that waited longer than this for its turn asks again whether anybody still wants it.
_STALE_SECONDS = 1.0


class EngineThread(threading.Thread):
    """Ticks until stopped. While the database is away it waits; the timers are in the database.

    `on_defect` is called when it ends by anything else: without it no timer of this process would fire any more.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Clock,
        precedence: Precedence,
        stopping: threading.Event,
        on_defect: Callable[[], None],
    ) -> None:
        super().__init__(name="engine", daemon=True)
        self._engine = engine
        self._clock = clock
        self._precedence = precedence
        self._stopping = stopping
        self._on_defect = on_defect
        self._wake = threading.Event()
        self.last_cycle = time.monotonic()

    def wake(self) -> None:
        self._wake.set()

    def run(self) -> None:
        try:
            self._run()
        finally:
            if not self._stopping.is_set():
                self._on_defect()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                now = self._clock.now()
                handled = self._engine.tick(now=now)
                self.last_cycle = time.monotonic()
                self._precedence.note_tick(handled=handled)
                if handled:
                    continue
                self._wake.wait(_seconds_until(timers_store.next_due_at(), now=now))
            except (OperationalError, InterfaceError) as error:
                if isinstance(error.__cause__, DeadlockDetected | SerializationFailure):
                    log.warning("engine.batch.again", error=str(error).strip())
                    continue  # the other one has gone ahead
                log.warning("engine.database.away", error=str(error).strip())
                self._precedence.note_tick(handled=0)
                connection.close()
                self._stopping.wait(_DATABASE_AWAY_SECONDS)
        connection.close()


class SenderLoop:
    """Claims, sends and records side by side: a provider that hangs holds its own requests, nothing else."""

    def __init__(self, sender: Sender, *, clock: Clock, precedence: Precedence) -> None:
        self._sender = sender
        self._clock = clock
        self._precedence = precedence
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._results: asyncio.Queue[tuple[Sendable, Result]] = asyncio.Queue()
        self._slots = asyncio.Semaphore(_IN_FLIGHT_MAX)
        self._claiming = ThreadPoolExecutor(1, thread_name_prefix="claim")
        self._recording = ThreadPoolExecutor(1, thread_name_prefix="record")
        self._sending: set[asyncio.Task[None]] = set()
        self.last_cycle = time.monotonic()

    def wake(self) -> None:
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        recorder = asyncio.create_task(self._record())
        recorder.add_done_callback(lambda _task: stopping.set())  # without it nothing is noted any more
        stop = asyncio.create_task(stopping.wait())
        while not stopping.is_set():
            self._wake.clear()
            self._room.clear()
            messages, wait_seconds = await self._claim()
            for intent, message in messages:
                task = asyncio.create_task(self._send(intent, message))
                self._sending.add(task)
                task.add_done_callback(self._sent)
            if len(self._sending) >= _CLAIMED_MAX:
                await _first(self._room, stop, seconds=None)
            elif not messages:
                await _first(self._wake, stop, seconds=wait_seconds)
            elif self._precedence.timers_are_behind:
                await asyncio.wait({stop}, timeout=_SHARE_EVERY_SECONDS)
        if recorder.done():
            recorder.result()
        await self._drain()
        recorder.cancel()

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if len(self._sending) < _CLAIMED_MAX:
            self._room.set()

    async def _claim(self) -> tuple[list[tuple[Sendable, Message]], float]:
        def work() -> tuple[list[tuple[Sendable, Message]], float]:
            now = self._clock.now()
            limit = _SHARE if self._precedence.timers_are_behind else CLAIM
            messages: list[tuple[Sendable, Message]] = list(self._sender.claim(now=now, limit=limit))
            if not messages:  # pages first, always
                messages += self._sender.claim_notes(now=now)
            self.last_cycle = time.monotonic()
            return messages, 0.0 if messages else _seconds_until(paging_store.next_due_at(), now=now)

        return await self._database(self._claiming, work, otherwise=([], _DATABASE_AWAY_SECONDS))

    async def _send(self, intent: Sendable, message: Message) -> None:
        loop = asyncio.get_running_loop()
        claimed = loop.time()
        async with self._slots:
            if loop.time() - claimed > _STALE_SECONDS and not await self._still_wanted(intent):
                await self._results.put((intent, CalledOff()))
                return
            await self._results.put(await self._sender.send(intent, message))

    async def _still_wanted(self, intent: Sendable) -> bool:
        if isinstance(intent, ContactMessageIntent):
            return True

        def work() -> bool:
            return paging_store.still_wanted([one.page_id for one in intent.deliveries])

        return await self._database(self._recording, work, otherwise=True)

    async def _record(self) -> None:
        """Outcomes are noted in batches; while the database is away they are kept and tried again."""
        while True:
            results = [await self._results.get()]
            while not self._results.empty() and len(results) < 1000:
                results.append(self._results.get_nowait())
            # There is no event to wait for: the database does not say when it is back.
            while not await self._try_to_record(results):  # noqa: ASYNC110
                await asyncio.sleep(_DATABASE_AWAY_SECONDS)
            for _ in results:
                self._results.task_done()

    async def _try_to_record(self, results: Sequence[tuple[Sendable, Result]]) -> bool:
        def work() -> bool:
            self._sender.record(results, now=self._clock.now())
            return True

        return await self._database(self._recording, work, otherwise=False)

    async def _database(self, pool: ThreadPoolExecutor, work: Callable[[], T], *, otherwise: T) -> T:
        def guarded() -> T:
            try:
                return work()
            except (OperationalError, InterfaceError) as error:
                log.warning("sender.database.away", error=str(error).strip())
                connection.close()
                return otherwise

        return await asyncio.get_running_loop().run_in_executor(pool, guarded)

    async def _drain(self) -> None:
        """What was started is finished; what was only claimed comes back when its lease runs out."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=15)
        await asyncio.wait_for(self._results.join(), timeout=15)


async def _first(event: asyncio.Event, stop: asyncio.Task[bool], *, seconds: float | None) -> None:
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait((waiting, stop), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _seconds_until(due_at: datetime | None, *, now: datetime) -> float:
    """What was due already and was not taken is somebody else's at the moment: no reason to ask without a pause."""
    if due_at is None or due_at <= now:
        return _POLL_SECONDS
    return min(_POLL_SECONDS, max(0.001, (due_at - now).total_seconds()))


def run(engine: Engine, sender: Sender, *, clock: Clock, dsn: str, watcher: OutsideWatcher) -> None:
    """Until SIGTERM or SIGINT. Ends with an exit code when a part of it ended: whoever started it starts it again."""
    sys.setswitchinterval(_THREAD_SWITCH_SECONDS)
    if not asyncio.run(_run(engine, sender, clock=clock, dsn=dsn, watcher=watcher)):
        sys.exit("watchbill engine: a part of it ended by a defect; its log says which")


async def _run(engine: Engine, sender: Sender, *, clock: Clock, dsn: str, watcher: OutsideWatcher) -> bool:
    """Whether it ended because it was asked to."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    stopping_threads = threading.Event()
    defect = threading.Event()

    def on_defect() -> None:
        defect.set()
        loop.call_soon_threadsafe(stopping.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    precedence = Precedence()
    thread = EngineThread(engine, clock=clock, precedence=precedence, stopping=stopping_threads, on_defect=on_defect)
    sending = SenderLoop(sender, clock=clock, precedence=precedence)

    def wake_sender() -> None:
        loop.call_soon_threadsafe(sending.wake)

    def cycle_age_seconds() -> float:
        return time.monotonic() - min(thread.last_cycle, sending.last_cycle)

    wakeup = Wakeup(dsn, {TIMERS: thread.wake, PAGES: wake_sender})
    watchdog = Watchdog(watcher=watcher, cycle_age_seconds=cycle_age_seconds)
    watching = WatchdogThread(
        watchdog, clock=clock, precedence=precedence, stopping=stopping_threads, kinds=sender.kinds
    )
    for one in (wakeup, thread, watching):
        one.start()
    log.info("engine.started")
    await sending.run(stopping)
    stopping_threads.set()
    thread.wake()
    wakeup.stop()
    for one in (thread, watching):
        await asyncio.to_thread(one.join, 15)
    log.info("engine.stopped")
    return not defect.is_set()
