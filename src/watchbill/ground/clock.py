"""What time it is, for whoever decides by it. Doors and the engine ask once; everything below takes `now`.

Identifiers, restarts and limits on callers read clocks of their own: a test lists them, with the reasons.
"""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from django.db import connection

log = structlog.get_logger()

_STEP_BACK = timedelta(seconds=2)


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    """This host's clock: for doors, where a second more or less only shows."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class DatabaseClock:
    """PostgreSQL's clock: for the engine, so that many hosts agree on what is due.

    If it is set back, or the database moves to a host that is behind, what waits would wait that much longer: then the
    time goes on from where it was, and the log says so. A clock set forward is believed, for it may be the right one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[datetime, float] | None = None
        self._behind = timedelta()

    def now(self) -> datetime:
        before = time.monotonic()
        instant = self._read()
        after = time.monotonic()
        with self._lock:
            if self._last is not None:
                # The least that must have gone by: an answer may have been under way for long.
                expected = self._last[0] + timedelta(seconds=before - self._last[1])
                if expected - (instant + self._behind) > _STEP_BACK:
                    self._behind = expected - instant
                    log.critical("clock.set_back", seconds=round(self._behind.total_seconds()))
            instant += self._behind
            if self._last is None or after > self._last[1]:
                self._last = (instant, after)
        return instant

    def _read(self) -> datetime:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            row = cursor.fetchone()
        if row is None:
            raise RuntimeError("PostgreSQL answered no time")
        instant: datetime = row[0]
        return instant.astimezone(UTC)


class ManualClock:
    """A clock that stands until it is moved: for stories and simulations."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move_to(self, at: datetime) -> None:
        if at < self.at:
            raise ValueError(f"time does not run backwards: {at} is before {self.at}")
        self.at = at
