"""Beside the paging, never in its way: seals the audit trail each second, checks the invariants each minute.

What time is left goes into making new alerts quick to search. A thread with a connection of its own. Whatever fails
here is logged and tried again; paging does not notice.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, connection
from prometheus_client import Counter, Gauge

from watchbill.domain.alerts import repair_actions as alert_repair
from watchbill.domain.alerts.invariant_reads import (
    CHECKS,
    DRIVERLESS,
    HELD_TOO_LONG,
    REACHED_NOBODY,
    SILENT_FOR_EVER,
    Broken,
    broken_invariants,
    uuids,
)
from watchbill.domain.alerts.search_filling import BATCH as FILL_BATCH
from watchbill.domain.alerts.search_filling import SearchFiller
from watchbill.domain.audit import store as audit_store
from watchbill.domain.audit.sealing import BATCH, Sealer
from watchbill.domain.audit.verification import UNSEALED_MAX
from watchbill.domain.errands.reads import late_count
from watchbill.domain.heartbeats.absences import last_open_at
from watchbill.domain.incidents import invariant_reads as incident_invariants
from watchbill.domain.incidents import repair_actions as incident_repair
from watchbill.domain.paging.senders import forget_sender, note_sender
from watchbill.engine.precedence import Precedence
from watchbill.ground.clock import Clock
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused
from watchbill.ground.network_guard import Network

log = structlog.get_logger()

_SEAL_EVERY_SECONDS = 1.0
_CHECK_EVERY_SECONDS = 60.0
_CYCLE_AGE_MAX_SECONDS = 60.0
_HEAD_LOGGED_EVERY_CHECKS = 60
_IDS_LOGGED = 100
# A bound on each second: the alerts of an old database are taken in over minutes, and a storm keeps its processors.
_FILLS_A_ROUND = 5
_FILL_SECONDS_MAX = 0.2
_FILL_AGAIN = timedelta(minutes=1)
UNSEALED = "unsealed"
DEAF = "no web process"
EVERY_CHECK = {**CHECKS, **incident_invariants.CHECKS}
# What a breach is answered with; each looks again under the rows' locks.
REPAIRS: dict[str, Callable[..., int]] = {
    DRIVERLESS: alert_repair.drive_again,
    REACHED_NOBODY: alert_repair.drive_again,
    HELD_TOO_LONG: alert_repair.wake_again,
    SILENT_FOR_EVER: alert_repair.wake_again,
    incident_invariants.DRIVERLESS: incident_repair.drive_again,
    incident_invariants.REACHED_NOBODY: incident_repair.call_again,
    incident_invariants.LEFT_ALONE: incident_repair.take_back,
}
# A web process is started again within seconds, however often it ends.
_DEAF_MAX = timedelta(seconds=60)

BROKEN = Gauge("watchbill_invariants_broken", "What breaks an invariant at this minute, by check.", ["check"])
CHECK_SECONDS = Gauge("watchbill_invariants_check_seconds", "How long the last look at the invariants took.")
DRIVEN_AGAIN = Counter(
    "watchbill_alerts_driven_again_total", "Alerts and incidents that nothing drove any more; a defect each."
)
SEALED = Counter("watchbill_audit_entries_sealed_total", "Audit entries chained.")
SEAL_FAILURES = Counter("watchbill_watchdog_failures_total", "Rounds of the watchdog that failed.")
FILLED = Counter("watchbill_search_filled_total", "Alerts taken in for searching.")
FILL_FAILURES = Counter("watchbill_search_failures_total", "Rounds of taking alerts in for searching that failed.")
FILL_WAITING = Gauge("watchbill_search_waiting", "Alerts not taken in for searching; a search reads them one by one.")
CYCLE_AGE = Gauge("watchbill_engine_cycle_age_seconds", "Since engine and sender last came round, the older of both.")
LATE_ERRANDS = Gauge(
    "watchbill_errands_late", "Work with other systems that failed last time, or that no worker took up for a minute."
)
PINGS = Counter("watchbill_watchdog_pings_total", "Calls to the outside watcher.", ["outcome"])


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideWatcher:
    """Called while everything holds, so that its silence alarms. Empty URL: nobody watches from outside."""

    url: str
    allowed_networks: Sequence[Network] = ()

    def ping(self) -> None:
        if self.url:
            asyncio.run(self._ping())

    async def _ping(self) -> None:
        async with HttpClient(allowed_networks=self.allowed_networks) as client:
            try:
                answer = await client.request("GET", self.url)
            except (OutboundFailed, OutboundRefused) as error:
                PINGS.labels("failed").inc()
                log.warning("watchdog.ping.failed", error=str(error))
                return
        PINGS.labels("answered" if answer.status < 400 else "failed").inc()
        if answer.status >= 400:
            log.warning("watchdog.ping.failed", status=answer.status)


class Watchdog:
    def __init__(self, *, watcher: OutsideWatcher, cycle_age_seconds: Callable[[], float]) -> None:
        """`cycle_age_seconds`: since engine and sender last came round, the older of both."""
        self.sealer = Sealer()
        self.filler = SearchFiller()
        self._fill_at = datetime.min.replace(tzinfo=UTC)
        self._watcher = watcher
        self._cycle_age_seconds = cycle_age_seconds
        self._checks = 0

    def seal(self, *, now: datetime) -> None:
        while True:
            sealed = self.sealer.seal(now=now)
            SEALED.inc(sealed)
            if sealed < BATCH:
                return

    def check(self, *, now: datetime) -> list[Broken]:
        """Look, report, drive what nothing drives; tell the outside only if all is well."""
        began = time.perf_counter()
        found = broken_invariants(now=now, checks=EVERY_CHECK)
        found += self._unsealed(now=now) + self._deaf(now=now)
        CHECK_SECONDS.set(time.perf_counter() - began)
        counts = {one.check: len(one.ids) for one in found}
        for check in (*EVERY_CHECK, UNSEALED, DEAF):
            BROKEN.labels(check).set(counts.get(check, 0))
        for one in found:
            log.error("invariant.broken", check=one.check, count=len(one.ids), ids=one.ids[:_IDS_LOGGED])
            if one.check in REPAIRS:
                DRIVEN_AGAIN.inc(REPAIRS[one.check](uuids(one), now=now))
        LATE_ERRANDS.set(late_count(now=now))
        age = self._cycle_age_seconds()
        CYCLE_AGE.set(age)
        if age > _CYCLE_AGE_MAX_SECONDS:
            log.error("engine.cycle.late", seconds=round(age))
        elif not found:
            self._watcher.ping()
        if self._checks % _HEAD_LOGGED_EVERY_CHECKS == 0:
            log.info("audit.anchor", head=str(audit_store.head()))
        self._checks += 1
        return found

    def fill_search(self, *, now: datetime) -> None:
        """Never raises: a search does without, more slowly. After a failure it rests, so that sealing need not wait."""
        if now < self._fill_at:
            return
        began = time.perf_counter()
        try:
            for _ in range(_FILLS_A_ROUND):
                filled = self.filler.fill()
                FILLED.inc(filled)
                if filled < FILL_BATCH or time.perf_counter() - began > _FILL_SECONDS_MAX:
                    break
            FILL_WAITING.set(self.filler.waiting)
        except Exception:
            self._fill_at = now + _FILL_AGAIN
            FILL_FAILURES.inc()
            log.exception("search.filling.failed")
            connection.close()

    def _unsealed(self, *, now: datetime) -> list[Broken]:
        late = audit_store.count_unsealed(above=self.sealer.settled, older_than=now - UNSEALED_MAX)
        return [Broken(UNSEALED, (f"{late} audit entries",))] if late else []

    def _deaf(self, *, now: datetime) -> list[Broken]:
        """Alerts do not come in either, and silent heartbeats wait: somebody outside has to hear of it.

        Not at the first look: a web process that is started together with this engine needs a moment.
        """
        open_at = last_open_at()
        if not self._checks or open_at is None or now - open_at <= _DEAF_MAX:
            return []
        return [Broken(DEAF, (f"nothing could come in since {open_at.isoformat(timespec='seconds')}",))]


class WatchdogThread(threading.Thread):
    """`kinds`: of contact, to which this engine sends; it says so each minute, for those who only plan."""

    def __init__(
        self,
        watchdog: Watchdog,
        *,
        clock: Clock,
        precedence: Precedence,
        stopping: threading.Event,
        kinds: Collection[str],
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._watchdog = watchdog
        self._kinds = kinds
        self._name = f"{socket.gethostname()} {os.getpid()}"
        self._clock = clock
        self._precedence = precedence
        self._stopping = stopping

    def run(self) -> None:
        check_at = time.monotonic() + _SEAL_EVERY_SECONDS
        noted = False
        while not self._stopping.wait(_SEAL_EVERY_SECONDS):
            check_is_due = time.monotonic() >= check_at
            if check_is_due:
                check_at += _CHECK_EVERY_SECONDS
            try:
                now = self._clock.now()
                if check_is_due or not noted:
                    note_sender(self._name, kinds=self._kinds, now=now)
                    noted = True
                if self._precedence.sealing_may_go_on():
                    self._watchdog.seal(now=now)
                if check_is_due:
                    self._watchdog.check(now=now)
                if not self._precedence.timers_are_behind:
                    self._watchdog.fill_search(now=now)
            except Exception:
                # A bulkhead: who watches must not fall with what is watched.
                SEAL_FAILURES.inc()
                log.exception("watchdog.failed")
                connection.close()
        self._leave()
        connection.close()

    def _leave(self) -> None:
        try:
            forget_sender(self._name)
        except (OperationalError, InterfaceError) as error:
            log.warning("watchdog.database.away", error=str(error).strip())
