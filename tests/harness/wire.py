"""The ingest door behind real sockets, so that bytes arrive in the pieces in which a test sends them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from tests.harness.sender import Door, Reply
from watchbill.doors.ingest.protocol import Protocol


def request(path: str, body: bytes, *, method: str = "POST", headers: dict[str, str] | None = None) -> bytes:
    sent = {"Host": "watchbill.example.org", "Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**sent, **(headers or {})}.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


@dataclass
class Wire:
    """`talk` sends the pieces on one connection, one after the other, and reads as many answers as asked for."""

    door: Door
    server: Any = field(init=False)

    def __enter__(self) -> "Wire":
        door = self.door

        class Connection(Protocol):
            state = staticmethod(door.app.state)

        config = uvicorn.Config(
            door.app,
            port=0,
            http=Connection,
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
        )
        self.server = uvicorn.Server(config)
        config.load()
        self.server.lifespan = config.lifespan_class(config)
        self.door.run(self.server.startup())
        return self

    def __exit__(self, *_: object) -> None:
        self.door.run(self.server.shutdown())

    @property
    def port(self) -> int:
        port: int = self.server.servers[0].sockets[0].getsockname()[1]
        return port

    def ask(self, *pieces: bytes) -> Reply:
        return self.talk(pieces, answers=1)[0]

    def talk(self, pieces: Sequence[bytes], *, answers: int) -> list[Reply]:
        replies: list[Reply] = self.door.run(self._talk(pieces, answers))
        return replies

    async def _talk(self, pieces: Sequence[bytes], answers: int) -> list[Reply]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for place, piece in enumerate(pieces):
                writer.write(piece)
                await writer.drain()
                if place < len(pieces) - 1:
                    for _ in range(20):  # lets the server's side read what was sent before the next piece goes out
                        await asyncio.sleep(0)
            return [await _answer(reader) for _ in range(answers)]
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader) -> Reply:
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
        body = await reader.readexactly(int(headers["content-length"]))
    return Reply(int(head[0].split(" ")[1]), headers, body)
