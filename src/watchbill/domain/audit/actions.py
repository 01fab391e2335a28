"""Write entries. Always inside the transaction of the change itself; never changed afterwards."""

from collections.abc import Iterable
from datetime import datetime

import orjson
from django.db import connection, transaction

from watchbill.domain.audit.contract import Actor, Record

_INSERT = """
INSERT INTO audit_entry (at, actor_kind, actor_id, actor_label, via, source_address,
                         action, subject_kind, subject_id, subject_label, details)
SELECT %s, %s, %s, %s, %s, %s, action, subject_kind, subject_id, subject_label, details
FROM unnest(%s::text[], %s::text[], %s::uuid[], %s::text[], %s::jsonb[])
     AS row (action, subject_kind, subject_id, subject_label, details)
"""


def record(records: Iterable[Record], *, actor: Actor, now: datetime) -> None:
    rows = list(records)
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
                [row.action for row in rows],
                [row.subject_kind for row in rows],
                [row.subject_id for row in rows],
                [row.subject_label[:300] for row in rows],
                [orjson.dumps(row.details, default=str).decode() for row in rows],
            ],
        )
