"""How long an errand that failed waits."""

from datetime import timedelta

_FIRST, _LONGEST = timedelta(seconds=2), timedelta(minutes=5)


def pause_after(failures: int, *, asked_for: timedelta | None) -> timedelta:
    """2 s, doubled with each failure up to 5 min; never less than the other side asked for."""
    doubled: int = 2 ** min(max(failures - 1, 0), 16)
    own = min(_FIRST * doubled, _LONGEST)
    return max(own, asked_for) if asked_for is not None else own
