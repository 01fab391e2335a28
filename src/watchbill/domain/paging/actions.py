"""Create pages with their deliveries, and close them when somebody answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from watchbill.domain.paging.models import DeliveryState, PageState
from watchbill.domain.paging.reads import Reachable
from watchbill.ground.ids import new_id

WAKE_CHANNEL = "watchbill_pages"

_INSERT_PAGES = """
INSERT INTO paging_page (id, run_id, generation, cycle, level, subject_kind, subject_id, group_id, user_id,
                         urgency, reason, state, created_at, closed_reason)
SELECT id, run_id, generation, cycle, level, subject_kind, subject_id, group_id, user_id,
       urgency, reason, 'active', %s, ''
FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::int[], %s::int[], %s::text[], %s::uuid[], %s::uuid[],
            %s::uuid[], %s::text[], %s::text[])
     AS row (id, run_id, generation, cycle, level, subject_kind, subject_id, group_id, user_id, urgency, reason)
ON CONFLICT ON CONSTRAINT page_once_per_step_and_person DO NOTHING
RETURNING id
"""

_INSERT_DELIVERIES = """
INSERT INTO paging_delivery (id, page_id, contact_id, position, rule, due_at, state, tries, error)
SELECT id, page_id, contact_id, position, rule, due_at, 'queued', 0, ''
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::timestamptz[])
     AS row (id, page_id, contact_id, position, rule, due_at)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPage:
    run_id: UUID
    generation: int
    cycle: int
    level: int
    subject_kind: str
    subject_id: UUID
    group_id: UUID
    person: Reachable
    urgency: str
    reason: str


def create_pages(pages: Sequence[NewPage], *, now: datetime) -> None:
    """A page that exists already (same step, same person) is left as it is. Wakes the sender at commit."""
    if not pages:
        return
    ids = {new_id(): page for page in pages}
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_PAGES,
            [
                now,
                list(ids),
                [page.run_id for page in pages],
                [page.generation for page in pages],
                [page.cycle for page in pages],
                [page.level for page in pages],
                [page.subject_kind for page in pages],
                [page.subject_id for page in pages],
                [page.group_id for page in pages],
                [page.person.user_id for page in pages],
                [page.urgency for page in pages],
                [page.reason[:500] for page in pages],
            ],
        )
        created = [row[0] for row in cursor.fetchall()]
        rows = [
            (new_id(), page_id, planned.contact_id, position, planned.rule[:200], planned.after_seconds)
            for page_id in created
            for position, planned in enumerate(ids[page_id].person.deliveries)
        ]
        columns = list(zip(*rows, strict=True)) or [()] * 6
        due = [now + timedelta(seconds=seconds) for seconds in columns[5]]
        cursor.execute(_INSERT_DELIVERIES, [*(list(column) for column in columns[:5]), due])
        cursor.execute("SELECT pg_notify(%s, '')", [WAKE_CHANNEL])


def close_pages(*, subject_ids: Sequence[UUID], state: PageState, reason: str, now: datetime) -> int:
    """Nothing that has not left yet will leave. Deliveries first, then pages: the sender locks in that order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE paging_delivery SET state = %s, finished_at = %s, error = %s "
            "WHERE state = %s AND page_id IN "
            "(SELECT id FROM paging_page WHERE subject_id = ANY(%s) AND state = %s)",
            [DeliveryState.CANCELLED, now, reason[:500], DeliveryState.QUEUED, list(subject_ids), PageState.ACTIVE],
        )
        cursor.execute(
            "UPDATE paging_page SET state = %s, closed_at = %s, closed_reason = %s "
            "WHERE subject_id = ANY(%s) AND state = %s",
            [state, now, reason[:300], list(subject_ids), PageState.ACTIVE],
        )
        closed: int = cursor.rowcount
    return closed
