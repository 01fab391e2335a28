"""Hot path of the sender: claim what is due, write the intent, write the outcome."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from watchbill.ground.ids import new_id
from watchbill.ground.row_sets import as_rows

GROUP_QUIET_SECONDS = 10 * 60

_DUE = """
SELECT delivery.id, delivery.page_id, delivery.contact_id, delivery.position, delivery.tries, delivery.expiries,
       page.subject_kind, page.subject_id, page.user_id, page.reason, page.run_id, page.generation, page.urgency,
       contact.kind, contact.name, person.name, contact.address, contact.sealed_secret,
       delivery.position = 0 AND delivery.tries = 0 AND NOT EXISTS (
           SELECT 1 FROM paging_page AS earlier
           WHERE earlier.user_id = page.user_id AND earlier.group_id = page.group_id
             AND (earlier.created_at, earlier.id) < (page.created_at, page.id)
             AND earlier.created_at > page.created_at - make_interval(secs => %s)
             AND (earlier.urgency = 'high' OR page.urgency = 'low')) AS first_of_group,
       contact.verified_at IS NOT NULL AND contact.disabled_at IS NULL AND contact.removed_at IS NULL
           AND person.is_active AS usable
FROM paging_delivery AS delivery
JOIN paging_page AS page ON page.id = delivery.page_id
JOIN people_contactmethod AS contact ON contact.id = delivery.contact_id
JOIN access_user AS person ON person.id = page.user_id
WHERE delivery.state = 'queued' AND delivery.due_at <= %s AND page.state = 'active'
ORDER BY delivery.due_at, page.urgency, delivery.id
LIMIT %s
FOR UPDATE OF delivery, page SKIP LOCKED
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """`usable` is judged at the moment of sending: a contact or a person may have gone since the page was made."""

    id: UUID
    page_id: UUID
    contact_id: UUID
    position: int
    tries: int
    expiries: int
    subject_kind: str
    subject_id: UUID
    user_id: UUID
    reason: str
    run_id: UUID
    generation: int
    urgency: str
    kind: str
    contact: str
    person: str
    address: str
    sealed_secret: str
    first_of_group: bool
    usable: bool


def claim_due(*, now: datetime, limit: int) -> list[DueDelivery]:
    """Locked for this transaction, and still wanted: an answered page is not active any more."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [GROUP_QUIET_SECONDS, now, limit])
        return [
            DueDelivery(
                id=row[0],
                page_id=row[1],
                contact_id=row[2],
                position=row[3],
                tries=row[4],
                expiries=row[5],
                subject_kind=row[6],
                subject_id=row[7],
                user_id=row[8],
                reason=row[9],
                run_id=row[10],
                generation=row[11],
                urgency=row[12],
                kind=row[13],
                contact=row[14],
                person=row[15],
                address=row[16],
                sealed_secret=row[17],
                first_of_group=row[18],
                usable=row[19],
            )
            for row in cursor.fetchall()
        ]


def recent_messages(contact_ids: Iterable[UUID], *, since: datetime) -> dict[UUID, list[datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_id, started_at FROM paging_attempt WHERE contact_id = ANY(%s) AND started_at > %s",
            [list(contact_ids), since],
        )
        found: dict[UUID, list[datetime]] = {}
        for contact_id, started_at in cursor.fetchall():
            found.setdefault(contact_id, []).append(started_at)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One message that is about to go out, and the exact deliveries it stands for: all about one kind of subject."""

    attempt_id: UUID
    token: UUID
    contact_id: UUID
    kind: str
    deliveries: tuple[DueDelivery, ...]

    def __post_init__(self) -> None:
        if len({delivery.subject_kind for delivery in self.deliveries}) != 1:
            raise ValueError("deliveries: a message is about one kind of subject, and about at least one of it")

    @property
    def subject_kind(self) -> str:
        return self.deliveries[0].subject_kind


