"""What must hold at every committed state. Names and numbers are those of the reliability rules (I6 and so on)."""

from datetime import datetime

from django.db import connection

_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "I6: an open alert that nobody has is driven by one run with one timer, or is exhausted, or low and told",
        """
        SELECT alert.number FROM alerts_alert AS alert
        LEFT JOIN escalation_run AS run ON run.subject_id = alert.id
        LEFT JOIN timers_timer AS timer ON timer.kind = 'escalation.step' AND timer.subject_id = run.id
             AND timer.generation = run.generation AND timer.quarantined_at IS NULL
        WHERE alert.state = 'triggered' AND alert.suppressed_by_id IS NULL
          AND NOT coalesce((run.state = 'live' AND timer.id IS NOT NULL)
              OR run.state IN ('exhausted', 'notified'), false)
        """,
    ),
    (
        "I6: exhausted means that the fallback was paged, or said aloud that it reached nobody",
        """
        SELECT run.id FROM escalation_run AS run WHERE run.state = 'exhausted' AND NOT EXISTS (
            SELECT 1 FROM audit_entry AS entry
            WHERE entry.subject_id = run.subject_id AND entry.action = 'escalation.exhausted')
        """,
    ),
    (
        "I7: a run that is not live has no timer, and every step timer belongs to a live run",
        """
        SELECT timer.id FROM timers_timer AS timer LEFT JOIN escalation_run AS run ON run.id = timer.subject_id
        WHERE timer.kind = 'escalation.step' AND (run.id IS NULL OR run.state <> 'live')
        """,
    ),
    (
        "I13: a page that waits for an answer has something left to send, or was sent",
        """
        SELECT page.id FROM paging_page AS page WHERE page.state = 'active' AND NOT EXISTS (
            SELECT 1 FROM paging_delivery AS delivery
            WHERE delivery.page_id = page.id AND delivery.state IN ('queued', 'sending', 'sent'))
        """,
    ),
    (
        "I13: nothing is queued for a page that is closed",
        """
        SELECT delivery.id FROM paging_delivery AS delivery JOIN paging_page AS page ON page.id = delivery.page_id
        WHERE delivery.state = 'queued' AND page.state <> 'active'
        """,
    ),
    (
        "I14: no attempt is in flight beyond its lease",
        "SELECT id FROM paging_attempt WHERE state = 'sending' AND lease_until < %(now)s",
    ),
    (
        "I19: every acknowledged alert says who has it",
        "SELECT number FROM alerts_alert WHERE state = 'acknowledged' AND acknowledged_by = ''",
    ),
    (
        "I13b: a snoozed or suppressed alert has a timer that ends it",
        """
        SELECT alert.number FROM alerts_alert AS alert
        WHERE alert.state <> 'resolved' AND (
            (alert.snoozed_until IS NOT NULL AND NOT EXISTS (SELECT 1 FROM timers_timer
                WHERE kind = 'alert.snooze_ends' AND subject_id = alert.id))
            OR (alert.suppressed_by_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM timers_timer
                WHERE kind = 'alert.maintenance_ends' AND subject_id = alert.id)))
        """,
    ),
    (
        "I29: every opened alert has one entry that says so",
        """
        SELECT alert.number FROM alerts_alert AS alert WHERE (
            SELECT count(*) FROM audit_entry AS entry WHERE entry.subject_id = alert.id
            AND entry.action IN ('alert.triggered', 'alert.suppressed')) <> 1
        """,
    ),
)


def check(*, now: datetime) -> None:
    with connection.cursor() as cursor:
        for name, query in _CHECKS:
            cursor.execute(query, {"now": now})
            broken = cursor.fetchall()
            assert not broken, f"{name}: {broken[:5]}"
