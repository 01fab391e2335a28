"""The only place that reads a clock. Doors and the engine ask once; everything below takes `now`."""

from datetime import UTC, datetime
from typing import Protocol

from django.db import connection


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    """This host's clock: for doors, where a second more or less only shows."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class DatabaseClock:
    """PostgreSQL's clock: for the engine, so that many hosts agree on what is due."""

    def now(self) -> datetime:
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
