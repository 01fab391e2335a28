"""`GET|POST /heartbeat/{key}`: a job calls in.

A GET records a ping, unlike every other GET here: the address is the job's own secret, and a plain `curl` must do.
HEAD records nothing, because link checkers send it.
"""

import asyncio
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection

from watchbill.domain.heartbeats.absences import note_open
from watchbill.domain.heartbeats.actions import ping
from watchbill.domain.heartbeats.settings_actions import HeartbeatUnknown
from watchbill.domain.services.models import IntegrationKind
from watchbill.doors.ingest import answers
from watchbill.doors.ingest.answers import Answer
from watchbill.doors.ingest.database_away import AWAY
from watchbill.doors.ingest.request import Request
from watchbill.doors.ingest.state import State
from watchbill.ground.clock import Clock

log = structlog.get_logger()

_NOTED_EVERY_SECONDS = 2.0

_OK = answers.plain(200, "ok\n")
_ADDRESS = "The key in the address belongs to no heartbeat. Copy the address from the service's page."
_UNKNOWN = answers.refused(404, "invalid key", "The ping was not recorded.", [_ADDRESS])


async def receive(request: Request, state: State, *, key: str, method: str) -> Answer:
    route = await state.keys.route_of(key)
    if route is None or route.kind != IntegrationKind.HEARTBEAT:
        return _UNKNOWN
    if method == "HEAD":
        return _OK
    try:
        await asyncio.get_running_loop().run_in_executor(
            state.threads, _ping, route.integration_id, request.source_address, request.received_at
        )
    except HeartbeatUnknown:
        return _UNKNOWN
    return _OK


def _ping(integration_id: UUID, source_address: str, now: datetime) -> None:
    try:
        ping(integration_id=integration_id, source_address=source_address, now=now)
    finally:
        connection.close()  # gives it back to the pool


async def keep_noting_that_it_is_open(clock: Clock) -> None:
    """Where it does not run, or has no database, no ping can be taken: then silence is not the jobs'.

    `clock` is the database's, as the engine's is.
    """
    while True:
        try:
            await asyncio.to_thread(_note_open, clock)
        except AWAY as error:
            log.warning("heartbeat.door.not_noted", error=f"{type(error).__name__}: {error}")
        await asyncio.sleep(_NOTED_EVERY_SECONDS)


def _note_open(clock: Clock) -> None:
    try:
        note_open(now=clock.now())
    finally:
        connection.close()  # gives it back to the pool
