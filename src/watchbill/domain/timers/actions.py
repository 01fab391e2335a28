"""Set and clear timers. Claiming them is the engine's, in `store`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from watchbill.domain.timers.store import DueTimer
from watchbill.ground.row_sets import as_rows

WAKE_CHANNEL = "watchbill_timers"
# So long waits what an engine has claimed and somebody else holds: no human notices, and no processor does either.
BLINK = timedelta(milliseconds=50)

_SET = """
INSERT INTO timers_timer (kind, subject_id, generation, due_at, failures, last_error)
SELECT kind, subject_id, generation, CASE WHEN at_once THEN least(due_at, now()) ELSE due_at END, failures, last_error
FROM json_to_recordset(%s) AS row (
    kind text, subject_id uuid, generation int, due_at timestamptz, at_once boolean, failures int, last_error text
)
ON CONFLICT (kind, subject_id) DO UPDATE
SET due_at = excluded.due_at, generation = excluded.generation, failures = excluded.failures,
    last_error = excluded.last_error, quarantined_at = NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTimer:
    """`at_once`: due when it is set, also where the clock of the host that sets it is ahead of the database's."""

    kind: str
    subject_id: UUID
    due_at: datetime
    generation: int = 0
    at_once: bool = False


def set_timers(timers: Iterable[NewTimer]) -> None:
    """Set, or move when there is one of that kind for that subject already. Wakes the engine at commit."""
    _set([(one.kind, one.subject_id, one.generation, one.due_at, one.at_once, 0, "") for one in timers])


def put_back(timers: Iterable[DueTimer], *, due_at: datetime) -> None:
    """What was claimed and cannot be handled right now is due again then, as it was: also as often as it failed."""
    _set([(one.kind, one.subject_id, one.generation, due_at, False, one.failures, one.last_error) for one in timers])


def _set(timers: Sequence[tuple[str, UUID, int, datetime, bool, int, str]]) -> None:
    if not timers:
        return
    names = ("kind", "subject_id", "generation", "due_at", "at_once", "failures", "last_error")
    rows = [dict(zip(names, one, strict=True)) for one in timers]
    with connection.cursor() as cursor:
        cursor.execute(_SET, [as_rows(rows)])
        cursor.execute("SELECT pg_notify(%s, '')", [WAKE_CHANNEL])


def clear_timers(*, kinds: Iterable[str], subject_ids: Iterable[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM timers_timer WHERE kind = ANY(%s) AND subject_id = ANY(%s)",
            [list(kinds), list(subject_ids)],
        )
