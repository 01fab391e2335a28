"""Claim due timers: locked, skipping what another engine holds, oldest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    id: int
    kind: str
    subject_id: UUID
    generation: int
    due_at: datetime
    failures: int
    last_error: str = ""


_CLAIM = """
DELETE FROM timers_timer WHERE id IN (
    SELECT id FROM timers_timer
    WHERE due_at <= %s AND quarantined_at IS NULL
    ORDER BY due_at
    LIMIT %s
    FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, subject_id, generation, due_at, failures, last_error
"""


def claim_due(*, now: datetime, limit: int) -> list[DueTimer]:
    """Taken away in this transaction: a roll-back puts them back, a commit has consumed them."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, limit])
        return [_due(row) for row in cursor.fetchall()]


def due_ids(*, now: datetime, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM timers_timer WHERE due_at <= %s AND quarantined_at IS NULL ORDER BY due_at LIMIT %s",
            [now, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def claim_one(timer_id: int) -> DueTimer | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM timers_timer WHERE id = (SELECT id FROM timers_timer WHERE id = %s FOR UPDATE SKIP LOCKED) "
            "RETURNING id, kind, subject_id, generation, due_at, failures, last_error",
            [timer_id],
        )
        row = cursor.fetchone()
    return _due(row) if row is not None else None


def _due(row: Sequence[Any]) -> DueTimer:
    names = ("id", "kind", "subject_id", "generation", "due_at", "failures", "last_error")
    return DueTimer(**dict(zip(names, row, strict=True)))


def note_failure(timer_id: int, *, error: str, retry_at: datetime, quarantined_at: datetime | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE timers_timer SET failures = failures + 1, last_error = %s, due_at = %s, quarantined_at = %s "
            "WHERE id = %s",
            [error[:2000], retry_at, quarantined_at, timer_id],
        )


def postpone(timer_id: int, *, to: datetime) -> None:
    """It cannot be handled now, through no fault of its own."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE timers_timer SET due_at = greatest(due_at, %s) WHERE id = %s", [to, timer_id])


def wait_for_locks_at_most(wait: timedelta) -> None:
    """In this transaction: whoever holds a row for longer is left alone (psycopg's LockNotAvailable)."""
    milliseconds = int(wait.total_seconds() * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")


def clear_unlocked(*, kinds: Iterable[str], subject_ids: Sequence[UUID]) -> None:
    """Remove timers, except those an engine holds right now.

    The caller holds the subject's row. An engine that has claimed a timer waits for that row, then sees the
    subject's new state and drops the timer; waiting for the timer here as well would be a deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM timers_timer WHERE id IN (SELECT id FROM timers_timer "
            "WHERE kind = ANY(%s) AND subject_id = ANY(%s) FOR UPDATE SKIP LOCKED)",
            [list(kinds), list(subject_ids)],
        )


def bring_forward(*, kind: str, subject_ids: Sequence[UUID], to: datetime) -> None:
    """Make waiting timers due at `to` if they are due later. Never sets one that is not there.

    Where the clock of this host is ahead, `to` is the database's now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE timers_timer SET due_at = least(%s, now()) "
            "WHERE kind = %s AND subject_id = ANY(%s) AND due_at > least(%s, now())",
            [to, kind, list(subject_ids), to],
        )


def next_due_at() -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(due_at) FROM timers_timer WHERE quarantined_at IS NULL")
        row = cursor.fetchone()
    return row[0] if row else None


def not_ahead(now: datetime) -> datetime:
    """This host's time, or the database's where that is earlier: what counts from it must not begin in the future."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT least(%s, now())", [now])
        found: datetime = cursor.fetchone()[0]
    return found
