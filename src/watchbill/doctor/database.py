"""The database: does it keep what it is given, and does it agree about the time?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from django.db import OperationalError, connection

from watchbill import upgrade
from watchbill.config import wakeup_url
from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.access.models import User
from watchbill.domain.oncall.models import Schedule
from watchbill.domain.people.models import Organization
from watchbill.domain.timers.models import Timer
from watchbill.ground import pooler
from watchbill.ground.clock import DatabaseClock, SystemClock
from watchbill.terminal_errors import in_one_line

_CLOCK_SECONDS_MAX = 2.0
_MONTHS_COMPARED = 24
_DURABLE = {
    "fsync": ("on", "a crash of the host loses events that were answered with 202"),
    "synchronous_commit": ("on remote_write remote_apply", "a crash loses events that were answered with 202"),
    "full_page_writes": ("on", "a crash in the middle of a write destroys pages of the database"),
}


def unreachable(error: OperationalError) -> Finding:
    return Finding(
        check="database",
        serious=True,
        what=in_one_line(error),
        why="nothing is accepted and nobody is paged without it",
        remedy="see above",
    )


def migrations() -> Iterator[Finding]:
    names = upgrade.pending()
    if names:
        yield Finding(
            check="migrations",
            serious=True,
            what=f"{len(names)} migrations are not applied, the first is {names[0]}",
            why="this version of the code expects tables that the database has not",
            remedy="run `watchbill migrate`",
        )


def clock(_patient: Patient) -> Iterator[Finding]:
    """Half of the round trip is the uncertainty; it is far below the limit."""
    before = SystemClock().now()
    there = DatabaseClock().now()
    middle = before + (SystemClock().now() - before) / 2
    seconds = (there - middle).total_seconds()
    if abs(seconds) > _CLOCK_SECONDS_MAX:
        yield Finding(
            check="clock",
            serious=True,
            what=f"the database's clock is {abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} this host's",
            why="screens, signatures and tokens go by this host's clock, pages and hand-offs by the database's",
            remedy="run a time service (chrony or systemd-timesyncd) on both",
        )


def durability(_patient: Patient) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        for name, (good, why) in _DURABLE.items():
            cursor.execute("SELECT current_setting(%s)", [name])
            row = cursor.fetchone()
            if row and row[0] not in good.split():
                yield Finding(
                    check="durability",
                    serious=True,
                    what=f"PostgreSQL runs with {name} = {row[0]}",
                    why=why,
                    remedy=f"set {name} = on in postgresql.conf and reload",
                )
        cursor.execute("SELECT current_setting('data_checksums')")
        row = cursor.fetchone()
    if row and row[0] != "on":
        yield Finding(
            check="durability",
            serious=False,
            what="PostgreSQL runs without data checksums",
            why="a disk that returns wrong data goes unnoticed",
            remedy="stop the server and run pg_checksums --enable",
        )


def time_zones(patient: Patient) -> Iterator[Finding]:
    """Neither side tells a version that could be trusted, so what they compute is compared, for the zones in use."""
    zones = {"UTC"}
    for table in (Organization, Schedule, User):
        zones |= set(table.objects.values_list("time_zone", flat=True))
    start = patient.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    instants = [start + timedelta(days=15 * step) for step in range(2 * _MONTHS_COMPARED)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names WHERE name = ANY(%s)", [sorted(zones)])
        known = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT zone, at, at AT TIME ZONE zone FROM unnest(%s::text[]) zone, unnest(%s::timestamptz[]) at",
            [sorted(known), instants],
        )
        rows: list[tuple[str, datetime, datetime]] = cursor.fetchall()
    different = {zone for zone, at, local in rows if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local}
    for zone in sorted(different | (zones - known)):
        yield Finding(
            check="time-zones",
            serious=False,
            what=f"PostgreSQL and this host do not agree about {zone} in the next {_MONTHS_COMPARED} months",
            why="their time-zone data have different versions; reports may show hours that hand-offs do not keep",
            remedy="update the package tzdata on both hosts (PostgreSQL may bring its own) and restart",
        )


def wake_ups(_patient: Patient) -> Iterator[Finding]:
    try:
        with psycopg.connect(wakeup_url(), autocommit=True, connect_timeout=5) as link:
            if not pooler.is_pooled(link):
                return
            what = "the database is reached through a pooler, which passes no wake-ups on"
    except psycopg.OperationalError as error:
        what = f"the way on which wake-ups are to be heard does not lead anywhere: {in_one_line(error)}"
    yield Finding(
        check="wake-ups",
        serious=False,
        what=what,
        why="the engine asks four times a second instead, so a page leaves up to a quarter of a second later",
        remedy="set WATCHBILL_DATABASE_DIRECT_URL to the same database without the pooler",
    )


def quarantined_timers(_patient: Patient) -> Iterator[Finding]:
    rows = Timer.objects.exclude(quarantined_at=None).order_by("quarantined_at")
    count = rows.count()
    first = rows.first()
    if count and first:
        yield Finding(
            check="timers",
            serious=True,
            what=f"{count} timers failed again and again and are set aside; the first is {first.kind}: "
            + " ".join(first.last_error.split())[-300:],
            why="what they should have done, such as paging the next level, did not happen",
            remedy="look at the alerts concerned now; then report the error with the lines of the engine's log",
        )
