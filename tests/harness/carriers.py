"""Carriers faked at the wire: what the product sends to them leaves through a real socket.

Each runs a loop of its own in a thread, so that synchronous tests can start it, script it and look at it.
Instants are `time.monotonic()`, the clock that all processes of one machine share.
"""

import asyncio
import contextlib
import ssl
import threading
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class LoopThread:
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True, name=type(self).__name__)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout=30)

    def stop(self) -> None:
        self.run(self._end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @staticmethod
    async def _end_tasks() -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    received_at: float
    connection: int


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # sent as it is, then the connection is closed
    hangs: bool = False  # nothing is ever said
    drips: bool = False  # the head, then one byte every 50 ms without end

    @classmethod
    def drop(cls) -> Self:
        return cls(raw=b"")

    @classmethod
    def hang(cls) -> Self:
        return cls(hangs=True)

    @classmethod
    def drip(cls, status: int = 200) -> Self:
        return cls(status=status, drips=True)

    def wire(self) -> bytes:
        headers = {"Content-Length": "1000000" if self.drips else str(len(self.body))} | self.headers
        if self.status in (204, 304) or self.status < 200:
            headers.pop("Content-Length")
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        body = b"" if self.drips or "Content-Length" not in headers else self.body
        return f"HTTP/1.1 {self.status} Scripted\r\n{head}\r\n".encode("latin-1") + body


class FakeHttpCarrier(LoopThread):
    """Answers 200 `{}` unless scripted. `answer_with` is used up once, in order; `always` stays."""

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl_context = ssl_context
        self._changed = threading.Condition()
        self._scripted: deque[Answer] = deque()
        self._scripted_by_path: dict[str, deque[Answer]] = {}
        self._standing: dict[str | None, Answer] = {None: Answer()}
        self._connections_seen = 0
        self._goodbyes = 0
        self.requests: list[Request] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        super().start()
        self._server = cast(asyncio.Server, self.run(self._listen()))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self._ssl_context else 'http'}://127.0.0.1:{self.port}"

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=self._ssl_context, limit=4 * 1024 * 1024, backlog=1024
        )

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._server.close)
        super().stop()

    def answer_with(self, *answers: Answer, path: str | None = None) -> None:
        with self._changed:
            queue = self._scripted if path is None else self._scripted_by_path.setdefault(path, deque())
            queue.extend(answers)

    def always(self, answer: Answer, *, path: str | None = None) -> None:
        with self._changed:
            self._standing[path] = answer

    def clear(self) -> None:
        with self._changed:
            self.requests.clear()
            self._scripted.clear()
            self._scripted_by_path.clear()
            self._standing = {None: Answer()}

    def to(self, path: str) -> list[Request]:
        with self._changed:
            return [request for request in self.requests if request.path == path]

    def wait_for(self, count: int, *, seconds: float = 10) -> list[Request]:
        """The requests so far, as soon as there are `count`; AssertionError when they do not come."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.requests) >= count, timeout=seconds)
            assert came, f"{len(self.requests)} of {count} requests came in {seconds} s"
            return list(self.requests)

    def wait_for_goodbyes(self, count: int, *, seconds: float = 10) -> None:
        """Returns when `count` connections have ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._goodbyes >= count, timeout=seconds)

    def answer_to(self, request: Request) -> Answer:
        return self._next_answer(request.path)

    def _next_answer(self, path: str) -> Answer:
        if queue := self._scripted_by_path.get(path):
            return queue.popleft()
        if path in self._standing:
            return self._standing[path]
        return self._scripted.popleft() if self._scripted else self._standing[None]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections_seen += 1
        connection = self._connections_seen
        try:
            while request := await read_request(reader, connection):
                with self._changed:
                    self.requests.append(request)
                    answer = self.answer_to(request)
                    self._changed.notify_all()
                if not await say(answer, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()
            with self._changed:
                self._goodbyes += 1
                self._changed.notify_all()


async def read_request(reader: asyncio.StreamReader, connection: int) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    received_at = time.monotonic()
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body, received_at, connection)


