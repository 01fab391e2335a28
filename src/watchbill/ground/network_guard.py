"""Which network addresses we may open a connection to when somebody else chose the address."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]

# Spelled out instead of asking `is_global`, whose answers changed between patch releases of Python.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers; one cloud keeps its metadata here
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public number that is one cloud's host agent
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Everything outside 2000::/3 is refused: loopback, ULA, link-local, site-local, multicast, unspecified.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "3fff::/20")  # protocol assignments with Teredo; documentation
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# Lookups get threads of their own: a hung name server must not take the loop's default threads from others.
_LOOKUP_THREADS = ThreadPoolExecutor(max_workers=32, thread_name_prefix="watchbill-lookup")


class NetworksError(ValueError):
    pass


def parse_networks(text: str, *, setting: str = "WATCHBILL_OUTBOUND_ALLOW") -> tuple[Network, ...]:
    """Networks from "127.0.0.0/8,10.0.0.0/8"; raises NetworksError that names the setting."""
    networks: list[Network] = []
    for part in (piece.strip() for piece in text.split(",")):
        if not part:
            continue
        try:
            networks.append(ipaddress.ip_network(part))
        except ValueError as error:
            raise NetworksError(f"{setting}: {error}. Give networks like 127.0.0.0/8,10.0.0.0/8.") from None
    return tuple(networks)


def may_connect(address: Address, *, allowed: Sequence[Network]) -> bool:
    real = _embedded_v4(address) or address
    if any(candidate in network for network in allowed for candidate in (address, real)):
        return True
    if isinstance(real, ipaddress.IPv4Address):
        return not any(real in network for network in _REFUSED_V4)
    return real in _GLOBAL_V6 and real.scope_id is None and not any(real in network for network in _REFUSED_V6)


def _embedded_v4(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


async def resolve(host: str, port: int) -> Sequence[Address]:
    """The operating system's answer, in its order; OSError when there is none."""
    loop = asyncio.get_running_loop()
    try:
        return (ipaddress.ip_address(host),)
    except ValueError:
        pass
    found = await loop.run_in_executor(_LOOKUP_THREADS, _look_up, host, port)
    return tuple(dict.fromkeys(ipaddress.ip_address(text) for text in found))


def _look_up(host: str, port: int) -> list[str]:
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
