"""Write entries. Always inside the transaction of the change itself; never changed afterwards."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from watchbill.domain.audit.contract import Actor, Record
from watchbill.ground.row_sets import as_rows

_INSERT = """
INSERT INTO audit_entry (at, actor_kind, actor_id, actor_label, via, source_address,
                         action, subject_kind, subject_id, subject_label, details)
SELECT %s, %s, %s, %s, %s, %s, action, subject_kind, subject_id, subject_label, details
FROM json_to_recordset(%s)
     AS row (action text, subject_kind text, subject_id uuid, subject_label text, details jsonb)
"""


def record(records: Iterable[Record], *, actor: Actor, now: datetime) -> None:
    rows = [
        {
            "action": one.action,
            "subject_kind": one.subject_kind,
            "subject_id": one.subject_id,
            "subject_label": one.subject_label[:300],
            "details": one.details,
        }
        for one in records
    ]
    if not rows:
        return
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an audit entry belongs to the transaction of its change: open one first")
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                now,
                actor.kind,
                actor.id,
                actor.label[:254],
                actor.via,
                actor.source_address[:64],
                as_rows(rows),
            ],
        )
