"""A monitoring system that talks to the ingest door: ASGI calls in this process, on a loop of their own."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from watchbill.config import database_url
from watchbill.doors.forwarded import trusted_networks
from watchbill.doors.ingest.app import IngestApp
from watchbill.doors.ingest.batcher import REQUESTS_MAX
from watchbill.ground.clock import Clock, SystemClock


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Door:
    """The real door on the real database. `send` waits for the answer; `together` sends many at once."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        metrics_token: str = "",
        url: Callable[[], str] = database_url,
        requests_max: int = REQUESTS_MAX,
        proxies: str = "",
    ) -> None:
        self.app = IngestApp(
            database_url=url,
            metrics_token=metrics_token,
            clock=clock or SystemClock(),
            requests_max=requests_max,
            trusted=trusted_networks(proxies),
        )
        self._runner = asyncio.Runner()

    def __enter__(self) -> "Door":
        self._runner.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.app.stop())
        self._runner.__exit__(None, None, None)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def send(self, path: str, body: Any = b"", **options: Any) -> Reply:
        reply: Reply = self.run(self.call(path, body, **options))
        return reply

    def together(self, requests: Iterable[tuple[str, Any]]) -> list[Reply]:
        async def all_of_them() -> list[Reply]:
            return list(await asyncio.gather(*(self.call(path, body) for path, body in requests)))

        replies: list[Reply] = self.run(all_of_them())
        return replies

    async def call(
        self,
        path: str,
        body: Any = b"",
        *,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        client: str = "192.0.2.7",
        chunks: list[bytes] | None = None,
    ) -> Reply:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        parts = chunks if chunks is not None else [raw]
        sent = {"content-type": "application/json", **(headers or {})}
        if chunks is None:
            sent = {"content-length": str(len(raw)), **sent}
        messages: list[Any] = []
        queue = [
            {"type": "http.request", "body": part, "more_body": place < len(parts) - 1}
            for place, part in enumerate(parts)
        ]

        async def receive() -> dict[str, Any]:
            return queue.pop(0) if queue else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": (client, 40000),
        }
        await self.app(scope, receive, send)
        if not messages:
            return Reply(0, {}, b"")
        start, end = messages
        return Reply(start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, end["body"])
