"""The real client's address and scheme behind trusted proxies; headers of that kind from anybody else are dropped."""

import ipaddress
from collections.abc import Callable, Sequence
from functools import lru_cache

from django.http import HttpRequest, HttpResponseBase

from watchbill.config import config

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


class TrustedProxiesError(Exception):
    pass


class ClientAddress:
    """Outermost, so that throttle, audit record and links all see the same."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.trusted = trusted_networks(config().trusted_proxies)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        peer = str(request.META.get("REMOTE_ADDR") or "")
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR") or "")
        scheme = request.META.get("HTTP_X_FORWARDED_PROTO")
        for name in _FORWARDED:
            request.META.pop(name, None)
        request.META["REMOTE_ADDR"] = client_address(peer, forwarded, trusted=self.trusted)
        if scheme is not None and _is_trusted(peer, self.trusted):
            request.META["HTTP_X_FORWARDED_PROTO"] = scheme
        return self.get_response(request)


def client_address(peer: str, forwarded: str, *, trusted: Sequence[Network]) -> str:
    """Read from the nearest hop backwards: the first one that is no trusted proxy is the client.

    What stands left of it in X-Forwarded-For, anybody could have written.
    """
    if not _is_trusted(peer, trusted):
        return _plain(peer)
    nearest = peer
    for hop in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if _parsed(hop) is None:
            return _plain(nearest)
        nearest = hop
        if not _is_trusted(hop, trusted):
            break
    return _plain(nearest)


@lru_cache(maxsize=8)
def trusted_networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise TrustedProxiesError(f"WATCHBILL_TRUSTED_PROXIES: {error}. Give networks like 10.0.0.0/8.") from None


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _plain(address: str) -> str:
    parsed = _parsed(address)
    return str(parsed) if parsed is not None else ""


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Some proxies write a port behind it: 192.0.2.1:443, [2001:db8::1]:443."""
    text = address.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed
