"""The demo phones: a page where they ring, and the address that channel `demo` sends to. Standard library only."""

import argparse
import asyncio
import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from watchbill.ground.parent import end_with_parent

_PAGE = Path(__file__).with_name("phones_page")
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/phones.css": ("phones.css", "text/css; charset=utf-8"),
    "/phones.js": ("phones.js", "text/javascript; charset=utf-8"),
}
_BODY_BYTES_MAX = 1 << 20
_MESSAGES_MAX = 50
_HEADERS = "Connection: close\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'self'\r\n"


@dataclass
class Phones:
    """Name to messages, oldest first; a phone that nobody announced appears when it first rings."""

    messages: dict[str, list[dict[str, Any]]]
    answered: dict[str, str] = field(default_factory=dict)  # alert id to words: nobody need answer it any more
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self, name: str, message: dict[str, Any]) -> None:
        kept = self.messages.setdefault(name, [])
        kept.append({**message, "received_at": time.time()})
        del kept[:-_MESSAGES_MAX]
        self._tell()

    def answer_alerts(self, answered: dict[str, str]) -> None:
        self.answered = answered
        self._tell()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def snapshot(self) -> bytes:
        phones = [
            {"name": name, "label": name.replace("-", " ").title(), "messages": [self._shown(one) for one in messages]}
            for name, messages in self.messages.items()
        ]
        return json.dumps(phones).encode()

    def _shown(self, message: dict[str, Any]) -> dict[str, Any]:
        """`answered` is empty while one of its alerts still waits for somebody."""
        words = [self.answered.get(alert["id"], "") for alert in message.get("alerts", ())]
        return {**message, "answered": ". ".join(dict.fromkeys(words)) if all(words) else ""}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            method, path, body = await _read_request(reader)
            if method == "GET" and path == "/events":
                await self._stream(writer)
            elif method == "POST" and path.startswith("/phones/"):
                self.ring(unquote(path.removeprefix("/phones/")), json.loads(body))
                _respond(writer, "200 OK", b"{}", "application/json")
            elif method == "POST" and path == "/answered":
                self.answer_alerts(json.loads(body))
                _respond(writer, "200 OK", b"{}", "application/json")
            elif method == "GET" and path == "/messages":
                _respond(writer, "200 OK", self.snapshot(), "application/json")
            elif method == "GET" and path in _FILES:
                name, kind = _FILES[path]
                _respond(writer, "200 OK", (_PAGE / name).read_bytes(), kind)
            else:
                _respond(writer, "404 Not Found", b"not found\n", "text/plain")
            await writer.drain()
        except (ConnectionError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked went away, or spoke no HTTP: nothing is owed
        finally:
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{_HEADERS}\r\n".encode())
        while True:
            changed = self.changed
            writer.write(b"data: " + self.snapshot() + b"\n\n")
            await writer.drain()
            await changed.wait()


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _version = head[0].split(" ")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
    length = int(headers.get("content-length", "0"))
    if length > _BODY_BYTES_MAX:
        raise ValueError("larger than any page")
    return method, path, await reader.readexactly(length)


def _respond(writer: asyncio.StreamWriter, status: str, body: bytes, kind: str) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{_HEADERS}\r\n"
    writer.write(head.encode() + body)


async def _serve(port: int, names: list[str]) -> None:
    phones = Phones(messages={name: [] for name in names})
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await asyncio.start_server(phones.answer, "127.0.0.1", port)
    await stopping.wait()


if __name__ == "__main__":
    end_with_parent(os.getppid())
    parser = argparse.ArgumentParser(prog="watchbill demo phones")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    asyncio.run(_serve(given.port, given.names))
