"""Identifiers that sort by the time they were made, so that B-trees grow at one end."""

import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = secrets.randbits(74)
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= (random_bits >> 62) << 64
    value |= 0b10 << 62
    value |= random_bits & ((1 << 62) - 1)
    return UUID(int=value)


def new_ids(count: int) -> list[UUID]:
    """As `new_id`, many at once: one call for all the random bits."""
    prefix = ((time.time_ns() // 1_000_000) & ((1 << 48) - 1)).to_bytes(6, "big")
    noise = secrets.token_bytes(10 * count)
    return [_with_version(prefix + noise[start : start + 10]) for start in range(0, 10 * count, 10)]


def _with_version(raw: bytes) -> UUID:
    value = int.from_bytes(raw, "big")
    return UUID(int=value & ~(0xF << 76) & ~(0b11 << 62) | (0x7 << 76) | (0b10 << 62))
