"""When silence counts, and when it is our own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# Shorter ones are left to the job, which tries again: a restart of the web process is not worth a record.
ABSENCE_MIN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, order=True)
class Absence:
    """While it lasted no ping could be taken."""

    starts_at: datetime
    ends_at: datetime


def silent_at(last_ping_at: datetime, *, period_seconds: int, grace_seconds: int) -> datetime:
    return last_ping_at + timedelta(seconds=period_seconds + grace_seconds)


def silent_at_in_spite_of(
    absences: Iterable[Absence], last_ping_at: datetime, *, period_seconds: int, grace_seconds: int
) -> datetime:
    """As `silent_at`, without the time for which we were away.

    A job that calls once a day and met a closed door comes again in a day, not when the door opens. So an absence in
    the stretch in which the ping was expected, the grace before and after, gives it a whole period from the absence's
    end. Once: somebody who restarts us every night at the hour of the backup must not hide that there is none.
    """
    wait = timedelta(seconds=period_seconds + grace_seconds)
    grace = timedelta(seconds=grace_seconds)
    due_at, seen_until, away = last_ping_at + wait, last_ping_at, timedelta(0)
    for absence in sorted(absences):
        starts_at = max(absence.starts_at, seen_until)
        if absence.ends_at <= starts_at:
            continue
        if starts_at > due_at:
            break
        length = absence.ends_at - starts_at
        away += length
        seen_until = absence.ends_at
        was_expected = absence.ends_at >= due_at - 2 * grace
        due_at += length
        if was_expected:
            due_at = min(max(due_at, absence.ends_at + wait), last_ping_at + 2 * wait + away)
    return due_at
