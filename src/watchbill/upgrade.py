"""Brings a database to this version's tables; safe while other hosts run, or start at the same moment."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError
from pgqueuer.adapters.persistence.queries import Queries

from watchbill.config import database_url

# Any constant will do, as long as every version of the product uses the same.
_ADVISORY_LOCK = 7_228_421_553
# A migration that waits for a table lock makes everybody behind it wait too: give way early, try again.
_LOCK_TIMEOUT = "4s"
_STATEMENT_TIMEOUT = "60s"
_TRIES = 8
_LOCK_NOT_AVAILABLE = "55P03"


def migrate(*, say: Callable[[str], None]) -> int:
    """Apply what is missing, one host at a time, and answer how many migrations that was."""
    with _one_host_at_a_time():
        names = pending()
        if names:
            say(f"Bringing the database to this version: {len(names)} migrations ...")
            _apply()
        changed = asyncio.run(_upgrade_queue())
        if not names and not changed:
            say("The database is up to date.")
        return len(names)


def pending() -> list[str]:
    """Names of migrations this version has and the database has not, in the order they would be applied."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


@contextmanager
def _one_host_at_a_time() -> Iterator[None]:
    """A lock of a transaction and not of a session: a pooler may give each transaction another session.

    The transaction stays open on a connection of its own and does nothing else, which servers may hold against it.
    """
    with psycopg.connect(database_url(), application_name="watchbill upgrade") as holder:
        holder.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        holder.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        yield


class _GivesWay(MigrationExecutor):
    """Each migration is a transaction of its own, so giving way costs only the one that had to wait."""

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            cursor.execute(f"SET LOCAL statement_timeout = '{_STATEMENT_TIMEOUT}'")
            return super().apply_migration(state, migration, fake, fake_initial)


def _apply() -> None:
    for attempt in range(1, _TRIES + 1):
        executor = _GivesWay(connection)
        try:
            executor.migrate(executor.loader.graph.leaf_nodes())
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE or attempt == _TRIES:
                raise
            time.sleep(0.5 * attempt)
        else:
            break
    call_command("migrate", interactive=False, verbosity=0)  # what Django's own applications do after migrations


async def _upgrade_queue() -> bool:
    """The chores' queue brings tables of its own; it compares them with what its version declares.

    Statement by statement under our lock: its own is one of a session.
    """
    link = await psycopg.AsyncConnection.connect(database_url(), autocommit=True, prepare_threshold=None)
    async with link:
        queue = Queries.from_psycopg_connection(link)
        if not await queue.schema_is_installed():
            await queue.install()
            return True
        statements = (await queue.plan_upgrade()).statements
        for statement in statements:
            await queue.driver.execute(statement)
        return bool(statements)
