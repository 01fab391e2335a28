"""What waits for a subscriber, one after the other; marked before it leaves, so that it never leaves twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from watchbill.domain.errands.rules import pause_after
from watchbill.domain.status_page.contract import NotSent, Outcome, Refused, Sent, Unsure
from watchbill.domain.status_page.models import Notice, NoticeState, Subscriber, SubscriberKind
from watchbill.domain.status_page.subscriber_actions import confirm, leave

log = structlog.get_logger()

_TRIED_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The next one failed lately."""

    why: str
    for_: timedelta


def next_notice(subscriber_id: UUID, *, now: datetime) -> Notice | Wait | None:
    with transaction.atomic():
        subscriber = Subscriber.objects.select_for_update().filter(id=subscriber_id).first()
        if subscriber is None:
            return None
        for notice in _waiting(subscriber):
            if notice.state == NoticeState.SENDING:
                settle(notice, NoticeState.UNKNOWN, "a worker ended while it was being sent", now=now)
            elif why := _in_vain(notice, subscriber):
                settle(notice, NoticeState.REFUSED, why, now=now)
            elif notice.not_before is not None and notice.not_before > now:
                return Wait(why=notice.error, for_=notice.not_before - now)
            else:
                notice.state, notice.tries = NoticeState.SENDING, notice.tries + 1
                notice.save(update_fields=["state", "tries"])
                return notice
    return None


def record_outcome(notice: Notice, outcome: Outcome, *, now: datetime) -> None:
    with transaction.atomic():
        if isinstance(outcome, Sent):
            settle(notice, NoticeState.SENT, "", now=now)
            if _is_question(notice) and notice.subscriber.kind == SubscriberKind.WEBHOOK:
                confirm(notice.subscriber_id, now=now)
        elif isinstance(outcome, Unsure):
            settle(notice, NoticeState.UNKNOWN, outcome.why, now=now)
        elif isinstance(outcome, Refused):
            settle(notice, NoticeState.REFUSED, outcome.why, now=now)
            if outcome.address_is_dead:
                leave(notice.subscriber_id, now=now, why=outcome.why)
        elif now - notice.asked_at > _TRIED_FOR:
            settle(notice, NoticeState.REFUSED, f"tried for two days: {outcome.why}", now=now)
        else:
            _put_off(notice, outcome, now=now)


def settle(notice: Notice, state: NoticeState, why: str, *, now: datetime) -> None:
    Notice.objects.filter(id=notice.id).update(state=state, error=why[:300], settled_at=now)


def _put_off(notice: Notice, outcome: NotSent, *, now: datetime) -> None:
    until = now + pause_after(notice.tries, asked_for=None)
    Notice.objects.filter(id=notice.id).update(state=NoticeState.QUEUED, not_before=until, error=outcome.why[:300])
    log.warning("notice.later", notice_id=str(notice.id), why=outcome.why)


def _waiting(subscriber: Subscriber) -> list[Notice]:
    rows = Notice.objects.filter(subscriber=subscriber, state__in=[NoticeState.QUEUED, NoticeState.SENDING])
    rows = rows.select_related("subscriber", "update__public_incident", "maintenance__window")
    return list(rows.order_by("asked_at", "id"))


def _is_question(notice: Notice) -> bool:
    return notice.update_id is None and notice.maintenance_id is None


def _in_vain(notice: Notice, subscriber: Subscriber) -> str:
    if subscriber.ended_at is not None:
        return "no longer subscribed"
    if notice.update is not None and notice.update.retracted_at is not None:
        return "the update was taken back"
    if notice.maintenance is not None and notice.maintenance.cancelled_at is not None:
        return "the maintenance was called off"
    return ""
