"""A hundred thousand timers wait, twenty thousand fall due at once: real steps of real alerts that page their level.

The rows are put into the database of a running instance, the engine does the rest as ever. "Fired" means that no due
timer is left, so every step's page, next timer and audit entry is committed. Pages go out meanwhile.
"""

import statistics
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from benchmarks import carrier as carriers
from benchmarks import instance as instances
from benchmarks.figures import Figure, at_most
from benchmarks.organization import Organization

_LEAD = timedelta(seconds=15)
_PATIENCE_SECONDS = 120
_QUIET = 200
_QUIET_EVERY = timedelta(milliseconds=100)

_ADD = """
WITH target AS (
    SELECT integration.id AS integration_id, service.id AS service_id, policy.current_version_id AS version_id,
           row_number() OVER (ORDER BY service.name) - 1 AS number, count(*) OVER () AS size
    FROM services_integration AS integration
    JOIN services_service AS service ON service.id = integration.service_id
    JOIN escalation_policy AS policy ON policy.id = service.policy_id
    WHERE service.name LIKE 'direct-%%'
),
wanted AS (
    SELECT n, uuidv7() AS alert_id, uuidv7() AS run_id, target.*
    FROM generate_series(0, %(count)s - 1) AS n JOIN target ON target.number = n %% target.size
),
alert AS (
    INSERT INTO alerts_alert
        (id, number, integration_id, service_id, dedup_key, summary, severity, urgency, source, details, links, state,
         opened_at, acknowledged_by, resolved_by, first_event_id, events_count, last_event_at)
    SELECT alert_id, nextval('alerts_alert_number'), integration_id, service_id, %(name)s || n, 'Disk is full',
           'critical', 'high', 'db-1', '{}', '[]', 'triggered', %(now)s, '', '', gen_random_uuid(), 1, %(now)s
    FROM wanted
),
run AS (
    INSERT INTO escalation_run
        (id, subject_kind, subject_id, group_id, policy_version_id, urgency, state, generation, cycle, level,
         started_at, end_reason)
    SELECT run_id, 'alert', alert_id, service_id, version_id, 'high', 'live', 1, 0, 0, %(now)s, '' FROM wanted
)
INSERT INTO timers_timer (kind, subject_id, generation, due_at, failures, last_error)
SELECT 'escalation.step', run_id, 1, %(first)s + n * %(step)s, 0, '' FROM wanted
"""

_LATENESS = """
SELECT extract(epoch FROM page.created_at - (%(first)s + regexp_replace(alert.dedup_key, '^.*-', '')::int * %(step)s))
FROM paging_page AS page JOIN alerts_alert AS alert ON alert.id = page.subject_id
WHERE alert.dedup_key LIKE %(name)s || '%%'
"""


def measure(*, short: bool = False) -> list[Figure]:
    pending, due = (5_000, 1_000) if short else (100_000, 20_000)
    with (
        carriers.running(instances.free_port()) as carrier,
        instances.running(Organization(carrier)) as instance,
        psycopg.connect(instance.database_url, autocommit=True) as database,
    ):
        _add(database, "far", pending - due, first=_now(database) + timedelta(days=1), step=timedelta(seconds=1))
        ones = 50 if short else _QUIET
        quiet = _quiet_lateness(database, ones)
        seconds, firsts = _due_at_once(database, due)
        figures = [
            at_most(f"timers: {ones} one by one beside {pending:,}, lateness p99", _p99(quiet), "ms", 100, []),
            Figure("timers: the same, median", statistics.median(quiet), "ms"),
            at_most(f"timers: {due:,} due at once of {pending:,}, all fired", seconds, "s", 3, []),
            Figure("timers: the same, pages made", firsts, ""),
        ]
        told = carrier.taken()
        while told:  # the pages that still go out are not measured; the instance stops when they are through
            time.sleep(2)
            told = carrier.taken()
    return figures


def _quiet_lateness(database: "psycopg.Connection[Any]", count: int) -> list[float]:
    """Milliseconds from due to claimed by the engine, by the database's clock."""
    first = _now(database) + timedelta(seconds=3)
    _add(database, "quiet-", count, first=first, step=_QUIET_EVERY)
    _wait_until_fired(database, first + count * _QUIET_EVERY)
    rows = database.execute(_LATENESS, {"first": first, "step": _QUIET_EVERY, "name": "quiet-"}).fetchall()
    return [float(row[0]) * 1000 for row in rows]


def _due_at_once(database: "psycopg.Connection[Any]", count: int) -> tuple[float, int]:
    first = _now(database) + _LEAD
    _add(database, "at-once-", count, first=first, step=timedelta())
    database.execute("ANALYZE")
    fired_at = _wait_until_fired(database, first)
    row = database.execute(
        "SELECT count(*) FROM paging_page AS page JOIN alerts_alert AS alert ON alert.id = page.subject_id "
        "WHERE alert.dedup_key LIKE 'at-once-%'"
    ).fetchone()
    return (fired_at - first).total_seconds(), int(row[0]) if row else 0


def _add(database: "psycopg.Connection[Any]", name: str, count: int, *, first: datetime, step: timedelta) -> None:
    now = _now(database)
    database.execute(_ADD, {"name": name, "count": count, "first": first, "step": step, "now": now})
    if now >= first:
        raise RuntimeError("the timers were due before they were there: the machine is too slow for this lead")


def _wait_until_fired(database: "psycopg.Connection[Any]", due_at: datetime) -> datetime:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    time.sleep(max(0.0, (due_at - _now(database)).total_seconds()))
    while time.monotonic() < deadline:
        row = database.execute(
            "SELECT EXISTS (SELECT 1 FROM timers_timer WHERE due_at <= %s AND quarantined_at IS NULL)", [due_at]
        ).fetchone()
        if row and not row[0]:
            return _now(database)
        time.sleep(0.1)  # each look costs the database what the engine wants
    raise RuntimeError(f"timers due at {due_at} were not fired within {_PATIENCE_SECONDS} s")


def _now(database: "psycopg.Connection[Any]") -> datetime:
    row = database.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]
