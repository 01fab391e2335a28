"""Hot path of the engine: many runs change in one statement."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from watchbill.domain.escalation.models import Run
from watchbill.ground.row_sets import as_rows

_SAVE = """
UPDATE escalation_run AS run
SET cycle = row.cycle, level = row.level, state = row.state, ended_at = row.ended_at, end_reason = row.end_reason
FROM json_to_recordset(%s)
     AS row (id uuid, cycle int, level int, state text, ended_at timestamptz, end_reason text)
WHERE run.id = row.id
"""


# One parameter: a placeholder for each id would take Python longer to write than the database to answer.
_LOCK_LIVE = """
SELECT * FROM escalation_run WHERE id = ANY(%s::uuid[]) AND state = 'live' ORDER BY id FOR UPDATE
"""


def lock_live(run_ids: Iterable[UUID]) -> list[Run]:
    """Those of them that are live now, locked for this transaction."""
    return list(Run.objects.raw(_LOCK_LIVE, ["{" + ",".join(map(str, run_ids)) + "}"]))


def save_runs(runs: Sequence[Run]) -> None:
    """The caller holds the rows' locks."""
    if not runs:
        return
    rows = [
        {
            "id": run.id,
            "cycle": run.cycle,
            "level": run.level,
            "state": str(run.state),
            "ended_at": run.ended_at,
            "end_reason": run.end_reason,
        }
        for run in runs
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [as_rows(rows)])
