"""HTTP of the web process: uvicorn's, with a short way for the commonest request and limits on slow senders."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from watchbill.doors.ingest import express
from watchbill.doors.ingest.answers import Answer
from watchbill.doors.ingest.request import not_stored
from watchbill.doors.ingest.state import State
from watchbill.doors.ingest.work import Verdict

HEAD_BYTES_MAX = 64 * 1024
HEAD_SECONDS_MAX = 20.0
IDLE_SECONDS_MAX = 75.0
_ACCEPTED = b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: "


class Protocol(HttpToolsProtocol):
    """One per connection. Bytes that the short way takes are never seen by the parser, and the other way round.

    `state` answers the door's state once it has started; `waits_since` is None while a request is being answered.
    """

    state: Callable[[], State | None] = staticmethod(lambda: None)
    # uvicorn makes the list of default headers anew once a second; beside it what was made of it.
    _end_of_head: ClassVar[tuple[list[tuple[bytes, bytes]], bytes]] = ([], b"\r\n\r\n")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._parser_is_idle = True
        self._taken = self._is_leaving = False
        self._held = b""
        self._head_bytes = 0
        self._head_since: float | None = None
        self._quiet_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        if self._taken or self._held:
            # Sent before the answer: it waits its turn, and no more is read until then.
            self._held += data
            self.transport.pause_reading()
            return
        if self._parser_is_idle and data.startswith(express.START) and self._is_answered():
            state = self.state()
            if state is not None:
                self._taken = True
                if express.take(data, state, peer=self.client[0] if self.client else "", done=self._done):
                    self._unset_keepalive_if_required()
                    return
                self._taken = False
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        if self._parser_is_idle or self._head_since is not None:
            self._head_since = self._head_since or self.loop.time()
            self._head_bytes += len(data)
            self._parser_is_idle = False
        super().data_received(data)
        if self._head_since is not None and self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._parser_is_idle = False
        self._head_since = self.loop.time()

    def on_headers_complete(self) -> None:
        self._head_since, self._head_bytes = None, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._parser_is_idle = True
        super().on_message_complete()

    def shutdown(self) -> None:
        if self._taken:
            self._is_leaving = True
        else:
            super().shutdown()

    def close_if_too_slow(self, now: float) -> None:
        """A head that does not end, and a connection on which nothing was asked for a long time."""
        if self._head_since is not None and now - self._head_since > HEAD_SECONDS_MAX:
            self.transport.close()
            return
        rests = self._is_answered() and not self._taken and self._parser_is_idle
        if rests and now - self._quiet_since > IDLE_SECONDS_MAX:
            self.transport.close()

    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._quiet_since = self.loop.time()

    def _done(self, dedup_key: str, verdict: Verdict) -> None:
        self._taken = False
        self._quiet_since = self.loop.time()
        if self.transport.is_closing():
            return
        if verdict is Verdict.STORED:
            body = express.answer(dedup_key)
            self.transport.write(b"%b%d%b%b" % (_ACCEPTED, len(body), self._more_headers(), body))
        else:
            self._write(not_stored(verdict))
        if self._is_leaving:
            self.transport.close()
        elif self._held:
            self.loop.call_soon(self._read_held)

    def _read_held(self) -> None:
        held, self._held = self._held, b""
        if not self.transport.is_closing():
            self.transport.resume_reading()
            self.data_received(held)

    def _write(self, answer: Answer) -> None:
        lines = b"".join(b"\r\n%b: %b" % header for header in answer.headers)
        head = b"HTTP/1.1 %d \r\ncontent-length: %d%b" % (answer.status, len(answer.body), lines)
        self.transport.write(head + self._more_headers() + answer.body)

    def _more_headers(self) -> bytes:
        """The date, made once a second, and the end of the head."""
        headers = self.server_state.default_headers
        made_of, made = Protocol._end_of_head
        if headers is not made_of:
            made = b"".join(b"\r\n%b: %b" % header for header in headers) + b"\r\n\r\n"
            Protocol._end_of_head = (headers, made)
        return made


async def close_slow_connections(connections: Callable[[], set[Any]], *, seconds: float = 5.0) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(seconds)
        for connection in list(connections()):
            connection.close_if_too_slow(loop.time())
