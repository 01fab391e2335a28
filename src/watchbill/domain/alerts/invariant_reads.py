"""What must hold in production at every committed state, as queries that an index answers. Nothing here repairs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

# What is this late has nobody who does it. Long enough for a restart and for a lease that runs out.
_LATE = timedelta(seconds=60)
_LIMIT = 1000

DRIVERLESS = "driverless"
REACHED_NOBODY = "reached_nobody"
HELD_TOO_LONG, SILENT_FOR_EVER = "held_too_long", "silent_for_ever"

# A triggered alert is driven by one run and one timer that is not in quarantine, or its run has come to its end.
_DRIVERLESS = """
SELECT alert.id::text FROM alerts_alert AS alert
LEFT JOIN escalation_run AS run ON run.subject_kind = 'alert' AND run.subject_id = alert.id
LEFT JOIN timers_timer AS timer ON timer.kind = 'escalation.step' AND timer.subject_id = run.id
     AND timer.generation = run.generation AND timer.quarantined_at IS NULL
WHERE alert.state = 'triggered' AND alert.suppressed_by_id IS NULL
  AND (run.id IS NULL OR run.state = 'stopped' OR (run.state = 'live' AND timer.id IS NULL))
LIMIT %(limit)s
"""
# Its escalation came to its end, and nobody of those it should have told last is being told.
_REACHED_NOBODY = """
SELECT alert.id::text FROM alerts_alert AS alert
JOIN escalation_run AS run ON run.subject_kind = 'alert' AND run.subject_id = alert.id
WHERE alert.state = 'triggered' AND run.state IN ('exhausted', 'notified') AND NOT EXISTS (
    SELECT 1 FROM paging_page AS page
    WHERE page.run_id = run.id AND page.generation = run.generation AND page.state = 'active'
      AND (page.level = 0 OR run.state = 'notified'))
LIMIT %(limit)s
"""
# Maintenance that is over holds nothing back any more.
_HELD_TOO_LONG = """
SELECT alert.id::text FROM alerts_alert AS alert
JOIN services_maintenancewindow AS held ON held.id = alert.suppressed_by_id
WHERE alert.suppressed_by_id IS NOT NULL AND alert.state <> 'resolved'
  AND (held.cancelled_at < %(late)s OR held.ends_at < %(late)s)
LIMIT %(limit)s
"""
_TIMER_WITHOUT_RUN = """
SELECT timer.id::text FROM timers_timer AS timer LEFT JOIN escalation_run AS run ON run.id = timer.subject_id
WHERE timer.kind = 'escalation.step' AND (run.id IS NULL OR run.state <> 'live')
LIMIT %(limit)s
"""
_PAGE_WITHOUT_WAY = """
SELECT page.id::text FROM paging_page AS page WHERE page.state = 'active' AND NOT EXISTS (
    SELECT 1 FROM paging_delivery AS delivery
    WHERE delivery.page_id = page.id AND delivery.state IN ('queued', 'sending', 'sent'))
LIMIT %(limit)s
"""
_QUEUED_FOR_CLOSED = """
SELECT delivery.id::text FROM paging_delivery AS delivery JOIN paging_page AS page ON page.id = delivery.page_id
WHERE delivery.state = 'queued' AND page.state <> 'active'
LIMIT %(limit)s
"""
_BEYOND_LEASE = """
SELECT id::text FROM paging_attempt WHERE state = 'sending' AND lease_until < %(late)s LIMIT %(limit)s
"""
_SILENT_FOR_EVER = """
SELECT alert.id::text FROM alerts_alert AS alert
WHERE alert.state <> 'resolved' AND (
    (alert.snoozed_until IS NOT NULL AND NOT EXISTS (SELECT 1 FROM timers_timer
        WHERE kind = 'alert.snooze_ends' AND subject_id = alert.id))
    OR (alert.suppressed_by_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM timers_timer
        WHERE kind = 'alert.maintenance_ends' AND subject_id = alert.id)))
LIMIT %(limit)s
"""
_QUARANTINED = "SELECT id::text FROM timers_timer WHERE quarantined_at IS NOT NULL LIMIT %(limit)s"
_TIMERS_LATE = """
SELECT id::text FROM timers_timer WHERE quarantined_at IS NULL AND due_at < %(late)s ORDER BY due_at LIMIT %(limit)s
"""
_PAGES_LATE = """
SELECT id::text FROM paging_delivery WHERE state = 'queued' AND due_at < %(late)s ORDER BY due_at LIMIT %(limit)s
"""

CHECKS: Mapping[str, str] = {
    DRIVERLESS: _DRIVERLESS,
    REACHED_NOBODY: _REACHED_NOBODY,
    "timer_without_run": _TIMER_WITHOUT_RUN,
    "page_without_way": _PAGE_WITHOUT_WAY,
    "queued_for_closed_page": _QUEUED_FOR_CLOSED,
    "attempt_beyond_lease": _BEYOND_LEASE,
    SILENT_FOR_EVER: _SILENT_FOR_EVER,
    HELD_TOO_LONG: _HELD_TOO_LONG,
    "timer_quarantined": _QUARANTINED,
    "timer_late": _TIMERS_LATE,
    "page_late": _PAGES_LATE,
}


@dataclass(frozen=True, slots=True)
class Broken:
    """`ids` of alerts, timers, pages, deliveries or attempts, as the name of the check says; at most 1000."""

    check: str
    ids: tuple[str, ...]


def broken_invariants(*, now: datetime, checks: Mapping[str, str] = CHECKS) -> list[Broken]:
    """`checks`: by name, each a query for ids that takes `late` and `limit`."""
    found = []
    with connection.cursor() as cursor:
        for name, query in checks.items():
            cursor.execute(query, {"late": now - _LATE, "limit": _LIMIT})
            ids = tuple(row[0] for row in cursor.fetchall())
            if ids:
                found.append(Broken(name, ids))
    return found


def uuids(broken: Broken) -> list[UUID]:
    return [UUID(one) for one in broken.ids]
