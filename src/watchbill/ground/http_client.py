"""The one door out for HTTP.

Addresses come from people, so every connection is checked at the moment it is opened, on the resolved number
that is then connected to: odd spellings of hosts and names that change their answer make no difference.
Redirects are answers, never followed. Proxy settings, cookies and compressed answers are not supported.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Self

import h11
import httpx

from watchbill.ground.http_connection import ANSWER_BYTES_MAX, HttpAnswer, HttpConnection
from watchbill.ground.network_guard import Address, Network, Resolver, may_connect, resolve
from watchbill.ground.web_address import costs_too_much

CONNECT_TIMEOUT = timedelta(seconds=3)
TOTAL_TIMEOUT = timedelta(seconds=10)
# Below the five seconds after which common servers close an idle connection.
IDLE_TIMEOUT = timedelta(seconds=4)
_HEADER_BYTES_ALLOWED = frozenset(range(0x20, 0x7F)) | {0x09}
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
# Services that can be tricked into reading an HTTP request as their own commands.
_PORTS_REFUSED = frozenset({21, 22, 23, 25, 53, 110, 143, 389, 445, 465, 587, 993, 995, 3306, 5432, 6379, 11211})


class FailureKind(StrEnum):
    TIMEOUT = "timeout"
    CONNECT = "connect"
    PROTOCOL = "protocol"


class OutboundRefused(Exception):
    """We do not send this; trying again changes nothing. The text is safe to show and to log."""


class OutboundFailed(Exception):
    """It did not work, or nobody knows whether it did. The text is safe to show and to log."""

    def __init__(self, kind: FailureKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL. `origin` is the only part that may be shown: path and query often hold secrets."""

    scheme: str
    host: str
    port: int
    path: bytes
    host_header: bytes

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host_header.decode('ascii')}"


@lru_cache(maxsize=4096)
def parse_target(url: str) -> Target:
    """Raises OutboundRefused, naming the remedy, for every URL that cannot be right whatever it resolves to."""
    if costs_too_much(url):
        raise OutboundRefused("the URL is too long for the letters in it; write it like https://example.org/path")
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii").rstrip(".")
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise OutboundRefused("not a valid URL; write it like https://example.org/path") from None
    if parsed.scheme not in ("http", "https"):
        raise OutboundRefused("only http and https URLs are allowed")
    if parsed.userinfo:
        raise OutboundRefused("a user name or password in the URL is not allowed; use the secret field")
    if not _HOST.fullmatch(host):
        raise OutboundRefused("the URL has no valid host; write it like https://example.org/path")
    port = (443 if parsed.scheme == "https" else 80) if parsed.port is None else parsed.port
    if not 0 < port < 65536:
        raise OutboundRefused("the port must be between 1 and 65535")
    if port in _PORTS_REFUSED:
        raise OutboundRefused(f"port {port} belongs to a service that is not HTTP")
    shown = f"[{host}]" if ":" in host else host
    host_header = shown if parsed.port is None else f"{shown}:{port}"
    return Target(parsed.scheme, host, port, parsed.raw_path, host_header.encode("ascii"))


