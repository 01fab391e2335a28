"""Web addresses that somebody else chose, taken apart."""

from urllib.parse import SplitResult, urlsplit

# Whoever takes an address apart normalizes its letters, and that takes time that grows with the square of their number
# (combining marks are sorted one by one) while every other thread waits. Addresses of ASCII are spared it.
_LETTERS_MAX = 2000


def parts_of(address: str) -> SplitResult:
    """Raises ValueError for what is no address, or costs too much to look at."""
    if costs_too_much(address):
        raise ValueError("the address is too long for the letters in it")
    return urlsplit(address)


def costs_too_much(address: str) -> bool:
    return len(address) > _LETTERS_MAX and not address.isascii()
