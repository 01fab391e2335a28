"""The one door out for websockets, guarded as that for HTTP: the address that was checked is the one connected to."""

import asyncio
import socket
import ssl
from collections.abc import Sequence

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket

from watchbill.ground.http_client import OutboundRefused, parse_target, trusting_context
from watchbill.ground.network_guard import Network, Resolver, may_connect, resolve

_OPEN_SECONDS = 10.0
_FRAME_BYTES_MAX = 4 * 1024 * 1024


async def connect(
    url: str,
    *,
    allowed_networks: Sequence[Network] = (),
    resolver: Resolver = resolve,
    ssl_context: ssl.SSLContext | None = None,
) -> ClientConnection:
    """Raises OSError (an address that may not be reached among them), TimeoutError and WebSocketException."""
    is_tls = url.startswith("wss://")
    try:
        target = parse_target(url.replace("ws", "http", 1))
    except OutboundRefused as refused:
        raise PermissionError(str(refused)) from None
    async with asyncio.timeout(_OPEN_SECONDS):
        addresses = await resolver(target.host, target.port)
        usable = [address for address in addresses if may_connect(address, allowed=allowed_networks)]
        if not usable:
            raise PermissionError(f"{target.host} is in a private network, or has no address")
        sock = await asyncio.to_thread(_open, str(usable[0]), target.port)
        return await open_websocket(
            url,
            sock=sock,
            ssl=(ssl_context or trusting_context()) if is_tls else None,
            server_hostname=target.host if is_tls else None,
            max_size=_FRAME_BYTES_MAX,
            open_timeout=_OPEN_SECONDS,
        )


def _open(address: str, port: int) -> socket.socket:
    sock = socket.create_connection((address, port), timeout=_OPEN_SECONDS / 2)
    sock.settimeout(0)
    return sock