async def say(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    """True while the connection may go on."""
    if answer.hangs:
        await asyncio.sleep(3600)  # a timer is held by the loop; an event by nobody, and it would be collected
    if answer.raw is not None:
        writer.write(answer.raw)
        await writer.drain()
        return False
    writer.write(answer.wire())
    await writer.drain()
    while answer.drips:
        await asyncio.sleep(0.05)
        writer.write(b"x")
        await writer.drain()
    return True


@dataclass(frozen=True, slots=True)
class Mail:
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    received_at: float

    @property
    def message(self) -> EmailMessage:
        return cast(EmailMessage, message_from_bytes(self.content, policy=policy.default))


DROP = "drop"
HANG = "hang"


class FakeMailServer(LoopThread):
    """A mail server that accepts everything unless scripted.

    `answer_with(RCPT="550 5.1.1 no such user")` scripts a stage (GREETING, EHLO, MAIL, RCPT, DATA, QUIT) with a reply,
    DROP (the connection ends without one; after DATA the mail has been taken) or HANG. It stays until `clear`.
    """

    def __init__(
        self, *, tls_context: ssl.SSLContext | None = None, is_tls: bool = False, logins: dict[str, str] | None = None
    ) -> None:
        self._tls_context = tls_context
        self._is_tls = is_tls
        self._logins = logins
        self._script: dict[str, str] = {}
        self._changed = threading.Condition()
        self._sessions: list[_ScriptedSmtp] = []
        self._takes_most: int | None = None
        self._is_down = False
        self.mails: list[Mail] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        super().start()
        self._server = cast(asyncio.Server, self.run(self._listen()))
        self.host = "127.0.0.1"
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _listen(self, port: int = 0) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            self._protocol, "127.0.0.1", port, ssl=self._tls_context if self._is_tls else None
        )

    def _protocol(self) -> SMTP:
        session = _ScriptedSmtp(
            self,
            hostname="mail.example.org",
            ident="ready",
            tls_context=None if self._is_tls else self._tls_context,
            require_starttls=self._tls_context is not None and not self._is_tls,
            authenticator=self._authenticate if self._logins else None,
            auth_required=self._logins is not None,
            auth_require_tls=self._tls_context is not None and not self._is_tls,
            loop=asyncio.get_running_loop(),
        )
        self._sessions.append(session)
        return session

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        known = (self._logins or {}).get(data.login.decode()) == data.password.decode()
        return AuthResult(success=known, handled=False)

    def stop(self) -> None:
        self.run(self._hang_up())
        super().stop()

    async def _hang_up(self) -> None:
        self._server.close()
        for session in self._sessions:
            for transport in session.transports:
                transport.abort()
        await asyncio.sleep(0)

    def answer_with(self, **replies: str) -> None:
        with self._changed:
            self._script.update(replies)

    def clear(self) -> None:
        self.comes_back()
        with self._changed:
            self._script.clear()
            self.mails.clear()

    def goes_away_after(self, count: int) -> None:
        """With so many mails taken it takes no connection more, and says 421 to those it has."""
        with self._changed:
            self._takes_most = count

    def comes_back(self) -> None:
        self._takes_most = None
        if self._is_down:
            self._is_down = False
            self._server = cast(asyncio.Server, self.run(self._listen(self.port)))

    def wait_for(self, count: int, *, seconds: float = 10) -> list[Mail]:
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.mails) >= count, timeout=seconds)
            assert came, f"{len(self.mails)} of {count} mails came in {seconds} s"
            return list(self.mails)

    async def scripted(self, stage: str, server: SMTP) -> str | None:
        reply = self._script.get(stage)
        if self._is_down and stage in ("EHLO", "MAIL", "RCPT"):
            return "421 4.3.2 going down"
        if reply == HANG:
            await asyncio.Event().wait()
        if reply == DROP and server.transport is not None:
            server.transport.abort()
        return reply

    # The hooks below are called by aiosmtpd by their names.

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        reply = await self.scripted("EHLO", server)
        return [reply] if reply else responses

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := await self.scripted("MAIL", server):
            return reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := await self.scripted("RCPT", server):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        reply = self._script.get("DATA")
        if reply in (None, DROP):
            mail = Mail(
                envelope.mail_from or "",
                tuple(str(address) for address in envelope.rcpt_tos),
                cast(bytes, envelope.original_content or b""),
                time.monotonic(),
            )
            with self._changed:
                self.mails.append(mail)
                self._changed.notify_all()
            if self._takes_most is not None and len(self.mails) >= self._takes_most and not self._is_down:
                self._is_down = True
                self._server.close()
        return await self.scripted("DATA", server) or "250 2.0.0 taken as 4711"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        return await self.scripted("QUIT", server) or "221 Bye"


class _ScriptedSmtp(SMTP):
    def __init__(self, carrier: FakeMailServer, **settings: Any) -> None:
        super().__init__(carrier, **settings)
        self._carrier = carrier
        self.transports: list[Any] = []

    def connection_made(self, transport: Any) -> None:
        # STARTTLS brings a second one.
        self.transports.append(transport)
        super().connection_made(transport)

    async def push(self, status: Any) -> None:
        if isinstance(status, str) and status.startswith("220 mail.example.org"):
            status = await self._carrier.scripted("GREETING", self) or status
        if status in (DROP, HANG):
            return
        with contextlib.suppress(ConnectionError):
            await super().push(status)
