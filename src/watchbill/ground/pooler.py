"""A pooler in transaction mode (PgBouncer) gives each transaction another session: nothing of one may be relied on.

Whether there is one is found out and not configured: a pooler tells its clients a process id of its own making, and
the server behind it has another.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import psycopg


def is_pooled(connection: "psycopg.Connection[Any]") -> bool:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return row is None or row[0] != connection.info.backend_pid


async def connect(
    dsn: str, *, name: str, settings: Mapping[str, str], connect_seconds: float, command_seconds: float
) -> Any:
    """Asyncpg's connection with these settings of the session, or what does the same through a pooler."""
    options: dict[str, Any] = {"timeout": connect_seconds, "command_timeout": command_seconds}
    # Without names for prepared statements, which another session would not know.
    unnamed = await asyncpg.connect(  # type: ignore[no-untyped-call]  # asyncpg has no types
        dsn, statement_cache_size=0, server_settings={"application_name": name}, **options
    )
    pooled: bool | None = None
    try:
        async with unnamed.transaction():
            pooled = await unnamed.fetchval("SELECT pg_backend_pid()") != unnamed.get_server_pid()
    finally:
        if pooled is None:
            unnamed.terminate()
    if pooled:
        return PooledConnection(unnamed, settings)
    await unnamed.close()
    connecting = asyncpg.connect(  # type: ignore[no-untyped-call]  # asyncpg has no types
        dsn, server_settings={**settings, "application_name": name}, **options
    )
    return await connecting


class PooledConnection:
    """Each statement in a transaction, because asyncpg prepares and executes in two steps, which only a transaction
    keeps on one session; and with the settings in each transaction, because they would be another client's after it.
    """

    def __init__(self, connection: Any, settings: Mapping[str, str]) -> None:
        self._connection = connection
        self._settings = "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in settings.items())
        self._learned: set[str] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        is_outer = not self._connection.is_in_transaction()
        async with self._connection.transaction():
            if is_outer:
                await self._connection.execute(self._settings)
            yield

    async def execute(self, query: str, *values: Any) -> Any:
        return await self._run(self._connection.execute, query, values)

    async def fetch(self, query: str, *values: Any) -> Any:
        return await self._run(self._connection.fetch, query, values)

    async def fetchrow(self, query: str, *values: Any) -> Any:
        return await self._run(self._connection.fetchrow, query, values)

    async def fetchval(self, query: str, *values: Any) -> Any:
        return await self._run(self._connection.fetchval, query, values)

    async def _run(self, run: Callable[..., Awaitable[Any]], query: str, values: Sequence[Any]) -> Any:
        if query not in self._learned:
            await self._learn(query)
        async with self.transaction():
            return await run(query, *values)

    async def _learn(self, query: str) -> None:
        """Asyncpg asks the server about types that it sees for the first time, and changes a setting of the session
        meanwhile: that is taken back with the transaction, and what it learned stays.
        """
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            await self._connection.prepare(query, name="")
        finally:
            await transaction.rollback()
        self._learned.add(query)

    def is_in_transaction(self) -> bool:
        return bool(self._connection.is_in_transaction())

    def is_closed(self) -> bool:
        return bool(self._connection.is_closed())

    def terminate(self) -> None:
        self._connection.terminate()