_WRITE_INTENTS = """
WITH carried AS MATERIALIZED (
    SELECT attempt_id, delivery_id FROM json_to_recordset(%s) AS row (attempt_id uuid, delivery_id uuid)
),
attempt AS (
    INSERT INTO paging_attempt (id, contact_id, kind, state, token, started_at, lease_until, pages_count, reference,
                                error)
    SELECT id, contact_id, kind, 'sending', token, %s, %s, pages, '', ''
    FROM json_to_recordset(%s) AS row (id uuid, contact_id uuid, kind text, token uuid, pages int)
),
pair AS (
    INSERT INTO paging_attempteddelivery (attempt_id, delivery_id) SELECT attempt_id, delivery_id FROM carried
)
UPDATE paging_delivery AS delivery SET state = 'sending', tries = tries + 1, attempt_id = carried.attempt_id
FROM carried WHERE delivery.id = carried.delivery_id
"""


def write_intents(intents: Sequence[Intent], *, now: datetime, lease: timedelta) -> None:
    if not intents:
        return
    attempts = [
        {
            "id": intent.attempt_id,
            "contact_id": intent.contact_id,
            "kind": intent.kind,
            "token": intent.token,
            "pages": len(intent.deliveries),
        }
        for intent in intents
    ]
    carried = [
        {"attempt_id": intent.attempt_id, "delivery_id": delivery.id}
        for intent in intents
        for delivery in intent.deliveries
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_INTENTS, [as_rows(carried), now, now + lease, as_rows(attempts)])


def hold(deliveries: Sequence[DueDelivery], *, until: datetime) -> None:
    """Too soon for this contact's budget: they will leave together in one message."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE paging_delivery SET due_at = %s WHERE id = ANY(%s)",
            [until, [delivery.id for delivery in deliveries]],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedAttempt:
    """`state` of the attempt and of its deliveries afterwards; `retry_at` for those that are queued again."""

    intent: Intent
    attempt_state: str
    delivery_state: str
    reference: str
    error: str
    retry_at: datetime | None


_FINISH_ATTEMPTS = """
UPDATE paging_attempt AS attempt
SET state = row.state, finished_at = %s, reference = row.reference, error = row.error
FROM json_to_recordset(%s) AS row (id uuid, token uuid, state text, reference text, error text)
WHERE attempt.id = row.id AND attempt.token = row.token AND attempt.state = 'sending'
RETURNING attempt.id
"""

# The pages are locked before their deliveries, here and wherever pages are closed: whoever answers meanwhile comes
# either before, and is seen, or after, and sees a delivery that is queued again.
_FINISH_DELIVERIES = """
WITH row AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s)
        AS row (id uuid, page_id uuid, attempt_id uuid, state text, error text, retry_at timestamptz)
),
page AS MATERIALIZED (
    SELECT id, state FROM paging_page WHERE id IN (SELECT page_id FROM row) ORDER BY id FOR UPDATE
)
UPDATE paging_delivery AS delivery
SET state = CASE WHEN page.state = 'active' OR row.state = 'sent' THEN row.state ELSE 'cancelled' END,
    due_at = coalesce(row.retry_at, delivery.due_at),
    finished_at = CASE WHEN row.state = 'queued' AND page.state = 'active' THEN NULL ELSE %s END,
    error = row.error
