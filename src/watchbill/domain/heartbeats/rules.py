"""When silence counts, and when it is our own."""

from datetime import datetime, timedelta

# The engine takes timers within milliseconds. One that is this late means that we were not there to hear.
OWN_ABSENCE = timedelta(seconds=5)


def silent_at(last_ping_at: datetime, *, period_seconds: int, grace_seconds: int) -> datetime:
    return last_ping_at + timedelta(seconds=period_seconds + grace_seconds)


def heard_nothing_because_we_were_away(due_at: datetime, *, now: datetime) -> bool:
    """Then the job gets one more period: its ping may have found a closed door."""
    return now - due_at > OWN_ABSENCE
