"""Is the process alive, and can it take work? Answered before Django, without a session or a log line."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.db import DatabaseError, connection

Scope = dict[str, Any]
Message = dict[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


def is_asked(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["path"] in ("/healthz", "/readyz") and scope["method"] in ("GET", "HEAD")


async def answer(scope: Scope, send: Send) -> None:
    """`/healthz`: 200 while the event loop turns. `/readyz`: 200 when the database takes writes, else 503."""
    trouble = "" if scope["path"] == "/healthz" else await asyncio.to_thread(_database_trouble)
    status, body = (503, trouble.encode()) if trouble else (200, b"ok\n")
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _database_trouble() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM alerts_alert LIMIT 1")
            cursor.execute("SHOW transaction_read_only")
            row = cursor.fetchone()
    except DatabaseError:
        connection.close()
        return "the database does not answer, or has no tables of this version\n"
    if row == ("off",):
        return ""
    connection.close()  # the next one may lead to the server that takes over
    return "the database takes no writes\n"
