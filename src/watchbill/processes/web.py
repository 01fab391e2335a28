"""The web process: ingest, screens and API in one event loop, served by granian without a process of its own."""

import argparse
import asyncio
import signal
import sys

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from watchbill.asgi import application
from watchbill.processes.beginning import begin

# Monitoring systems send in bursts; a refused connection is an alert that comes late.
_BACKLOG = 2048


def run(*, host: str, port: int) -> None:
    """Until SIGTERM: then no new connection is taken and requests under way are finished."""
    begin("web")
    if not uvloop.run(_serve(host, port)):
        sys.exit("watchbill web: the application did not start, or ended by itself; its log says why")


async def _serve(host: str, port: int) -> bool:
    """Whether it ended because it was asked to."""
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto,
        backlog=_BACKLOG,
        websockets=False,
        log_access=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve()
    return not server.interrupt_children


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="watchbill web")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    given = parser.parse_args()
    run(host=given.host, port=given.port)
