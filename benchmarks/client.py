"""A monitoring system that sends triggers and knows when each was accepted: when the 202 had been read."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trigger:
    routing_key: str
    dedup_key: str


class NotAccepted(Exception):
    """The instance answered something else than 202, or not at all."""


class Client:
    """One connection that is kept open; one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, trigger: Trigger) -> float:
        """When the 202 had been read. Raises NotAccepted."""
        try:
            return await self._send(trigger)
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            self.close()
            raise NotAccepted(f"{trigger.dedup_key}: {type(error).__name__}") from error

    async def _send(self, trigger: Trigger) -> float:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        body = _body(trigger)
        head = f"POST /v2/enqueue HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"  # noqa: E501
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        lines = answer.decode().lower().split("\r\n")
        size = next(int(line.split(":", 1)[1]) for line in lines if line.startswith("content-length:"))
        await self._reader.readexactly(size)
        if " 202 " not in f"{lines[0]} ":
            raise ValueError(lines[0])
        return time.monotonic()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def _body(trigger: Trigger) -> bytes:
    payload = {"summary": f"Disk is full: {trigger.dedup_key}", "source": "db-1", "severity": "critical"}
    event = {"routing_key": trigger.routing_key, "event_action": "trigger", "dedup_key": trigger.dedup_key}
    return json.dumps({**event, "payload": payload}).encode()


async def send_at_rate(port: int, triggers: Sequence[Trigger], *, per_second: float) -> dict[str, float]:
    """Open loop: each leaves at its time, whatever became of those before. Accepted at, by dedup key."""
    connections: asyncio.LifoQueue[Client] = asyncio.LifoQueue()
    for _ in range(64):
        connections.put_nowait(Client(port))
    accepted: dict[str, float] = {}

    async def one(trigger: Trigger) -> None:
        client = await connections.get()
        accepted[trigger.dedup_key] = await client.send(trigger)
        connections.put_nowait(client)

    begins = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number, trigger in enumerate(triggers):
            await asyncio.sleep(begins + number / per_second - time.monotonic())
            group.create_task(one(trigger))
    return accepted


async def send_all(
    port: int,
    triggers: Sequence[Trigger],
    *,
    connections: int = 32,
    on_accepted: Callable[[int], None] = lambda _count: None,
) -> dict[str, float]:
    """As fast as answers come. What is not accepted is left out; `on_accepted` hears how many are."""
    waiting = list(reversed(triggers))
    accepted: dict[str, float] = {}

    async def work() -> None:
        client = Client(port)
        try:
            while waiting:
                trigger = waiting.pop()
                accepted[trigger.dedup_key] = await client.send(trigger)
                on_accepted(len(accepted))
        except NotAccepted:
            pass
        finally:
            client.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(work())
    return accepted
