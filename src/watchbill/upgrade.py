"""Brings a database to this version's tables; safe while other hosts run, or start at the same moment."""

import asyncio
import time
from collections.abc import Callable

import asyncpg
from django.core.management import call_command
from django.db import connection
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY_LOCK])
        try:
            names = pending()
            if names:
                say(f"Bringing the database to this version: {len(names)} migrations ...")
                cursor.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'; SET statement_timeout = '{_STATEMENT_TIMEOUT}'")
                _apply()
            changed = asyncio.run(_upgrade_queue())
            if not names and not changed:
                say("The database is up to date.")
            return len(names)
        finally:
            cursor.execute("RESET lock_timeout; RESET statement_timeout")
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY_LOCK])


def pending() -> list[str]:
    """Names of migrations this version has and the database has not, in the order they would be applied."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def _apply() -> None:
    """Each migration is a transaction of its own, so giving way costs only the one that had to wait."""
    for attempt in range(1, _TRIES + 1):
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE or attempt == _TRIES:
                raise
            time.sleep(0.5 * attempt)
        else:
            return


async def _upgrade_queue() -> bool:
    """The chores' queue brings tables of its own; it compares them with what its version declares."""
    link = await asyncpg.connect(database_url())  # type: ignore[no-untyped-call] # asyncpg has no types
    try:
        queue = Queries.from_asyncpg_connection(link)
        if await queue.schema_is_installed():
            return bool((await queue.apply_upgrade()).statements)
        await queue.install()
    finally:
        await link.close()
    return True
