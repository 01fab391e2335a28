"""Events into alerts, a whole batch in one statement: the hot path of ingest, on asyncpg.

Everything that a new alert needs is written at once, so the statement's own commit is the acceptance:
event, alert, run, timer due now, audit entry, and the engine's wake-up. Due now is said by the database's clock, which
the engine goes by: a web host whose own is ahead must not make its pages late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from watchbill.domain.alerts.contract import Signal
from watchbill.domain.services.routing import urgency_of, window_at
from watchbill.domain.services.store import Route
from watchbill.ground.ids import new_ids

# The planner sees arrays of unknown length and tables that may have been empty when it looked. Nested loops over
# the index of open alerts are right at every size; a hash of the whole table never is.
SESSION = {
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_material": "off",
    "jit": "off",
    "synchronous_commit": "on",
}

_WRITE = """
WITH row AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::jsonb[], $12::jsonb[], $13::timestamptz[], $14::text[], $15::bytea[], $16::jsonb[]
    ) WITH ORDINALITY AS row (
        id, run_id, opener, events_count, route, dedup_key, summary, severity, urgency,
        source, details, links, received_at, source_address, body, headers, slot
    )
),
touched AS (
    UPDATE alerts_alert AS alert
    SET events_count = alert.events_count + row.events_count,
        last_event_at = greatest(alert.last_event_at, $17)
    FROM row
    WHERE row.events_count > 0
      AND alert.integration_id = ($18::uuid[])[row.route] AND alert.dedup_key = row.dedup_key
      AND NOT (alert.state = 'resolved')
    RETURNING row.slot, alert.id, alert.severity, alert.urgency
),
held AS MATERIALIZED (
    SELECT id, ends_at FROM services_maintenancewindow
    WHERE id = ANY($22::uuid[]) AND cancelled_at IS NULL AND ends_at > $17
    FOR SHARE
),
merged AS MATERIALIZED (
    SELECT coalesce(jsonb_object_agg(slot, id), '{}') AS alert_ids FROM touched
),
fresh AS MATERIALIZED (
    SELECT row.*, held.id AS suppressed_by, held.ends_at AS held_until
    FROM row LEFT JOIN held ON held.id = ($22::uuid[])[row.route]
    WHERE events_count > 0 AND slot NOT IN (SELECT slot FROM touched)
),
event AS (
    INSERT INTO alerts_event
        (id, received_at, integration_id, alert_id, disposition, dedup_key, action, summary, body, headers)
    SELECT id, received_at, ($18::uuid[])[route],
           coalesce((merged.alert_ids ->> opener::text)::uuid, ($1::uuid[])[opener]),
           CASE WHEN events_count = 0 OR merged.alert_ids ? opener::text THEN 'deduped'
                WHEN ($22::uuid[])[route] IN (SELECT held.id FROM held) THEN 'suppressed' ELSE 'new' END,
           dedup_key, 'trigger', summary, body, headers
    FROM row, merged
),
alert AS (
    INSERT INTO alerts_alert
        (id, number, integration_id, service_id, dedup_key, summary, severity, urgency, source, details, links,
         state, opened_at, acknowledged_by, resolved_by, suppressed_by_id, first_event_id, events_count, last_event_at)
    SELECT id, nextval('alerts_alert_number'), ($18::uuid[])[route], ($19::uuid[])[route], dedup_key, summary,
           severity, urgency, source, details, links, 'triggered', received_at, '', '', suppressed_by, id,
           events_count, $17
    FROM fresh
),
run AS (
    INSERT INTO escalation_run
        (id, subject_kind, subject_id, group_id, policy_version_id, urgency, state, generation, cycle, level,
         started_at, end_reason)
    SELECT run_id, 'alert', id, ($19::uuid[])[route], ($20::uuid[])[route], urgency, 'live', 1, 0, 0, received_at, ''
    FROM fresh WHERE suppressed_by IS NULL
),
timer AS (
    INSERT INTO timers_timer (kind, subject_id, generation, due_at, failures, last_error)
    SELECT CASE WHEN suppressed_by IS NULL THEN 'escalation.step' ELSE 'alert.maintenance_ends' END,
           CASE WHEN suppressed_by IS NULL THEN run_id ELSE id END,
           CASE WHEN suppressed_by IS NULL THEN 1 ELSE 0 END,
           coalesce(held_until, least(received_at, now())), 0, ''
    FROM fresh
),
entry AS (
    INSERT INTO audit_entry
        (at, actor_kind, actor_id, actor_label, via, source_address, action, subject_kind, subject_id, subject_label,
         details)
    SELECT received_at, 'source', ($18::uuid[])[route], ($21::text[])[route], 'ingest', source_address,
           CASE WHEN suppressed_by IS NULL THEN 'alert.triggered' ELSE 'alert.suppressed' END,
           'alert', id, left(summary, 300), '{}'
    FROM fresh
)
SELECT (SELECT count(*) FROM fresh) AS opened,
       (SELECT pg_notify('watchbill_timers', '') FROM fresh LIMIT 1) IS NULL AS quiet,
       (SELECT array_agg(row.slot ORDER BY row.slot) FROM touched JOIN row ON row.slot = touched.slot
        WHERE array_position($23::text[], row.severity) < array_position($23::text[], touched.severity::text)
           OR (row.urgency = 'high' AND touched.urgency = 'low')) AS raised,
       (SELECT alert_ids::text FROM merged) AS touched
