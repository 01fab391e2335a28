"""HTTP/1.1 on one open connection. Only the guarded client, which decides where to connect, may use it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import h11

ANSWER_BYTES_MAX = 64 * 1024
_HEAD_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`complete` is False when the body was cut off, by our limit, by time, or by the other side."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool


class HttpConnection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES_MAX)

    def close(self) -> None:
        self._writer.transport.abort()

    @property
    def is_alive(self) -> bool:
        return not (self._reader.at_eof() or self._writer.transport.is_closing())

    def start_next(self) -> bool:
        """True when the last exchange ended clean and another one may follow."""
        if not (self._state.our_state is h11.DONE and self._state.their_state is h11.DONE and self.is_alive):
            return False
        self._state.start_next_cycle()
        return True

    async def exchange(
        self, request: h11.Request, content: bytes, *, deadline: float, bytes_max: int = ANSWER_BYTES_MAX
    ) -> HttpAnswer:
        """Raises h11.ProtocolError, OSError and TimeoutError until the status is known; then it has an answer."""
        events = (request, h11.Data(data=content), h11.EndOfMessage())
        self._writer.write(b"".join(self._state.send(event) or b"" for event in events))
        async with asyncio.timeout_at(deadline):
            # A server may refuse early and close its ear; its answer is still worth reading.
            with suppress(ConnectionError):
                await self._writer.drain()
            response = await self._next_event()
            while isinstance(response, h11.InformationalResponse):
                response = await self._next_event()
        if not isinstance(response, h11.Response):
            raise h11.RemoteProtocolError("no answer")
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in response.headers}
        body, complete = await self._read_body(deadline=deadline, bytes_max=bytes_max)
        return HttpAnswer(response.status_code, headers, body, complete)

    async def _read_body(self, *, deadline: float, bytes_max: int) -> tuple[bytes, bool]:
        body = bytearray()
        try:
            async with asyncio.timeout_at(deadline):
                while len(body) <= bytes_max:
                    event = await self._next_event()
                    if not isinstance(event, h11.Data):
                        return bytes(body), isinstance(event, h11.EndOfMessage)
                    body += event.data
        except (TimeoutError, OSError, h11.ProtocolError):
            # The status, which decides, is known; only the text after it is missing.
            return bytes(body), False
        return bytes(body[:bytes_max]), False

    async def _next_event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self._state.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]  # h11 types its sentinels too widely to narrow
            self._state.receive_data(await self._reader.read(ANSWER_BYTES_MAX))
