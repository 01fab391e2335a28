"""What must hold at every committed state: what production is asked each minute, and what only a story can know."""

from datetime import datetime

from django.db import connection

from watchbill.domain.alerts.invariant_reads import broken_invariants
from watchbill.engine.watchdog import EVERY_CHECK

# Beyond `broken_invariants`: they look at the whole past, or allow no delay, which a running instance could not afford.
_ONLY_HERE: dict[str, str] = {
    "exhausted means that the fallback was paged, or said aloud that it reached nobody": """
        SELECT run.id FROM escalation_run AS run WHERE run.state = 'exhausted' AND NOT EXISTS (
            SELECT 1 FROM audit_entry AS entry
            WHERE entry.subject_id = run.subject_id AND entry.action = 'escalation.exhausted')
    """,
    "no attempt is in flight beyond its lease": """
        SELECT id FROM paging_attempt WHERE state = 'sending' AND lease_until < %(now)s
    """,
    "every acknowledged alert says who has it": """
        SELECT number FROM alerts_alert WHERE state = 'acknowledged' AND acknowledged_by = ''
    """,
    "every opened alert has one entry that says so": """
        SELECT alert.number FROM alerts_alert AS alert WHERE (
            SELECT count(*) FROM audit_entry AS entry WHERE entry.subject_id = alert.id
            AND entry.action IN ('alert.triggered', 'alert.suppressed')) <> 1
    """,
}


def check(*, now: datetime) -> None:
    broken = {one.check: one.ids[:5] for one in broken_invariants(now=now, checks=EVERY_CHECK)}
    with connection.cursor() as cursor:
        for name, query in _ONLY_HERE.items():
            cursor.execute(query, {"now": now})
            if found := cursor.fetchall():
                broken[name] = found[:5]
    assert not broken, broken
