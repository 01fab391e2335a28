"""Events into alerts, a whole batch in one statement: the hot path of ingest, on asyncpg.

Everything that a new alert needs is written at once, so the statement's own commit is the acceptance:
event, alert, run, timer due now, audit entry, and the engine's wake-up.
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
    RETURNING row.slot, alert.id
),
merged AS MATERIALIZED (
    SELECT coalesce(jsonb_object_agg(slot, id), '{}') AS alert_ids FROM touched
),
fresh AS MATERIALIZED (
    SELECT row.*, ($22::uuid[])[route] AS suppressed_by FROM row
    WHERE events_count > 0 AND slot NOT IN (SELECT slot FROM touched)
),
event AS (
    INSERT INTO alerts_event
        (id, received_at, integration_id, alert_id, disposition, dedup_key, action, summary, body, headers)
    SELECT id, received_at, ($18::uuid[])[route],
           coalesce((merged.alert_ids ->> opener::text)::uuid, ($1::uuid[])[opener]),
           CASE WHEN events_count = 0 OR merged.alert_ids ? opener::text THEN 'deduped'
                WHEN ($22::uuid[])[route] IS NULL THEN 'new' ELSE 'suppressed' END,
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
           coalesce(($23::timestamptz[])[route], received_at), 0, ''
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
       (SELECT pg_notify('watchbill_timers', '') FROM fresh LIMIT 1) IS NULL AS quiet
"""

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
    row = await connection.fetchrow(_WRITE, *_columns(triggers))
    opened: int = row["opened"]
    return opened


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


def _columns(triggers: Sequence[Trigger]) -> list[Any]:
    # By integration, not by route: a batch may hold two readings of one integration, and a key opens one alert only.
    numbers: dict[UUID, int] = {}
    routes: list[Route] = []
    openers: dict[tuple[int, str], int] = {}
    counts = [0] * len(triggers)
    of_route: list[int] = []
    opener_of: list[int] = []
    for position, trigger in enumerate(triggers):
        route = numbers.get(trigger.route.integration_id, 0)
        if not route:
            routes.append(trigger.route)
            route = numbers[trigger.route.integration_id] = len(routes)
        opener = openers.setdefault((route, trigger.dedup_key), position)
        counts[opener] += 1
        of_route.append(route)
        opener_of.append(opener + 1)
    signals = [trigger.signal for trigger in triggers]
    last_at = max(trigger.received_at for trigger in triggers)
    windows = [window_at(route.windows, now=last_at) for route in routes]
    return [
        [trigger.event_id for trigger in triggers],
        new_ids(len(triggers)),
        opener_of,
        counts,
        of_route,
        [trigger.dedup_key for trigger in triggers],
        [signal.summary for signal in signals],
        [signal.severity for signal in signals],
        [urgency_of(trigger.route.urgency_rule, trigger.signal.severity) for trigger in triggers],
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
        [window.ends_at if window else None for window in windows],
    ]


def _details(signal: Signal) -> str:
    details = signal.details
    if signal.occurred_at is not None:
        details = {**details, "occurred_at": signal.occurred_at}
    return orjson.dumps(details, default=str).decode() if details else "{}"
