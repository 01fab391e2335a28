"""From a wall clock to an instant, for every hour that daylight saving skips or repeats; from an instant to text."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def utc_text(moment: datetime) -> str:
    """As programs read it: `2026-12-24T18:00:00Z`, with microseconds only where there are some."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """UTC. A wall time that exists twice means the first; one that does not exist, the first instant after the gap."""
    earlier = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if earlier.astimezone(zone).replace(tzinfo=None) == wall:
        return earlier
    # Inside a gap the two folds lie on either side of the transition.
    after = earlier
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset_after = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset_after:
            after = middle
        else:
            before = middle
    return after
