"""Hearing from a system by a connection that the worker opens: again and again, with growing pauses while it fails."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from prometheus_client import Counter

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
FAILURES = Counter("watchbill_listening_failures_total", "Defects while hearing from another system.", ["of"])
_A_DEFECT = "a defect of Watchbill; the line before has the details"
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
        why = _what_went_wrong(listening, away)
        if why is None:
            pause = first_pause
            continue
        log.warning(away, why=why, again_in_seconds=pause)
        await asyncio.wait((stop,), timeout=pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    stop.cancel()


def _what_went_wrong(listening: "asyncio.Future[str | None]", away: str) -> str | None:
    """Whatever another system answers, it stops neither the other systems nor what else the process does."""
    try:
        return listening.result()
    except Exception:
        FAILURES.labels(away.partition(".")[0]).inc()
        log.exception("listening.failed", of=away)
        return _A_DEFECT
