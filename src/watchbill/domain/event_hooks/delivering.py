"""The errand that sends: one endpoint, its events in the order in which they happened, each until it is taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import structlog
from django.db import transaction

from watchbill.domain.audit.actions import record as write_down
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.errands.contract import NotYet
from watchbill.domain.event_hooks.collecting import DELIVER
from watchbill.domain.event_hooks.models import SUBJECT_KIND, DeliveryState, EventDelivery, EventHook
from watchbill.domain.event_hooks.rules import Answered, is_given_up, is_left_alone, pause_after, wish
from watchbill.domain.event_hooks.secrets import secrets_of
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused
from watchbill.ground.signature import HEADER, signature

log = structlog.get_logger()

ANSWER_WITHIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    delivery_id: UUID
    event: str
    url: str
    body: bytes
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The first in the row failed: it is not its time yet, and those behind it keep their place."""

    until: datetime
    why: str


class DeliverEvents:
    kind = DELIVER

    def __init__(self, *, http: HttpClient, secret_key: str, base_url: str) -> None:
        self._http = http
        self._secret_key = secret_key
        self._base_url = base_url

    def next_step(self, subject_id: UUID, *, now: datetime) -> Send | Wait | None:
        hook = EventHook.objects.filter(id=subject_id, removed_at=None, paused_at=None).first()
        if hook is None:
            return None
        first = self._first(hook, now=now)
        if first is None:
            return None
        if first.next_try_at > now:
            return Wait(until=first.next_try_at, why=first.error)
        return Send(
            delivery_id=first.id,
            event=first.event,
            url=hook.url,
            body=orjson.dumps(first.payload | {"url": f"{self._base_url}/incidents/{first.incident.number}"}),
            secrets=secrets_of(hook, secret_key=self._secret_key, now=now),
        )

    async def act(self, step: Send | Wait, *, now: datetime) -> Answered | NotYet:
        if isinstance(step, Wait):
            return NotYet(why=step.why, after=step.until - now)
        headers = {
            "Content-Type": "application/json",
            "X-Watchbill-Event": step.event,
            "X-Watchbill-Delivery": str(step.delivery_id),
            HEADER: signature(step.body, secrets=step.secrets, now=now),
        }
        try:
            answer = await self._http.request(
                "POST", step.url, content=step.body, headers=headers, total_timeout=ANSWER_WITHIN
            )
        except (OutboundRefused, OutboundFailed) as error:
            return Answered(status=None, error=str(error)[:300])
        return Answered(status=answer.status, retry_after=wish(answer.headers.get("retry-after", ""), now=now))

    def record(self, step: Send | Wait, outcome: object, *, now: datetime) -> None:
        if not isinstance(step, Send) or not isinstance(outcome, Answered):
            raise TypeError(f"{outcome!r} is nothing that can come of {step!r}")
        with transaction.atomic():
            hook = EventHook.objects.select_for_update(of=("self",)).get(deliveries=step.delivery_id)
            row = EventDelivery.objects.select_for_update().get(id=step.delivery_id)
            if row.state != DeliveryState.PENDING:
                return  # the other one who sent it was faster
            row.attempts, row.tried_at = row.attempts + 1, now
            row.status = outcome.status
            row.error = "" if outcome.delivered else outcome.words[:300]
            if outcome.delivered:
                _settle(row, DeliveryState.DELIVERED, now=now)
                EventHook.objects.filter(id=hook.id).update(failing_since=None)
            else:
                _failed(hook, row, outcome, now=now)
            row.save(update_fields=["attempts", "tried_at", "status", "error", "state", "settled_at", "next_try_at"])

    def _first(self, hook: EventHook, *, now: datetime) -> EventDelivery | None:
        """That an incident may not leave is asked again here: it may have become restricted since it was noted."""
        rows = EventDelivery.objects.filter(hook=hook, state=DeliveryState.PENDING).select_related("incident")
        if not hook.restricted:
            rows.filter(incident__restricted=True).update(
                state=DeliveryState.WITHHELD, settled_at=now, payload={}, error="the incident is restricted"
            )
        return rows.order_by("entry_id").first()


def _failed(hook: EventHook, row: EventDelivery, outcome: Answered, *, now: datetime) -> None:
    row.next_try_at = now + pause_after(row.attempts, asked_for=outcome.retry_after)
    since = hook.failing_since or now
    EventHook.objects.filter(id=hook.id).update(failing_since=since)
    log.warning("event_hook.later", hook=hook.name, delivery=str(row.id), why=outcome.words)
    if is_given_up(outcome, attempts=row.attempts, wanted_since=row.wanted_since, now=now):
        _settle(row, DeliveryState.GIVEN_UP, now=now)
        log.error("event_hook.given_up", hook=hook.name, delivery=str(row.id), why=outcome.words)
    if is_left_alone(outcome, failing_since=since, now=now):
        why = f"nothing was delivered since {since:%Y-%m-%d %H:%M} UTC: {outcome.words}"[:300]
        EventHook.objects.filter(id=hook.id).update(paused_at=now, paused_why=why)
        paused = Record(
            action="event_hook.paused",
            subject_kind=SUBJECT_KIND,
            subject_id=hook.id,
            subject_label=hook.name,
            details={"why": why},
        )
        write_down([paused], actor=ENGINE, now=now)
        log.error("event_hook.paused", hook=hook.name, why=why)


def _settle(row: EventDelivery, state: DeliveryState, *, now: datetime) -> None:
    row.state, row.settled_at = state, now
