"""The wire between Watchbill and a homeserver, which loses answers and breaks when a story says so."""

import asyncio
import contextlib
import re
from typing import cast

from tests.harness.carriers import LoopThread, Request, read_request

_BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class MatrixWire(LoopThread):
    """`lost`: of requests whose method and path match, so many are done and their answers lost. `broken`: so many are
    answered with an error of the homeserver's own."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.clear()

    def clear(self) -> None:
        self.lost: dict[str, int] = {}
        self.broken: dict[str, int] = {}
        self.down = False
        self.requests: list[Request] = []

    def start(self) -> None:
        super().start()
        self._server = cast(asyncio.Server, self.run(self._listen()))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._server.close)
        super().stop()

    def asked(self, pattern: str) -> list[Request]:
        return [one for one in self.requests if re.search(pattern, f"{one.method} {one.path}")]

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=4 * 1024 * 1024)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while not self.down and (request := await read_request(reader, 0)):
                self.requests.append(request)
                is_broken = self._counts(self.broken, request)
                answer = _BROKEN if is_broken else await self._passed_on(request)
                if self.down or self._counts(self.lost, request):
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()

    def _counts(self, wanted: dict[str, int], request: Request) -> bool:
        for pattern, left in wanted.items():
            if left and re.search(pattern, f"{request.method} {request.path}"):
                wanted[pattern] = left - 1
                return True
        return False

    async def _passed_on(self, request: Request) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._to)
        kept = {name: value for name, value in request.headers.items() if name != "connection"}
        head = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        start = f"{request.method} {request.path} HTTP/1.1\r\nConnection: close\r\n{head}\r\n"
        writer.write(start.encode("latin-1") + request.body)
        await writer.drain()
        answer = await reader.read(-1)
        writer.close()
        return re.sub(rb"(?i)\r\nconnection: close", b"", answer, count=1)
