"""A server with the screens and an organization to look at, for tests that use a real browser."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from watchbill.domain.access.models import User
from watchbill.doors.web import live
from watchbill.processes import web

BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The address of a server that runs in a thread until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    held: dict[str, object] = {}

    def run() -> None:
        async def main() -> None:
            server = web.server(host="127.0.0.1", port=port, lifespan=False)
            held["server"], held["loop"] = server, asyncio.get_running_loop()
            await server.serve()

        asyncio.run(main())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    _wait_for(port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        live.FEED.stop()
        held["loop"].call_soon_threadsafe(held["server"].stop)  # type: ignore[attr-defined]
        thread.join(timeout=10)


def _wait_for(port: int) -> None:
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.05)
    raise AssertionError("the server did not start")


def signed_in(user: User) -> dict[str, str]:
    """A session as signing in makes it; name and value of its cookie."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key or ""}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
