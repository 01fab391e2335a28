"""A thing named by its id or by another unique text of its own."""

from uuid import UUID

_UUID_LENGTHS = (32, 36)


def uuid_in(text: str) -> UUID | None:
    """Only the two usual ways to write one, so that no name is mistaken for an id."""
    if len(text) not in _UUID_LENGTHS:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
