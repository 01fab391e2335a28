"""Hot path of the engine: many runs change in one statement."""

from collections.abc import Sequence

from django.db import connection

from watchbill.domain.escalation.models import Run

_SAVE = """
UPDATE escalation_run AS run
SET cycle = row.cycle, level = row.level, state = row.state, ended_at = row.ended_at, end_reason = row.end_reason
FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::text[], %s::timestamptz[], %s::text[])
     AS row (id, cycle, level, state, ended_at, end_reason)
WHERE run.id = row.id
"""


def save_runs(runs: Sequence[Run]) -> None:
    """The caller holds the rows' locks."""
    if not runs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _SAVE,
            [
                [run.id for run in runs],
                [run.cycle for run in runs],
                [run.level for run in runs],
                [str(run.state) for run in runs],
                [run.ended_at for run in runs],
                [run.end_reason for run in runs],
            ],
        )
