"""Ask for errands, inside the transaction of whatever makes them necessary."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection

from watchbill.ground.ids import new_id
from watchbill.ground.row_sets import as_rows

WAKE_CHANNEL = "watchbill_errands"

# One that failed keeps its pause: whoever said "not now" means it for what is asked meanwhile too.
_ASK = """
INSERT INTO errands_errand (id, kind, subject_id, asked, due_at, failures, last_error)
SELECT id, kind, subject_id, 1, due_at, 0, ''
FROM json_to_recordset(%s) AS row (id uuid, kind text, subject_id uuid, due_at timestamptz)
ON CONFLICT (kind, subject_id) DO UPDATE
SET asked = errands_errand.asked + 1,
    due_at = CASE WHEN errands_errand.failures > 0 THEN errands_errand.due_at
                  ELSE least(errands_errand.due_at, excluded.due_at) END
"""


def ask(kind: str, subject_ids: Iterable[UUID], *, due_at: datetime) -> None:
    """The worker looks at it when it is due; asking for what waits already costs nothing."""
    rows = [{"id": new_id(), "kind": kind, "subject_id": one, "due_at": due_at} for one in sorted(set(subject_ids))]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [as_rows(rows)])
        cursor.execute("SELECT pg_notify(%s, '')", [WAKE_CHANNEL])


def try_now(kind: str, subject_id: UUID, *, now: datetime) -> None:
    """Somebody mended the cause and does not want to wait for the pause."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE errands_errand SET due_at = %s, asked = asked + 1 WHERE kind = %s AND subject_id = %s",
            [now, kind, subject_id],
        )
        cursor.execute("SELECT pg_notify(%s, '')", [WAKE_CHANNEL])