class HttpClient:
    """Belongs to the event loop that uses it first. Close it, or use it as an async context manager."""

    def __init__(
        self,
        *,
        allowed_networks: Sequence[Network] = (),
        user_agent: str = "Watchbill",
        resolver: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
        connect_timeout: timedelta = CONNECT_TIMEOUT,
        total_timeout: timedelta = TOTAL_TIMEOUT,
        idle_timeout: timedelta = IDLE_TIMEOUT,
        connections_max: int = 512,
        connections_per_host_max: int = 32,
    ) -> None:
        self._allowed_networks = tuple(allowed_networks)
        self._resolver = resolver
        self._ssl_context = ssl_context or trusting_context()
        self._connect_seconds = connect_timeout.total_seconds()
        self._total_seconds = total_timeout.total_seconds()
        self._idle_seconds = idle_timeout.total_seconds()
        self._connections = asyncio.Semaphore(connections_max)
        self._per_host_max = connections_per_host_max
        self._hosts: dict[tuple[str, str, int], _Host] = {}
        self._lookups: dict[tuple[str, int], asyncio.Future[Sequence[Address]]] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._common_headers = (
            (b"User-Agent", user_agent.encode("ascii")),
            (b"Accept-Encoding", b"identity"),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for lookup in list(self._lookups.values()):
            lookup.cancel()
        hosts, self._hosts = self._hosts, {}
        for host in hosts.values():
            for idle in host.idle:
                idle.connection.close()
        # Closed transports let go of their sockets in the loop's next turn.
        await asyncio.sleep(0)

    @property
    def hosts_remembered(self) -> int:
        return len(self._hosts)

    async def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        total_timeout: timedelta | None = None,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
    ) -> HttpAnswer:
        """One request, one answer, no redirects. Raises OutboundRefused and OutboundFailed, nothing else."""
        target = parse_target(url)
        request = self._compose(method, target, content=content, headers=headers or {})
        seconds = self._total_seconds if total_timeout is None else total_timeout.total_seconds()
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with self._connection_to(target, deadline=deadline) as connection:
                return await connection.exchange(request, content, deadline=deadline, bytes_max=answer_bytes_max)
        except TimeoutError:
            text = f"{target.origin} did not answer in {seconds:g} s"
            raise OutboundFailed(FailureKind.TIMEOUT, text) from None
        except (h11.ProtocolError, OSError) as error:
            # The libraries' own texts can quote header values, so only the kind of error is told.
            text = f"{target.origin} broke off the exchange ({type(error).__name__})"
            raise OutboundFailed(FailureKind.PROTOCOL, text) from None

    def _compose(self, method: str, target: Target, *, content: bytes, headers: Mapping[str, str]) -> h11.Request:
        pairs = [(b"Host", target.host_header), *self._common_headers]
        for name, value in headers.items():
            raw = value.encode("utf-8", "replace")
            if not _HEADER_BYTES_ALLOWED.issuperset(raw):
                raise OutboundRefused(f"the value for header {name} has characters that HTTP does not allow")
            pairs.append((name.encode("ascii"), raw.strip()))
        if content or method != "GET":
            pairs.append((b"Content-Length", b"%d" % len(content)))
        return h11.Request(method=method.encode("ascii"), target=target.path, headers=pairs)

    @asynccontextmanager
    async def _connection_to(self, target: Target, *, deadline: float) -> AsyncIterator[HttpConnection]:
        """A connection for one exchange, kept for the next one if it ends clean.

        A host has its own limit, taken first, so that one slow host waits for itself and not for the others.
        """
        key = (target.scheme, target.host, target.port)
        host = self._hosts.setdefault(key, _Host(asyncio.Semaphore(self._per_host_max), self._idle_seconds))
        host.users += 1
        try:
            async with _slot(host.slots, deadline), _slot(self._connections, deadline):
                connection = host.take_idle() or await self._connect(target, deadline=deadline)
                try:
                    yield connection
                finally:
                    if connection.start_next():
                        self._keep(host, connection)
                    else:
                        connection.close()
        finally:
            host.users -= 1
            if not host.users and not host.idle:
                self._hosts.pop(key, None)

    def _keep(self, host: "_Host", connection: HttpConnection) -> None:
        loop = asyncio.get_running_loop()
        host.idle.append(_Idle(connection, loop.time()))
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_seconds, self._close_idle)

    def _close_idle(self) -> None:
        self._sweep = None
        loop = asyncio.get_running_loop()
        for key, host in list(self._hosts.items()):
            host.drop_expired(loop.time())
            if not host.idle and not host.users:
                self._hosts.pop(key, None)
        if self._hosts:
            self._sweep = loop.call_later(self._idle_seconds, self._close_idle)

    async def _connect(self, target: Target, *, deadline: float) -> HttpConnection:
        connect_deadline = min(deadline, asyncio.get_running_loop().time() + self._connect_seconds)
        try:
            async with asyncio.timeout_at(connect_deadline):
                return await self._open(target)
        except TimeoutError:
            text = f"{target.origin} accepted no connection in {self._connect_seconds:g} s"
            raise OutboundFailed(FailureKind.TIMEOUT, text) from None
        except ssl.SSLError as error:
            text = f"{target.origin} has no valid certificate or does not speak TLS ({error.reason})"
            raise OutboundFailed(FailureKind.CONNECT, text) from None
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise OutboundFailed(FailureKind.CONNECT, f"no connection to {target.origin}: {reason}") from None

    async def _open(self, target: Target) -> HttpConnection:
        addresses = await self._resolve(target)
        usable = [address for address in addresses if may_connect(address, allowed=self._allowed_networks)]
        if addresses and not usable:
            raise OutboundRefused(
                f"{target.origin} is in a private or reserved network; "
                "the administrator can allow its network in WATCHBILL_OUTBOUND_ALLOW"
            )
        is_tls = target.scheme == "https"
        error: OSError = OSError(0, "the name has no address")
        for position, address in enumerate(usable):
            is_last = position == len(usable) - 1
            # A silent address gets a share of the time, so that the next one is still tried.
            seconds = None if is_last else self._connect_seconds / len(usable)
            try:
                async with asyncio.timeout(seconds):
                    reader, writer = await asyncio.open_connection(
                        str(address),
                        target.port,
                        ssl=self._ssl_context if is_tls else None,
                        server_hostname=target.host if is_tls else None,
                    )
                return HttpConnection(reader, writer)
            except ssl.SSLError:
                raise
            except OSError as failure:
                error = failure
        raise error

    async def _resolve(self, target: Target) -> Sequence[Address]:
        """Asked anew for each connection, but once for those opened together.

        A name whose look-up hangs would otherwise take a thread per request, and soon all of them.
        """
        key = (target.host, target.port)
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = self._lookups[key] = asyncio.ensure_future(self._resolver(*key))
            lookup.add_done_callback(lambda done: self._forget_lookup(key, done))
        return await asyncio.shield(lookup)

    def _forget_lookup(self, key: tuple[str, int], done: "asyncio.Future[Sequence[Address]]") -> None:
        self._lookups.pop(key, None)
        if not done.cancelled():
            done.exception()  # nobody may be left to hear of it


@dataclass(slots=True)
class _Idle:
    connection: HttpConnection
    since: float


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore
    idle_seconds: float
    users: int = 0
    idle: list[_Idle] = field(default_factory=list)

    def take_idle(self) -> HttpConnection | None:
        self.drop_expired(asyncio.get_running_loop().time())
        return self.idle.pop().connection if self.idle else None

    def drop_expired(self, now: float) -> None:
        kept = []
        for idle in self.idle:
            if now - idle.since <= self.idle_seconds and idle.connection.is_alive:
                kept.append(idle)
            else:
                idle.connection.close()
        self.idle = kept


@asynccontextmanager
async def _slot(slots: asyncio.Semaphore, deadline: float) -> AsyncIterator[None]:
    async with asyncio.timeout_at(deadline):
        await slots.acquire()
    try:
        yield
    finally:
        slots.release()


@lru_cache(maxsize=1)
def trusting_context() -> ssl.SSLContext:
    """Trusts the public authorities that come with httpx and those the operating system knows.

    Shared, because loading them takes tens of milliseconds.
    """
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context
