"""A provider in a process of its own: takes webhook pages, stamps each with the time it came, remembers all of it.

`python -m benchmarks.carrier PORT`. `GET /taken` tells what came since the last `GET /taken`. Times are
`time.monotonic()`, which all processes of one host share.
"""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import orjson
import uvloop

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True, slots=True)
class Taken:
    """One message: when its last byte came, to whom, and the dedup keys of the alerts it tells of."""

    at: float
    path: str
    keys: tuple[str, ...]
    count: int


class Carrier:
    def __init__(self, port: int) -> None:
        self.port = port

    def address(self, person: str) -> str:
        return f"http://127.0.0.1:{self.port}/{person}"

    def taken(self) -> list[Taken]:
        """Once each: what came since this was asked last."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/taken", timeout=60) as answer:
            return [Taken(at, path, tuple(keys), count) for at, path, keys, count in json.load(answer)]

    def taken_until(self, wanted: set[str], *, seconds: float, every: float = 0.25) -> list[Taken]:
        """Until a message has told of each wanted key, or the time is over."""
        deadline = time.monotonic() + seconds
        found, missing = self.taken(), set(wanted)
        missing -= {key for one in found for key in one.keys}
        while missing and time.monotonic() < deadline:
            time.sleep(every)
            more = self.taken()
            found += more
            missing -= {key for one in more for key in one.keys}
        return found


@contextmanager
def running(port: int) -> Iterator[Carrier]:
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.carrier", str(port)])
    try:
        carrier = Carrier(port)
        _wait(carrier)
        yield carrier
    finally:
        process.terminate()
        process.wait(10)


def _wait(carrier: Carrier) -> None:
    for _ in range(200):
        try:
            carrier.taken()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the carrier does not answer on port {carrier.port}")


class _Protocol(asyncio.Protocol):
    def __init__(self, messages: list[tuple[float, bytes, bytes]]) -> None:
        self._messages = messages
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class, not derived from it

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            size = _content_length(head)
            if len(self._buffer) < end + 4 + size:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + size], self._buffer[end + 4 + size :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        assert self._transport is not None
        if not head.startswith(b"GET "):
            self._messages.append((time.monotonic(), head.split(b" ", 2)[1], body))
            self._transport.write(_ANSWER)
            return
        told = orjson.dumps([_told(*message) for message in self._messages])
        self._messages.clear()
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":", 1)[1])
    return 0


def _told(at: float, path: bytes, body: bytes) -> tuple[float, str, list[str], int]:
    page = orjson.loads(body)
    return at, path.decode(), [alert["dedup_key"] for alert in page["alerts"]], page["count"]


async def _serve(port: int) -> None:
    messages: list[tuple[float, bytes, bytes]] = []
    server = await asyncio.get_running_loop().create_server(
        lambda: _Protocol(messages), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
