"""How many wrong passwords and codes are too many, and how long a session lives."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

FAILURES_MAX = 5
FAILURES_WITHIN = timedelta(minutes=15)
# For codes alone, whatever the network: six digits would fall to many networks at once. It takes the password.
CODE_FAILURES_MAX = 30
CODE_FAILURES_WITHIN = timedelta(hours=1)

SESSION_IDLE_MAX = timedelta(days=7)
SESSION_AGE_MAX = timedelta(days=30)
SESSION_SEEN_EVERY = timedelta(hours=1)


def network_of(address: str) -> str:
    """What one attacker controls: an IPv4 address, or the /64 that every IPv6 host has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed)


def blocked_until(
    failures: Sequence[datetime],
    *,
    now: datetime,
    at_most: int = FAILURES_MAX,
    within: timedelta = FAILURES_WITHIN,
) -> datetime | None:
    """None while another try is allowed; otherwise the first instant at which it is."""
    recent = sorted(at for at in failures if now - within < at <= now)
    if len(recent) < at_most:
        return None
    return recent[-at_most] + within


def session_is_over(*, started_at: datetime | None, now: datetime) -> bool:
    """The absolute end; the idle end is the stored session's own expiry."""
    return started_at is None or now - started_at >= SESSION_AGE_MAX
