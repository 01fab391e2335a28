"""`Idempotency-Key`: the same key and body get the same answer and one event; another body is refused."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import orjson

from watchbill.domain.alerts.store import KnownAnswer, Trigger, claim_idempotency_key, known_answer
from watchbill.doors.ingest.work import Idempotency, Verdict, Work


async def store_once(
    connection: Any, work: Work, *, write: Callable[[Sequence[Work]], Awaitable[None]], now: datetime
) -> None:
    """The key and the triggers are one commit.

    Acknowledge and resolve are written first, in their own: when the process dies in between, the sender's next try
    does them again, which changes nothing, whereas the other order could lose them.
    """
    idempotency = work.idempotency
    if idempotency is None:
        raise ValueError("this request has no Idempotency-Key")
    known = await known_answer(connection, work.integration_id, idempotency.key)
    if known is not None:
        _answer_again(work, idempotency, known)
        return
    triggers = [event for event in work.events if isinstance(event, Trigger)]
    if len(triggers) < len(work.events):
        await _write_part(work, [event for event in work.events if not isinstance(event, Trigger)], write)
    async with connection.transaction():
        claimed = await claim_idempotency_key(
            connection,
            work.integration_id,
            idempotency.key,
            body_digest=idempotency.body_digest,
            answer=orjson.dumps({"status": idempotency.status, "body": idempotency.body.decode()}).decode(),
            now=now,
        )
        if claimed and triggers:
            await _write_part(work, triggers, write)
    if not claimed and (known := await known_answer(connection, work.integration_id, idempotency.key)):
        _answer_again(work, idempotency, known)


async def _write_part(work: Work, events: Sequence[Any], write: Callable[[Sequence[Work]], Awaitable[None]]) -> None:
    part = Work(work.integration_id, events, work.size_bytes, work.settle)
    await write([part])
    work.failed = work.failed or part.failed


def _answer_again(work: Work, idempotency: Idempotency, known: KnownAnswer) -> None:
    if known.body_digest != idempotency.body_digest:
        work.failed = Verdict.CONFLICT
        return
    work.failed = Verdict.REPEATED
    idempotency.status, idempotency.body = known.status, known.body.encode()
