"""Alerts into the table that searches read, and up to where that has come."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

_LOCK_NAME = "watchbill alerts search"

# Whoever draws a number keeps this lock on the sequence until the end of its transaction, and has it before the number.
# The snapshot of `max(number)` is older than the look at the locks.
_HORIZON = """
SELECT coalesce((SELECT max(number) FROM alerts_alert), 0),
       coalesce((SELECT max(number) FROM alerts_searchmark), 0),
       ARRAY(
           SELECT virtualtransaction FROM pg_locks
           WHERE locktype = 'relation' AND relation = 'alerts_alert_number'::regclass
             AND mode = 'RowExclusiveLock'
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       )
"""
# Nobody waits for this work and nothing is lost with it: a crash takes rows and mark back together.
_GIVE_WAY = """
SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = '250ms'; SET LOCAL statement_timeout = '1s'
"""
# The case is folded as the search of the alerts themselves does it, by the database. Words hold no line end.
_FILL = """
WITH next AS MATERIALIZED (
    SELECT number, opened_at, id, service_id, severity, urgency,
           upper(summary || E'\\n' || dedup_key || E'\\n' || source) AS words
    FROM alerts_alert WHERE number > %s AND number <= %s ORDER BY number LIMIT %s
),
filled AS (
    INSERT INTO alerts_searchtext (opened_at, alert_id, service_id, severity, urgency, words)
    SELECT opened_at, id, service_id, severity, urgency, words FROM next ORDER BY number
    ON CONFLICT DO NOTHING
)
SELECT count(*), max(number) FROM next
"""
# Fewer search texts than that are read as a whole as soon as in two steps.
_READ_MARK = """
SELECT number,
       CASE WHEN number > 200000 THEN
           (SELECT opened_at FROM alerts_alert WHERE number > mark.number * 19 / 20 ORDER BY number LIMIT 1)
       END
FROM alerts_searchmark AS mark
"""
_WRITE_MARK = """
INSERT INTO alerts_searchmark (id, number) VALUES (1, %s) ON CONFLICT (id) DO UPDATE SET number = excluded.number
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """Search texts are complete up to the number. Of many about a twentieth opened at `near_at` or later."""

    number: int
    near_at: datetime | None


@dataclass(frozen=True, slots=True)
class Horizon:
    """The highest number that is visible, and the transactions under way that have drawn one, lower or higher."""

    number: int
    filled_to: int
    writers: frozenset[str]


def horizon() -> Horizon:
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON)
        row = cursor.fetchone()
    return Horizon(row[0], row[1], frozenset(row[2])) if row else Horizon(0, 0, frozenset())


def give_way() -> None:
    """For the rest of the transaction: no wait for the disk, none for a lock, none for long."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_WAY)


def try_lock() -> bool:
    """Until the end of the transaction: one engine at a time, whatever number of them run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [_LOCK_NAME])
        row = cursor.fetchone()
    return bool(row and row[0])


def mark() -> Mark:
    with connection.cursor() as cursor:
        cursor.execute(_READ_MARK)
        row = cursor.fetchone()
    return Mark(row[0], row[1]) if row else Mark(0, None)


def fill(*, above: int, up_to: int, limit: int) -> int:
    """How many alerts were taken in, lowest numbers first. The mark moves with them."""
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [above, up_to, limit])
        row = cursor.fetchone()
        count, last = row if row else (0, None)
        cursor.execute(_WRITE_MARK, [last if count == limit else up_to])
    return int(count)
