"""Requests that were turned away are told to people as well: one notice per integration and window.

The sender has its answer before anything here is written, and the queue that was full is not used for it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection
from prometheus_client import Counter

from watchbill.domain.services.throttle_notices import WINDOW, Refusals, note_refusals
from watchbill.doors.ingest.database_away import AWAY
from watchbill.ground.clock import Clock

log = structlog.get_logger()

SHARE = "one integration held more than its share of the queue"
FULL = "the queue was full"

# So that a notice tells of a burst and not of its first request.
_GATHERS_SECONDS = 1.0
_DATABASE_AWAY_SECONDS_MAX = 30.0

REFUSED = Counter("watchbill_ingest_refused_total", "Requests turned away before they waited for a commit.", ["why"])
NOTICES = Counter(
    "watchbill_ingest_throttle_notices_total",
    "Notices about requests turned away, by what became of them.",
    ["outcome"],
)
_COUNTED: Mapping[str, Counter] = {SHARE: REFUSED.labels("share"), FULL: REFUSED.labels("queue-full")}


@dataclass(slots=True)
class _Turned:
    why: str
    since: datetime
    count: int = 0


class Throttled:
    """What could not be written is kept and tried again; what is refused after a notice goes into the next one."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._turned: dict[UUID, _Turned] = {}
        self._quiet_until: dict[UUID, datetime] = {}
        self._due: set[UUID] = set()
        self._telling: asyncio.Task[None] | None = None
        self._is_away = False

    def note(self, integration_id: UUID, why: str) -> None:
        """Writes nothing and waits for nothing."""
        _COUNTED[why].inc()
        now = self._clock.now()
        turned = self._turned.get(integration_id)
        if turned is None:
            turned = self._turned[integration_id] = _Turned(why, since=now)
        turned.count += 1
        if now < self._quiet_until.get(integration_id, now):
            return
        self._due.add(integration_id)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())
            self._telling.add_done_callback(_told)

    async def stop(self) -> None:
        """One more try, if there is a hope. What nobody was told is in the log and in the figures."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._is_away or not await self._write_due():
            NOTICES.labels("lost").inc(len(self._due))
        for integration_id, turned in self._turned.items():
            log.warning("ingest.refused.untold", integration_id=str(integration_id), requests=turned.count)

    async def _tell(self) -> None:
        wait = _GATHERS_SECONDS
        while self._due:
            await asyncio.sleep(wait)
            wait = _GATHERS_SECONDS if await self._write_due() else min(wait * 2, _DATABASE_AWAY_SECONDS_MAX)

    async def _write_due(self) -> bool:
        """Whether the database took them."""
        for integration_id in list(self._due):
            turned = self._turned[integration_id]
            now = self._clock.now()
            refusals = Refusals(why=turned.why, requests=turned.count, since=turned.since)
            try:
                is_new = await asyncio.to_thread(_write, integration_id, refusals, now)
            except AWAY as error:
                self._is_away = True
                NOTICES.labels("failed").inc()
                log.warning("ingest.refused.notice_waits", error=f"{type(error).__name__}: {error}")
                return False
            self._is_away = False
            self._due.discard(integration_id)
            self._quiet_until[integration_id] = now + WINDOW
            NOTICES.labels("written" if is_new else "told-already").inc()
            if is_new:
                self._subtract(integration_id, refusals.requests, now)
        return True

    def _subtract(self, integration_id: UUID, told: int, now: datetime) -> None:
        turned = self._turned[integration_id]
        turned.count -= told
        turned.since = now
        if not turned.count:
            del self._turned[integration_id]


def _told(task: asyncio.Task[None]) -> None:
    """Ends otherwise only by a defect; the next refusal tries again."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("ingest.refused.notice_failed", error=repr(task.exception()))


def _write(integration_id: UUID, refusals: Refusals, now: datetime) -> bool:
    try:
        return note_refusals(integration_id, refusals, now=now)
    finally:
        connection.close()  # gives it back to the pool
