"""Hot path of the engine: many runs change in one statement."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from watchbill.domain.escalation.models import RunState
from watchbill.ground.row_sets import as_rows

_SAVE = """
UPDATE escalation_run AS run
SET cycle = row.cycle, level = row.level, state = row.state, ended_at = row.ended_at, end_reason = row.end_reason,
    because = ''
FROM json_to_recordset(%s)
     AS row (id uuid, cycle int, level int, state text, ended_at timestamptz, end_reason text)
WHERE run.id = row.id
"""

# One parameter: a placeholder for each id would take Python longer to write than the database to answer.
_LOCK_LIVE = """
SELECT id, subject_kind, subject_id, group_id, policy_version_id, urgency, generation, cycle, level,
       reassigned_to::text, because, tries
FROM escalation_run WHERE id = ANY(%s::uuid[]) AND state = 'live' ORDER BY id FOR UPDATE SKIP LOCKED
"""
_LIVE = "SELECT id FROM escalation_run WHERE id = ANY(%s::uuid[]) AND state = 'live'"


@dataclass(slots=True)
class LiveRun:
    """A run that is being driven, `reassigned_to` as JSON.

    A plain row, because a thousand of them as models cost more than their steps.
    """

    id: UUID
    subject_kind: str
    subject_id: UUID
    group_id: UUID
    policy_version_id: UUID | None
    urgency: str
    generation: int
    cycle: int
    level: int
    reassigned_to: str | None
    because: str
    tries: int
    state: str = RunState.LIVE.value
    ended_at: datetime | None = None
    end_reason: str = ""


def lock_live(run_ids: Collection[UUID]) -> tuple[list[LiveRun], list[UUID]]:
    """Those that are live now, locked for this transaction; and the live ones that somebody else holds right now.

    Never waits: whoever holds a run may be about to set the timer that its engine has claimed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_LIVE, [_as_array(run_ids)])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        runs = [LiveRun(*row) for row in rows]
        if len(runs) == len(run_ids):
            return runs, []
        cursor.execute(_LIVE, [_as_array(set(run_ids) - {run.id for run in runs})])
        return runs, [row[0] for row in cursor.fetchall()]


def _as_array(ids: Iterable[UUID]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"


def save_runs(runs: Sequence[LiveRun]) -> None:
    """The caller holds the rows' locks. A step was taken, so what made it come out of its turn is used up."""
    if not runs:
        return
    rows = [
        {
            "id": run.id,
            "cycle": run.cycle,
            "level": run.level,
            "state": run.state,
            "ended_at": run.ended_at,
            "end_reason": run.end_reason,
        }
        for run in runs
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [as_rows(rows)])
