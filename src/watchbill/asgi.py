"""What the web process serves: health, events coming in, live updates, then Django."""

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable

from django.core.asgi import get_asgi_application
from django.db import connections
from django.urls import get_resolver

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill import config as instance
from watchbill.doors import bodies, health
from watchbill.doors.forwarded import trusted_networks
from watchbill.doors.health import Message, Scope, Send
from watchbill.doors.ingest.app import IngestApp
from watchbill.doors.status_page.app import StatusPageApp
from watchbill.doors.web import live
from watchbill.ground.clock import SystemClock

# A request under ASGI has a thread of its own, so a connection kept by a thread would be used once and leaked.
# Engine, worker and commands keep one connection per thread: theirs tell at once why the database does not answer.
_database = connections.settings["default"]
_database["CONN_MAX_AGE"] = 0
_database["OPTIONS"]["pool"] = {"min_size": 0, "max_size": 20, "timeout": 10, "max_idle": 60}

_ALLOCATIONS = 20_000
_django = get_asgi_application()
_addresses_are_loaded = threading.Event()
door = IngestApp(
    database_url=instance.database_url,
    metrics_token=instance.config().metrics_token.get_secret_value(),
    clock=SystemClock(),
    trusted=trusted_networks(instance.config().trusted_proxies),
)
status_page = StatusPageApp(instance.status_page_dir())


async def application(scope: Scope, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
    if IngestApp.is_asked(scope):
        await door(scope, receive, send)
    elif health.is_asked(scope):
        await health.answer(scope, send)
    elif live.is_asked(scope):
        await live.application(scope, receive, send)
    elif StatusPageApp.is_asked(scope):
        await status_page(scope, send)
    elif scope["type"] == "lifespan":
        await _live(receive, send)
    else:
        await load_addresses()
        limit = bodies.bytes_max(scope["path"], file_max=instance.config().attachment_mebibytes << 20)
        if bodies.announces_too_much(scope, limit):
            await bodies.refuse(send, limit)
        else:
            await _django(scope, bodies.bounded(receive, limit), send)


async def load_addresses() -> None:
    """All screens and operations, with the code behind them: a second of work, in which Django would stop the loop."""
    if not _addresses_are_loaded.is_set():
        await asyncio.to_thread(_load_addresses)


def _load_addresses() -> None:
    """By several at once: the first one loads, the others wait for it."""
    _ = get_resolver().url_patterns
    _addresses_are_loaded.set()


async def _live(receive: Callable[[], Awaitable[Message]], send: Send) -> None:
    while (await receive())["type"] == "lifespan.startup":
        _spare_the_collector()
        await send({"type": "lifespan.startup.complete"})
    await door.stop()
    await send({"type": "lifespan.shutdown.complete"})


def _spare_the_collector() -> None:
    """What is loaded stays; requests leave few cycles. The default threshold walks the heap for every few events."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 50)