"""

# An open alert whose sender now says that it is worse. Whoever has it keeps it; if nobody has it and it did not wake
# anybody so far, its escalation begins anew as an urgent one.
_RAISE = """
WITH row AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[])
        AS row (id, severity, urgency, summary, integration_id, label, source_address)
),
before AS MATERIALIZED (
    SELECT alert.id, alert.severity, alert.urgency, alert.state
    FROM alerts_alert AS alert JOIN row ON row.id = alert.id
    WHERE NOT (alert.state = 'resolved') ORDER BY alert.id FOR UPDATE OF alert
),
alert AS (
    UPDATE alerts_alert AS alert
    SET summary = row.summary,
        severity = CASE
            WHEN array_position($9::text[], row.severity) < array_position($9::text[], before.severity::text)
            THEN row.severity ELSE before.severity END,
        urgency = CASE WHEN row.urgency = 'high' THEN 'high' ELSE before.urgency END
    FROM row, before WHERE row.id = before.id AND alert.id = before.id
),
run AS (
    UPDATE escalation_run AS run
    SET urgency = 'high',
        because = CASE WHEN before.state = 'triggered' THEN 'its sender says that it is worse now' ELSE run.because END,
        generation = CASE WHEN before.state = 'triggered' THEN run.generation + 1 ELSE run.generation END,
        tries = CASE WHEN before.state = 'triggered' THEN 0 ELSE run.tries END,
        state = CASE WHEN before.state = 'triggered' THEN 'live' ELSE run.state END,
        cycle = CASE WHEN before.state = 'triggered' THEN 0 ELSE run.cycle END,
        level = CASE WHEN before.state = 'triggered' THEN 0 ELSE run.level END,
        ended_at = CASE WHEN before.state = 'triggered' THEN NULL ELSE run.ended_at END,
        end_reason = CASE WHEN before.state = 'triggered' THEN '' ELSE run.end_reason END
    FROM row, before
    WHERE row.id = before.id AND run.subject_kind = 'alert' AND run.subject_id = before.id
      AND before.urgency = 'low' AND row.urgency = 'high'
    RETURNING run.id, run.generation, before.state AS alert_state
),
timer AS (
    INSERT INTO timers_timer (kind, subject_id, generation, due_at, failures, last_error)
    SELECT 'escalation.step', id, generation, least($8, now()), 0, '' FROM run WHERE alert_state = 'triggered'
    ON CONFLICT (kind, subject_id) DO UPDATE
    SET due_at = excluded.due_at, generation = excluded.generation, failures = 0, last_error = '', quarantined_at = NULL
),
entry AS (
    INSERT INTO audit_entry
        (at, actor_kind, actor_id, actor_label, via, source_address, action, subject_kind, subject_id, subject_label,
         details)
    SELECT $8, 'source', row.integration_id, row.label, 'ingest', row.source_address, 'alert.raised', 'alert', row.id,
           left(row.summary, 300),
           jsonb_build_object('before', jsonb_build_object('severity', before.severity, 'urgency', before.urgency),
                              'after', jsonb_build_object('severity', row.severity, 'urgency', row.urgency))
    FROM row JOIN before ON before.id = row.id
)
SELECT pg_notify('watchbill_timers', '')
"""

# From the worst on.
SEVERITY_RANKS = ("critical", "error", "warning", "info")
_RANK = {severity: rank for rank, severity in enumerate(SEVERITY_RANKS)}

_KEEP = """
INSERT INTO alerts_event
    (id, received_at, integration_id, alert_id, disposition, dedup_key, action, summary, body, headers)
