"""Tables partitioned by month: made ahead, dropped when old, never in the way of an insert."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

# Whoever waits for a table lock makes everybody behind wait: give way instead, the next run does it.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"


def month_of(instant: datetime) -> datetime:
    return instant.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_after(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyPartitions:
    """The table has a DEFAULT partition, so an insert finds a place whatever month it is."""

    table: str
    column: str

    def make_ahead(self, now: datetime, *, months: int) -> list[str]:
        """The month of `now` and the following ones. Answers the names of those that were missing."""
        made, month = [], month_of(now)
        for _ in range(months + 1):
            made += self._make(month)
            month = month_after(month)
        return made

    def drop_before(self, instant: datetime) -> list[str]:
        """Whole months that ended before it, and rows that found no month of their own."""
        dropped = []
        for name in self._existing():
            if name < self._name(month_of(instant)):
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(_LOCK_TIMEOUT)
                    cursor.execute(f"DROP TABLE {name}")
                dropped.append(name)
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {self.table}_default WHERE {self.column} < %s", [month_of(instant)])  # noqa: S608 - constants
        return dropped

    def _make(self, month: datetime) -> list[str]:
        name, until = self._name(month), month_after(month)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LOCK_TIMEOUT)
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s)), to_regclass(%s)", [name, name])
            row = cursor.fetchone()
            if row and row[1]:
                return []
            # Attached, not created in place: that would lock the whole table against inserts.
            cursor.execute(f"CREATE TABLE {name} (LIKE {self.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
            cursor.execute(
                f"WITH moved AS (DELETE FROM {self.table}_default WHERE {self.column} >= %s AND {self.column} < %s "  # noqa: S608 - names are ours
                f"RETURNING *) INSERT INTO {name} SELECT * FROM moved",
                [month, until],
            )
            cursor.execute(
                f"ALTER TABLE {self.table} ATTACH PARTITION {name} "
                f"FOR VALUES FROM ('{month.isoformat()}') TO ('{until.isoformat()}')"
            )
        return [name]

    def _existing(self) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits "
                "WHERE inhparent = %s::regclass AND inhrelid::regclass::text LIKE %s ORDER BY 1",
                [self.table, f"{self.table}\\_m%"],
            )
            return [name for (name,) in cursor.fetchall()]

    def _name(self, month: datetime) -> str:
        """Sorts like time."""
        return f"{self.table}_m{month:%Y_%m}"
