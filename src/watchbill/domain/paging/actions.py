"""Create pages with their deliveries, and close them when somebody answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from watchbill.domain.paging.models import DeliveryState, PageState
from watchbill.domain.paging.reads import Reachable
from watchbill.ground.ids import new_ids
from watchbill.ground.row_sets import as_rows

WAKE_CHANNEL = "watchbill_pages"

_INSERT_PAGES = """
INSERT INTO paging_page (id, run_id, generation, cycle, level, subject_kind, subject_id, group_id, user_id,
                         urgency, reason, state, created_at, closed_reason)
SELECT id, run_id, generation, cycle, level, subject_kind, subject_id, group_id, user_id,
       urgency, reason, 'active', %s, ''
FROM json_to_recordset(%s)
     AS row (id uuid, run_id uuid, generation int, cycle int, level int, subject_kind text, subject_id uuid,
             group_id uuid, user_id uuid, urgency text, reason text)
ON CONFLICT ON CONSTRAINT page_once_per_step_and_person DO NOTHING
RETURNING id
"""

_INSERT_DELIVERIES = """
INSERT INTO paging_delivery (id, page_id, contact_id, position, rule, due_at, state, tries, error)
SELECT id, page_id, contact_id, position, rule, least(due_at, now() + make_interval(secs => after_seconds)),
       'queued', 0, ''
FROM json_to_recordset(%s)
     AS row (id uuid, page_id uuid, contact_id uuid, position int, rule text, due_at timestamptz, after_seconds int)
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
    by_id = dict(zip(new_ids(len(pages)), pages, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_PAGES, [now, as_rows([_page_row(page_id, page) for page_id, page in by_id.items()])])
        created = [row[0] for row in cursor.fetchall()]
        deliveries = [
            {
                "page_id": page_id,
                "contact_id": planned.contact_id,
                "position": position,
                "rule": planned.rule[:200],
                "due_at": now + timedelta(seconds=planned.after_seconds),
                "after_seconds": planned.after_seconds,
            }
            for page_id in created
            for position, planned in enumerate(by_id[page_id].person.deliveries)
        ]
        for delivery, delivery_id in zip(deliveries, new_ids(len(deliveries)), strict=True):
            delivery["id"] = delivery_id
        cursor.execute(_INSERT_DELIVERIES, [as_rows(deliveries)])
        cursor.execute("SELECT pg_notify(%s, '')", [WAKE_CHANNEL])


def _page_row(page_id: UUID, page: NewPage) -> dict[str, object]:
    return {
        "id": page_id,
        "run_id": page.run_id,
        "generation": page.generation,
        "cycle": page.cycle,
        "level": page.level,
        "subject_kind": page.subject_kind,
        "subject_id": page.subject_id,
        "group_id": page.group_id,
        "user_id": page.person.user_id,
        "urgency": page.urgency,
        "reason": page.reason[:500],
    }


def close_pages(
    *,
    subject_kind: str,
    subject_ids: Sequence[UUID],
    state: PageState,
    reason: str,
    now: datetime,
    by: UUID | None = None,
) -> int:
    """Nothing that has not left yet will leave. `by`: the person who answered.

    Pages are locked before deliveries, as the sender does it.
    """
    return _close(subject_kind, subject_ids, user_id=None, state=state, reason=reason, now=now, by=by)


def close_pages_of_person(*, subject_kind: str, subject_id: UUID, user_id: UUID, reason: str, now: datetime) -> int:
    """That person answered; the others' pages about the same thing go on."""
    answered = PageState.ANSWERED
    return _close(subject_kind, [subject_id], user_id=user_id, state=answered, reason=reason, now=now, by=user_id)


def close_pages_of_runs(
    run_ids: Sequence[UUID], *, state: PageState, reason: str, now: datetime, by: UUID | None = None
) -> int:
    """Of these rounds of calling alone; others about the same thing go on. `by`: the person who answered."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM paging_page WHERE run_id = ANY(%s) AND state = %s ORDER BY id FOR UPDATE",
            [list(run_ids), PageState.ACTIVE],
        )
        page_ids = [row[0] for row in cursor.fetchall()]
    return _close_locked(page_ids, state=state, reason=reason, now=now, by=by)


def _close(
    subject_kind: str,
    subject_ids: Sequence[UUID],
    *,
    user_id: UUID | None,
    state: PageState,
    reason: str,
    now: datetime,
    by: UUID | None,
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM paging_page WHERE subject_kind = %s AND subject_id = ANY(%s) AND state = %s "
            "AND (%s::uuid IS NULL OR user_id = %s) ORDER BY id FOR UPDATE",
            [subject_kind, list(subject_ids), PageState.ACTIVE, user_id, user_id],
        )
        page_ids = [row[0] for row in cursor.fetchall()]
    return _close_locked(page_ids, state=state, reason=reason, now=now, by=by)


def _close_locked(page_ids: list[UUID], *, state: PageState, reason: str, now: datetime, by: UUID | None) -> int:
    if not page_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE paging_page SET state = %s, closed_at = %s, closed_reason = %s, closed_by_id = %s "
            "WHERE id = ANY(%s)",
            [state, now, reason[:300], by, page_ids],
        )
        cursor.execute(
            "UPDATE paging_delivery SET state = %s, finished_at = %s, error = %s "
            "WHERE state = %s AND page_id = ANY(%s)",
            [DeliveryState.CANCELLED, now, reason[:500], DeliveryState.QUEUED, page_ids],
        )
    return len(page_ids)
