"""Slack's Socket Mode: a connection that the worker opens, so that no address of ours need be public.

What comes is written down and only then acknowledged; Slack sends again what was not, also over the next connection.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import orjson
import structlog
from django.db import InterfaceError, OperationalError
from prometheus_client import Counter, Gauge
from websockets.exceptions import WebSocketException

from watchbill.chat.slack import SlackHost
from watchbill.chat.slack_events import parse
from watchbill.domain.warrooms.inbox_actions import take_in
from watchbill.doors.callbacks.listening import FIRST_PAUSE, Database, listen_on
from watchbill.ground.clock import Clock

log = structlog.get_logger()

CONNECTED = Gauge("watchbill_slack_connected", "1 while Slack can reach the worker by Socket Mode.")
HEARD = Counter("watchbill_slack_envelopes_total", "What came from Slack by Socket Mode, by kind.", ["kind"])


class Connection(Protocol):
    """As much of a websocket as is needed."""

    async def recv(self) -> str | bytes: ...

    async def send(self, message: str) -> None: ...

    async def close(self) -> None: ...


Connect = Callable[[str], Awaitable[Connection]]


class SlackSocket:
    """`connect` opens a websocket; `database` runs short work in the database, in a thread beside the event loop."""

    def __init__(
        self, host: SlackHost, *, clock: Clock, database: Database, connect: Connect, first_pause: float = FIRST_PAUSE
    ) -> None:
        self._first_pause = first_pause
        self._host = host
        self._clock = clock
        self._database = database
        self._connect = connect

    async def run(self, stopping: asyncio.Event) -> None:
        """Until it is told to stop; comes back after every loss, with growing pauses while that fails."""
        await listen_on(self.listen, stopping, away="slack.socket.away", first_pause=self._first_pause)

    async def listen(self) -> str | None:
        """One connection, until it ends: None when Slack asked for a fresh one, otherwise what went wrong."""
        url = await self._host.open_socket(now=self._clock.now())
        if not isinstance(url, str):
            return url.why
        try:
            connection = await self._connect(url)
        except (OSError, WebSocketException, TimeoutError) as error:
            return f"no connection to Slack's socket ({type(error).__name__})"
        try:
            CONNECTED.set(1)
            return await self._hear_all(connection)
        except (OSError, WebSocketException) as error:
            return f"the connection to Slack was lost ({type(error).__name__})"
        except (OperationalError, InterfaceError) as error:
            return f"the database is away: {str(error).strip()}"  # not acknowledged, so Slack sends it again
        finally:
            CONNECTED.set(0)
            await connection.close()

    async def _hear_all(self, connection: Connection) -> str | None:
        while True:
            envelope = _read(await connection.recv())
            kind = str(envelope.get("type") or "")
            HEARD.labels(kind if kind in _KNOWN else "other").inc()
            if kind == "disconnect":
                return None
            await self._take(kind, envelope)
            if envelope.get("envelope_id"):
                await connection.send(orjson.dumps({"envelope_id": str(envelope["envelope_id"])}).decode())

    async def _take(self, kind: str, envelope: dict[str, Any]) -> None:
        payload = envelope.get("payload")
        incoming = parse(kind, payload) if isinstance(payload, dict) else None
        if incoming is not None:
            now = self._clock.now()
            await self._database(lambda: take_in(self._host.kind, incoming, now=now))


_KNOWN = frozenset({"hello", "disconnect", "events_api", "slash_commands", "interactive"})


def _read(frame: str | bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(frame)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
