"""Claim errands that are due, under a lease that a dead worker loses; finish them or put them back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from watchbill.ground.ids import new_id
from watchbill.ground.text import storable

LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    id: UUID
    kind: str
    subject_id: UUID
    asked: int
    failures: int
    token: UUID


_CLAIM = """
UPDATE errands_errand SET lease_until = %s, token = %s
WHERE id IN (
    SELECT id FROM errands_errand
    WHERE due_at <= %s AND (lease_until IS NULL OR lease_until <= %s) AND kind = ANY(%s)
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, subject_id, asked, failures, token
"""


def claim(*, now: datetime, kinds: list[str], limit: int) -> list[Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, new_id(), now, now, kinds, limit])
        return [
            Claimed(id=row[0], kind=row[1], subject_id=row[2], asked=row[3], failures=row[4], token=row[5])
            for row in cursor.fetchall()
        ]


def renew(one: Claimed, *, now: datetime) -> bool:
    """False when the lease ran out and another worker has it: this one must stop."""
    return _changed(
        "UPDATE errands_errand SET lease_until = %s WHERE id = %s AND token = %s", [now + LEASE, one.id, one.token]
    )


def finish(one: Claimed, *, now: datetime) -> None:
    """Away with it, unless somebody asked again while it ran: then it is due now."""
    if _changed(
        "DELETE FROM errands_errand WHERE id = %s AND token = %s AND asked = %s", [one.id, one.token, one.asked]
    ):
        return
    wait(one, due_at=now)


def wait(one: Claimed, *, due_at: datetime, why: str = "") -> None:
    """Nothing failed and it is not done: the rest when it is due, behind whatever has been due for longer."""
    _changed(
        "UPDATE errands_errand SET lease_until = NULL, token = NULL, failures = 0, last_error = %s, due_at = %s "
        "WHERE id = %s AND token = %s",
        [storable(why)[:1000], due_at, one.id, one.token],
    )


def put_back(one: Claimed, *, due_at: datetime, error: str) -> None:
    _changed(
        "UPDATE errands_errand SET lease_until = NULL, token = NULL, failures = failures + 1, last_error = %s, "
        "due_at = %s WHERE id = %s AND token = %s",
        [storable(error)[:1000], due_at, one.id, one.token],
    )


def _changed(statement: str, values: list[datetime | UUID | int | str]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount)
