"""The web process: ingest, screens and API in one event loop."""

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
import uvloop

from watchbill.asgi import application, door, load_addresses
from watchbill.doors.ingest.heartbeat import keep_noting_that_it_is_open
from watchbill.doors.ingest.protocol import Protocol, close_slow_connections
from watchbill.ground.clock import DatabaseClock
from watchbill.processes.beginning import begin

# Monitoring systems send in bursts; a refused connection is an alert that comes late.
_BACKLOG = 2048
_STOP_SECONDS_MAX = 5
# Longer than a proxy in front keeps its connections, so that it never asks on one that is just being closed.
_KEEP_ALIVE_SECONDS = 75
_ADDRESSES_WAIT_SECONDS = 0.5


class Server(uvicorn.Server):
    """`asked_to_stop`: by a signal or by `stop`; requests under way are finished."""

    asked_to_stop = False

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._is_open = asyncio.Event()

    def stop(self) -> None:
        self.asked_to_stop = self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Not here: the process listens for its signals itself, and ends with an exit code of its own."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._is_open.set()

    async def serve_and_sweep(self) -> None:
        beside = (
            asyncio.create_task(close_slow_connections(lambda: self.server_state.connections)),
            asyncio.create_task(self._once_open(lambda: keep_noting_that_it_is_open(DatabaseClock()))),
            asyncio.create_task(self._once_open(_load_addresses_soon)),
        )
        try:
            await self.serve()
        finally:
            for task in beside:
                task.cancel()

    async def _once_open(self, work: Callable[[], Awaitable[None]]) -> None:
        await self._is_open.wait()
        await work()


async def _load_addresses_soon() -> None:
    """Not at once, because events come first; whoever asks for a screen before starts it."""
    await asyncio.sleep(_ADDRESSES_WAIT_SECONDS)
    await load_addresses()


def server(*, host: str, port: int, lifespan: bool = True) -> Server:
    class Connection(Protocol):
        state = staticmethod(door.state)

    return Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            http=Connection,
            ws="none",
            interface="asgi3",
            lifespan="on" if lifespan else "off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS_MAX,
        )
    )


def run(*, host: str, port: int) -> None:
    """Until SIGTERM: then no new connection is taken and requests under way are finished."""
    begin("web")
    if not uvloop.run(_serve(host, port)):
        sys.exit("watchbill web: the application did not start, or ended by itself; its log says why")


async def _serve(host: str, port: int) -> bool:
    """Whether it ended because it was asked to."""
    made = server(host=host, port=port)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, made.stop)
    await made.serve_and_sweep()
    return made.asked_to_stop


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="watchbill web")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    given = parser.parse_args()
    run(host=given.host, port=given.port)
