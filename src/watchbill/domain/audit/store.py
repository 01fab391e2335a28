"""Entries and seals in bulk: what sealing and verifying read and write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from watchbill.domain.audit.sealing_rules import EMPTY, Head

_LOCK_NAME = "watchbill audit seals"

# As text, so that the canonical form does not depend on how a driver shows a value.
_COLUMNS = """
entry.id, to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), entry.actor_kind,
entry.actor_id::text, entry.actor_label, entry.via, entry.source_address, entry.action, entry.subject_kind,
entry.subject_id::text, entry.subject_label, entry.details::text, entry.at
"""
_UNSEALED = "entry.id > %s AND NOT EXISTS (SELECT 1 FROM audit_seal AS seal WHERE seal.entry_id = entry.id)"


@dataclass(frozen=True, slots=True)
class SealableEntry:
    """`canonical` holds the columns as the canonical form has them."""

    id: int
    at: datetime
    canonical: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SealRow:
    sequence: int
    entry_id: int
    entry_at: datetime
    entry_hash: str
    chain_hash: str


def try_lock() -> bool:
    """Until the end of the transaction: one sealer at a time, whatever number of engines run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [_LOCK_NAME])
        row = cursor.fetchone()
    return bool(row and row[0])


def head() -> Head:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequence, chain_hash FROM audit_seal ORDER BY sequence DESC LIMIT 1")
        row = cursor.fetchone()
    return Head(row[0], row[1]) if row else EMPTY


def unsealed(*, above: int, limit: int) -> list[SealableEntry]:
    """In the order of their ids. `above`: every entry up to this id is known to be sealed or to have never come."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM audit_entry AS entry WHERE {_UNSEALED} ORDER BY entry.id LIMIT %s",  # noqa: S608 - constants
            [above, limit],
        )
        return [_entry(row) for row in cursor.fetchall()]


def count_unsealed(*, above: int, older_than: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM audit_entry AS entry WHERE {_UNSEALED} AND entry.at < %s",  # noqa: S608 - constants
            [above, older_than],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def entries(ids: Sequence[int]) -> list[SealableEntry]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM audit_entry AS entry WHERE entry.id = ANY(%s)", [list(ids)])  # noqa: S608 - constants
        return [_entry(row) for row in cursor.fetchall()]


def _entry(row: Sequence[Any]) -> SealableEntry:
    canonical = {
        "id": str(row[0]),
        "at": row[1],
        "actor_kind": row[2],
        "actor_id": row[3],
        "actor_label": row[4],
        "via": row[5],
        "source_address": row[6],
        "action": row[7],
        "subject_kind": row[8],
        "subject_id": row[9],
        "subject_label": row[10],
        "details": orjson.loads(row[11]),
    }
    return SealableEntry(row[0], row[12], canonical)


def seals(*, after: int, limit: int) -> list[SealRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequence, entry_id, entry_at, entry_hash, chain_hash FROM audit_seal "
            "WHERE sequence > %s ORDER BY sequence LIMIT %s",
            [after, limit],
        )
        return [SealRow(*row) for row in cursor.fetchall()]


def insert_seals(rows: Sequence[SealRow], *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_seal (sequence, entry_id, entry_at, entry_hash, chain_hash, sealed_at) "
            "SELECT sequence, entry_id, entry_at, entry_hash, chain_hash, %s "
            "FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[]) "
            "AS row (sequence, entry_id, entry_at, entry_hash, chain_hash)",
            [
                now,
                [row.sequence for row in rows],
                [row.entry_id for row in rows],
                [row.entry_at for row in rows],
                [row.entry_hash for row in rows],
                [row.chain_hash for row in rows],
            ],
        )


@dataclass(frozen=True, slots=True)
class Horizon:
    """The highest id seen, and the transactions that may still bring a lower one."""

    entry_id: int
    transactions_before: int
    seen_at: datetime


def horizon(*, now: datetime) -> Horizon:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT coalesce(max(id), 0) FROM audit_entry), "
            "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        )
        row = cursor.fetchone()
    return Horizon(row[0], row[1], now) if row else Horizon(0, 0, now)


def oldest_transaction() -> int:
    """Every transaction with a lower number has ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        row = cursor.fetchone()
    return int(row[0]) if row else 0
