"""Claim due timers, handle them, commit. The first of the four bulkheads: whatever fails here stays due."""

from collections import Counter as Counted
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from prometheus_client import Counter, Histogram
from psycopg.errors import LockNotAvailable

from watchbill.domain.timers import store
from watchbill.domain.timers.store import DueTimer
from watchbill.engine.handlers import LAST_RESORTS, Handler
from watchbill.ground.failpoints import failpoint

log = structlog.get_logger()

BATCH = 1000
FAILURES_MAX = 3
_RETRY = timedelta(seconds=2)
# Whoever holds a row for longer than this hangs, and must not hold up what has nothing to do with it.
_LOCK_WAIT = timedelta(seconds=1)

FIRED = Counter("watchbill_timers_fired_total", "Timers handled.", ["kind"])
FAILURES = Counter("watchbill_engine_failures_total", "What the engine caught and went on after, by place.", ["place"])
FAILED = Counter("watchbill_timer_failures_total", "Timers whose handler failed; they stay due.", ["kind"])
LATENESS = Histogram(
    "watchbill_timer_lateness_seconds",
    "From due to claimed.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)


class Engine:
    """Several may run against one database: claims skip what another holds."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    def tick(self, *, now: datetime) -> int:
        """Handle what is due, at most one batch. How many timers were handled; 0 when nothing is due."""
        try:
            return self._batch(now=now)
        except (OperationalError, InterfaceError) as error:
            if isinstance(error.__cause__, LockNotAvailable):
                return self._one_by_one(now=now)
            raise  # the database is away: the caller waits for it, the timers are in it
        except Exception:
            FAILURES.labels("batch").inc()
            log.exception("engine.batch.failed")
            return self._one_by_one(now=now)

    def _batch(self, *, now: datetime) -> int:
        with transaction.atomic():
            store.wait_for_locks_at_most(_LOCK_WAIT)
            timers = store.claim_due(now=now, limit=BATCH)
            self._handle(timers, now=now)
            if timers:
                failpoint("engine.before_commit")
        if timers:
            failpoint("engine.after_commit")
        self._count(timers, now=now)
        return len(timers)

    def _handle(self, timers: list[DueTimer], *, now: datetime) -> None:
        by_kind: dict[str, list[DueTimer]] = defaultdict(list)
        for timer in timers:
            by_kind[timer.kind].append(timer)
        for kind, same in by_kind.items():
            self._handlers[kind](same, now=now)

    def _one_by_one(self, *, now: datetime) -> int:
        """One of the batch is poison: handle each alone, so that only that one waits."""
        handled = 0
        for timer_id in store.due_ids(now=now, limit=BATCH):
            handled += self._alone(timer_id, now=now)
        return handled

    def _alone(self, timer_id: int, *, now: datetime) -> int:
        timer: DueTimer | None = None
        try:
            with transaction.atomic():
                store.wait_for_locks_at_most(_LOCK_WAIT)
                timer = store.claim_one(timer_id)
                if timer is None:
                    return 0
                self._handle([timer], now=now)
        except (OperationalError, InterfaceError) as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            log.warning("engine.timer.held", timer_id=timer_id, kind=timer.kind if timer else "unknown")
            store.postpone(timer_id, to=now + _RETRY)
            return 0
        except Exception as error:
            kind = timer.kind if timer else "unknown"
            failures = (timer.failures if timer else 0) + 1
            quarantined_at = now if failures >= FAILURES_MAX else None
            FAILED.labels(kind).inc()
            log.exception("engine.timer.failed", timer_id=timer_id, kind=kind, failures=failures)
            store.note_failure(
                timer_id,
                error=f"{type(error).__name__}: {error}",
                retry_at=now + _RETRY * failures,
                quarantined_at=quarantined_at,
            )
            if quarantined_at is not None:
                log.critical("engine.timer.quarantined", timer_id=timer_id, kind=kind)
                self._abandon(timer, now=now)
            return 0
        self._count([timer], now=now)
        return 1

    def _abandon(self, timer: DueTimer | None, *, now: datetime) -> None:
        """What it was to do is not done: whoever that leaves without an answer gets one by another path."""
        if timer is None or timer.kind not in LAST_RESORTS:
            return
        try:
            with transaction.atomic():
                LAST_RESORTS[timer.kind](timer, now=now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            FAILURES.labels("last-resort").inc()
            log.exception("engine.last_resort.failed", timer_id=timer.id, kind=timer.kind)

    def _count(self, timers: list[DueTimer], *, now: datetime) -> None:
        for kind, count in Counted(timer.kind for timer in timers).items():
            FIRED.labels(kind).inc(count)
        for timer in timers:
            LATENESS.observe(max(0.0, (now - timer.due_at).total_seconds()))