VALUES ($1, $2, $3, NULL, $4, $5, $6, $7, $8, $9)
"""

_KNOWN_ANSWER = "SELECT body_digest, answer FROM alerts_idempotencykey WHERE integration_id = $1 AND key = $2"
_CLAIM_KEY = """
INSERT INTO alerts_idempotencykey (integration_id, key, body_digest, answer, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (integration_id, key) DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    body_digest: str
    status: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvent:
    """An event that opens nothing: a change, or one that could not be processed. `headers` is JSON."""

    event_id: UUID
    received_at: datetime
    integration_id: UUID
    dedup_key: str
    action: str
    summary: str
    body: bytes
    headers: str


@dataclass(slots=True)
class Trigger:
    """A trigger as it arrived: storable text, `dedup_key` never empty, `headers` JSON. Its event id is new."""

    event_id: UUID
    received_at: datetime
    route: Route
    signal: Signal
    dedup_key: str
    body: bytes
    headers: str
    source_address: str


async def write_triggers(connection: Any, triggers: Sequence[Trigger]) -> int:
    """How many alerts were opened; the other events belong to alerts that were open. All or nothing.

    Of two processes that open the same key at once, one fails with a unique violation and must write again.
    """
    merged = _merge(triggers)
    row = await connection.fetchrow(_WRITE, *_columns(triggers, merged))
    if row["raised"]:
        await _raise(connection, [slot - 1 for slot in row["raised"]], orjson.loads(row["touched"]), triggers, merged)
    opened: int = row["opened"]
    return opened


async def _raise(
    connection: Any,
    positions: Sequence[int],
    alert_ids: dict[str, str],
    triggers: Sequence[Trigger],
    merged: "_Merged",
) -> None:
    """Before the senders are told: if this fails, they send again, and it is seen again that the alerts are worse."""
    worst = [triggers[merged.worst.get(position, position)] for position in positions]
    await connection.fetchval(
        _RAISE,
        [alert_ids[str(position + 1)] for position in positions],
        [merged.severities[position] for position in positions],
        [merged.urgencies[position] for position in positions],
        [trigger.signal.summary for trigger in worst],
        [trigger.route.integration_id for trigger in worst],
        [trigger.route.label for trigger in worst],
        [trigger.source_address for trigger in worst],
        max(trigger.received_at for trigger in worst),
        list(SEVERITY_RANKS),
    )


async def keep_event(connection: Any, event: KeptEvent, *, disposition: str) -> None:
    await connection.execute(
        _KEEP,
        event.event_id,
        event.received_at,
        event.integration_id,
        disposition,
        event.dedup_key,
        event.action,
        event.summary,
        event.body,
        event.headers,
    )


async def known_answer(connection: Any, integration_id: UUID, key: str) -> KnownAnswer | None:
    row = await connection.fetchrow(_KNOWN_ANSWER, integration_id, key)
    if row is None:
        return None
    answer = orjson.loads(row["answer"])
    return KnownAnswer(body_digest=row["body_digest"], status=answer["status"], body=answer["body"])


async def claim_idempotency_key(
    connection: Any, integration_id: UUID, key: str, *, body_digest: str, answer: str, now: datetime
) -> bool:
    """False when another request has the key. Waits for a transaction that is about to have it."""
    claimed = await connection.fetchval(_CLAIM_KEY, integration_id, key, body_digest, answer, now)
    return claimed is not None


@dataclass(slots=True)
class _Merged:
    """Which events of a batch belong together: the first of a key opens, as badly as the worst of them says.

    `opener_of` and `of_route` count from 1, as SQL does; `worst` names, for an opener, the event that is worse.
    """

    routes: list[Route]
    of_route: list[int]
    opener_of: list[int]
    counts: list[int]
    severities: list[str]
    urgencies: list[str]
    worst: dict[int, int]


def _merge(triggers: Sequence[Trigger]) -> _Merged:
    # By integration, not by route: a batch may hold two readings of one integration, and a key opens one alert only.
    numbers: dict[UUID, int] = {}
    openers: dict[tuple[int, str], int] = {}
    severities = [trigger.signal.severity for trigger in triggers]
    urgencies = [urgency_of(trigger.route.urgency_rule, trigger.signal.severity) for trigger in triggers]
    merged = _Merged([], [], [], [0] * len(triggers), severities, urgencies, {})
    for position, trigger in enumerate(triggers):
        route = numbers.get(trigger.route.integration_id, 0)
        if not route:
            merged.routes.append(trigger.route)
            route = numbers[trigger.route.integration_id] = len(merged.routes)
        opener = openers.setdefault((route, trigger.dedup_key), position)
        merged.counts[opener] += 1
        merged.of_route.append(route)
        merged.opener_of.append(opener + 1)
        if opener != position and _RANK[severities[position]] < _RANK[severities[opener]]:
            severities[opener], urgencies[opener] = severities[position], urgencies[position]
            merged.worst[opener] = position
    return merged


def _columns(triggers: Sequence[Trigger], merged: _Merged) -> list[Any]:
    signals = [trigger.signal for trigger in triggers]
    last_at = max(trigger.received_at for trigger in triggers)
    routes = merged.routes
    windows = [window_at(route.windows, now=last_at) for route in routes]
    return [
        [trigger.event_id for trigger in triggers],
        new_ids(len(triggers)),
        merged.opener_of,
        merged.counts,
        merged.of_route,
        [trigger.dedup_key for trigger in triggers],
        [signal.summary for signal in signals],
        merged.severities,
        merged.urgencies,
        [signal.source for signal in signals],
        [_details(signal) for signal in signals],
        [orjson.dumps(signal.links).decode() if signal.links else "[]" for signal in signals],
        [trigger.received_at for trigger in triggers],
        [trigger.source_address for trigger in triggers],
        [trigger.body for trigger in triggers],
        [trigger.headers for trigger in triggers],
        last_at,
        [route.integration_id for route in routes],
        [route.service_id for route in routes],
        [route.policy_version_id for route in routes],
        [route.label for route in routes],
        [window.id if window else None for window in windows],
        SEVERITY_RANKS,
    ]


def _details(signal: Signal) -> str:
    details = signal.all_details
    return orjson.dumps(details, default=str).decode() if details else "{}"
