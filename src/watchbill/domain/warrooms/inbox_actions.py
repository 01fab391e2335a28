"""What people do in a chat tool is taken in: written down first, then acknowledged, then handled."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import structlog
from django.db import transaction

from watchbill.domain.errands.actions import ask
from watchbill.domain.warrooms.contract import Incoming, IncomingKind
from watchbill.domain.warrooms.models import ChatPosition, ChatRequest
from watchbill.ground.ids import new_id
from watchbill.ground.text import storable

log = structlog.get_logger()

# The errand that handles what came in; its subject is the lane.
HEARD = "warroom.heard"
BEGUN_MAX = 3
_LANES = UUID("5b1f6a52-6d3c-4b53-9c0e-6e1c2c1f7a10")


def take_in(host: str, incoming: Incoming, *, now: datetime) -> bool:
    """Whether it is new. What was taken in before is not done again, by whatever delivery it comes."""
    lane = uuid5(_LANES, f"{host}/{incoming.room or incoming.person}")
    with transaction.atomic():
        _, made = ChatRequest.objects.get_or_create(
            host=host,
            key=incoming.key,
            defaults={
                "id": new_id(),
                "lane": lane,
                "same_as": _same_as(incoming),
                "payload": {name: _storable(value) for name, value in asdict(incoming).items()},
                "at": now,
            },
        )
        if made:
            ask(HEARD, [lane], due_at=now)
    return made


def take_in_up_to(host: str, heard: Sequence[Incoming], position: str, *, now: datetime) -> None:
    """From a tool that keeps what happened until we ask: all of it, and from where the next look goes on."""
    with transaction.atomic():
        for one in heard:
            take_in(host, one, now=now)
        ChatPosition.objects.update_or_create(host=host, defaults={"position": position, "at": now})


def incoming_of(request: ChatRequest) -> Incoming:
    given = dict(request.payload)
    files = tuple((str(name), str(url)) for name, url in given.pop("files", ()))
    return Incoming(kind=IncomingKind(given.pop("kind")), files=files, **given)


def begin_next(lane: UUID, *, hosts: Collection[str], now: datetime) -> UUID | None:
    """The next of the lane, counted before it is touched: so it is known of what fails how often it did, whatever ends
    it. What was begun `BEGUN_MAX` times is set aside, and then there is one try to say so."""
    while True:
        with transaction.atomic():
            rows = ChatRequest.objects.select_for_update().filter(lane=lane, answered_at=None, host__in=hosts)
            request = rows.order_by("id").first()
            if request is None:
                return None
            request.begun += 1
            request.save(update_fields=["begun"])
            if request.done_at is None and request.begun > BEGUN_MAX:
                _set_aside(request, now=now)
            if request.begun <= BEGUN_MAX + (1 if request.set_aside_at is not None else 0):
                return request.id
            log.error("chat.answer.given_up", host=request.host, request_id=str(request.id))
            finish(request.id, now=now)


def finish(request_id: UUID, *, now: datetime) -> None:
    """What was said and by which secret address it is answered need not be kept, unless nobody could handle it."""
    ChatRequest.objects.filter(id=request_id).update(answered_at=now)
    ChatRequest.objects.filter(id=request_id, set_aside_at=None).update(payload={})


def look_again(*, now: datetime) -> None:
    """At whatever nobody handled yet."""
    waiting = ChatRequest.objects.filter(answered_at=None).order_by("lane")
    ask(HEARD, waiting.values_list("lane", flat=True).distinct(), due_at=now)


def _set_aside(request: ChatRequest, *, now: datetime) -> None:
    log.error("chat.request.set_aside", host=request.host, request_id=str(request.id), begun=request.begun - 1)
    request.set_aside_at = request.done_at = now
    request.carried_out = False
    request.save(update_fields=["set_aside_at", "done_at", "carried_out"])


def _same_as(incoming: Incoming) -> str:
    if incoming.kind is not IncomingKind.COMMAND:
        return ""
    words = f"{incoming.person}\0{incoming.room}\0{' '.join(incoming.text.split())}"
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list | tuple):
        return [_storable(one) for one in value]
    return value
