"""Who the client is behind trusted proxies: the one reading of X-Forwarded-For, for every door."""

import ipaddress
from functools import lru_cache

from watchbill.ground.network_guard import Network, parse_networks


@lru_cache(maxsize=1024)
def client_address(peer: str, forwarded: str, *, trusted: tuple[Network, ...]) -> str:
    """Read from the nearest hop backwards: the first one that is no trusted proxy is the client.

    What stands left of it in X-Forwarded-For, anybody could have written.
    """
    if not is_trusted(peer, trusted):
        return _plain(peer)
    nearest = peer
    for hop in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if _parsed(hop) is None:
            return _plain(nearest)
        nearest = hop
        if not is_trusted(hop, trusted):
            break
    return _plain(nearest)


@lru_cache(maxsize=8)
def trusted_networks(text: str) -> tuple[Network, ...]:
    return parse_networks(text, setting="WATCHBILL_TRUSTED_PROXIES")


def is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
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
