"""Hearing from a system by a connection that the worker opens: again and again, with growing pauses while it fails."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
# Short work in the database, in a thread beside the event loop.
Database = Callable[[Callable[[], Any]], Awaitable[Any]]


async def listen_on(
    listen: Callable[[], Awaitable[str | None]], stopping: asyncio.Event, *, away: str, first_pause: float = FIRST_PAUSE
) -> None:
    """Until it is told to stop. `listen` says what went wrong, or None; `away` is the log's word for that."""
    stop = asyncio.create_task(stopping.wait())
    pause = first_pause
    while not stopping.is_set():
        listening = asyncio.ensure_future(listen())
        await asyncio.wait((listening, stop), return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            listening.cancel()
            await asyncio.wait((listening,))
            break
        why = listening.result()
        if why is None:
            pause = first_pause
            continue
        log.warning(away, why=why, again_in_seconds=pause)
        await asyncio.wait((stop,), timeout=pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    stop.cancel()