FROM row JOIN page ON page.id = row.page_id
WHERE delivery.id = row.id AND delivery.attempt_id = row.attempt_id AND delivery.state = 'sending'
RETURNING delivery.id, delivery.state
"""


def write_outcomes(outcomes: Sequence[FinishedAttempt], *, now: datetime) -> dict[UUID, str]:
    """What became of each delivery whose attempt was still ours; another sender took over the others."""
    attempts = [
        {
            "id": outcome.intent.attempt_id,
            "token": outcome.intent.token,
            "state": outcome.attempt_state,
            "reference": outcome.reference[:300],
            "error": outcome.error[:500],
        }
        for outcome in outcomes
    ]
    with connection.cursor() as cursor:
        cursor.execute(_FINISH_ATTEMPTS, [now, as_rows(attempts)])
        ours = {row[0] for row in cursor.fetchall()}
        deliveries = [
            {
                "id": delivery.id,
                "page_id": delivery.page_id,
                "attempt_id": outcome.intent.attempt_id,
                "state": outcome.delivery_state,
                "error": outcome.error[:500],
                "retry_at": outcome.retry_at,
            }
            for outcome in outcomes
            if outcome.intent.attempt_id in ours
            for delivery in outcome.intent.deliveries
        ]
        cursor.execute(_FINISH_DELIVERIES, [as_rows(deliveries), now])
        return dict(cursor.fetchall())


_EXPIRE = """
WITH expired AS (
    UPDATE paging_attempt SET state = 'expired', finished_at = %s, error = 'the sender died while sending'
    WHERE id IN (SELECT id FROM paging_attempt WHERE state = 'sending' AND lease_until <= %s
                 ORDER BY lease_until LIMIT 1000 FOR UPDATE SKIP LOCKED)
    RETURNING id
),
page AS MATERIALIZED (
    SELECT id, state FROM paging_page
    WHERE id IN (SELECT page_id FROM paging_delivery WHERE attempt_id IN (SELECT id FROM expired))
    ORDER BY id FOR UPDATE
)
UPDATE paging_delivery AS delivery
SET state = CASE WHEN page.state <> 'active' THEN 'cancelled'
                 WHEN delivery.expiries + 1 >= %s THEN 'failed' ELSE 'queued' END,
    expiries = delivery.expiries + 1,
    due_at = %s,
    error = 'the sender died while sending'
FROM expired, page
WHERE delivery.attempt_id = expired.id AND delivery.state = 'sending' AND page.id = delivery.page_id
RETURNING delivery.page_id, delivery.state
"""


def expire_leases(*, now: datetime, expiries_max: int) -> list[UUID]:
    """A sender died between asking and noting: send again, a bounded number of times. Pages whose try failed.

    What the provider itself turned down is not counted here: a sender that dies once is no reason to give up.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, [now, now, expiries_max, now])
        return [row[0] for row in cursor.fetchall() if row[1] == "failed"]


_SOONER = ", sooner because the way before it failed"


def bring_next_delivery_forward(page_ids: Sequence[UUID], *, to: datetime) -> None:
    """The next rule of each page runs now instead of at its time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE paging_delivery SET due_at = %s, rule = left(rule || %s, 200) "
            "WHERE state = 'queued' AND due_at > %s AND id IN ("
            "SELECT DISTINCT ON (page_id) id FROM paging_delivery "
            "WHERE page_id = ANY(%s) AND state = 'queued' AND tries = 0 ORDER BY page_id, position)",
            [to, _SOONER, to, list(page_ids)],
        )


_CLOSE_UNREACHED = """
WITH asked AS MATERIALIZED (
    SELECT id FROM paging_page WHERE id = ANY(%s) AND state = 'active' ORDER BY id FOR UPDATE
)
UPDATE paging_page AS page SET state = 'unreached', closed_at = %s, closed_reason = 'every way failed'
WHERE page.id IN (SELECT id FROM asked) AND page.state = 'active'
  AND NOT EXISTS (SELECT 1 FROM paging_delivery WHERE page_id = page.id AND state IN ('queued', 'sending', 'sent'))
RETURNING page.run_id
"""


def close_unreached_pages(page_ids: Iterable[UUID], *, now: datetime) -> list[UUID]:
    """Their person could not be told by any way; the runs that made them. What was sent waits for an answer instead."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_UNREACHED, [sorted(set(page_ids)), now])
        return [row[0] for row in cursor.fetchall()]


def next_due_at() -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least((SELECT min(due_at) FROM paging_delivery WHERE state = 'queued'), "
            "(SELECT min(lease_until) FROM paging_attempt WHERE state = 'sending'))"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def lock_address(address: str) -> None:
    """Until the transaction ends: what is counted for an address is counted by one at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"contact address {address}"])


def new_intent(*, contact_id: UUID, kind: str, deliveries: Iterable[DueDelivery]) -> Intent:
    return Intent(attempt_id=new_id(), token=new_id(), contact_id=contact_id, kind=kind, deliveries=tuple(deliveries))


def still_wanted(page_ids: Sequence[UUID]) -> bool:
    """Whether any of these pages waits for an answer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM paging_page WHERE id = ANY(%s) AND state = 'active')", [list(page_ids)]
        )
        row = cursor.fetchone()
    return bool(row and row[0])
