"""What the sender does to pages: decide what leaves now, note that it is about to, note what came of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.paging import store
from watchbill.domain.paging.contract import Budget, Delivered, Outcome, Refused, RetryLater
from watchbill.domain.paging.models import AttemptState, Delivery, DeliveryState
from watchbill.domain.paging.rules import (
    EXPIRIES_MAX,
    LEASE,
    TRIES_MAX,
    looks_back,
    messages_allowed,
    next_message_at,
    retry_after,
)
from watchbill.domain.paging.store import DueDelivery, Intent
from watchbill.domain.people.models import ContactMethod
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.ground.failpoints import failpoint

log = structlog.get_logger()

# What a page that reached nobody asks of the room above, which owns the kind.
UNREACHED = "escalation.unreached"


@dataclass(frozen=True, slots=True)
class CalledOff:
    """Nobody was asked: all that the message stood for was answered while it waited for its turn."""

    reason: str = "answered before it was sent"


Result = Outcome | CalledOff


def claim_messages(*, now: datetime, budgets: Mapping[str, Budget], limit: int) -> list[Intent]:
    """Committed intents: each becomes one request to one provider. Deliveries over budget wait and go bundled."""
    with transaction.atomic():
        _expire(now=now)
        due = store.claim_due(now=now, limit=limit)
        sendable: list[DueDelivery] = []
        unusable: list[DueDelivery] = []
        for one in due:
            (sendable if one.usable and one.kind in budgets else unusable).append(one)
        _drop_unusable(unusable, now=now)
        by_contact: dict[UUID, list[DueDelivery]] = defaultdict(list)
        for delivery in sendable:
            by_contact[delivery.contact_id].append(delivery)
        back = max((looks_back(budget) for budget in budgets.values()), default=timedelta())
        sent = store.recent_messages(by_contact, since=now - back)
        intents: list[Intent] = []
        for contact_id, deliveries in by_contact.items():
            budget = budgets[deliveries[0].kind]
            intents += _messages_for(deliveries, budget=budget, sent_at=sent.get(contact_id, []), now=now)
        store.write_intents(intents, now=now, lease=LEASE)
    return intents


def _messages_for(
    deliveries: Sequence[DueDelivery], *, budget: Budget, sent_at: Sequence[datetime], now: datetime
) -> list[Intent]:
    """One message a page while the budget lasts; the first page about a service is never held back."""
    allowed = messages_allowed(budget, sent_at=sent_at, now=now)
    if len(deliveries) <= allowed:
        return [_single(delivery) for delivery in deliveries]
    first = [delivery for delivery in deliveries if delivery.first_of_group]
    rest = [delivery for delivery in deliveries if not delivery.first_of_group]
    messages = [_single(delivery) for delivery in first]
    allowed -= len(first)
    if not rest:
        return messages
    if allowed < 1:
        store.hold(rest, until=next_message_at(budget, allowed=allowed, now=now))
        return messages
    groups = _by_kind_of_subject(rest)
    leaving, later = groups[: int(allowed)], groups[int(allowed) :]
    spare = int(allowed) - len(leaving)
    for group in leaving:
        singles = group if len(group) <= spare + 1 else group[:spare]
        bundle = group[len(singles) :]
        messages += [_single(delivery) for delivery in singles]
        if bundle:
            messages.append(store.new_intent(contact_id=bundle[0].contact_id, kind=bundle[0].kind, deliveries=bundle))
        spare -= len(singles) - (0 if bundle else 1)
    if later:
        left = allowed - int(allowed)
        store.hold([one for group in later for one in group], until=next_message_at(budget, allowed=left, now=now))
    return messages


def _by_kind_of_subject(deliveries: Sequence[DueDelivery]) -> list[list[DueDelivery]]:
    """Never two kinds in one message. The kind that waits longest comes first, so that none waits for ever."""
    groups: dict[str, list[DueDelivery]] = defaultdict(list)
    for delivery in deliveries:
        groups[delivery.subject_kind].append(delivery)
    return sorted(groups.values(), key=lambda group: min(one.id for one in group))


def _single(delivery: DueDelivery) -> Intent:
    return store.new_intent(contact_id=delivery.contact_id, kind=delivery.kind, deliveries=[delivery])


def _expire(*, now: datetime) -> None:
    failed = store.expire_leases(now=now, expiries_max=EXPIRIES_MAX)
    if failed:
        store.bring_next_delivery_forward(failed, to=now)
        _close_unreached(failed, now=now)


def _drop_unusable(deliveries: Sequence[DueDelivery], *, now: datetime) -> None:
    """The contact was disabled or removed after the page was made: the next rule runs now."""
    if not deliveries:
        return
    error = "the contact cannot be used any more"
    Delivery.objects.filter(id__in=[one.id for one in deliveries]).update(
        state=DeliveryState.FAILED, finished_at=now, error=error
    )
    pages = [one.page_id for one in deliveries]
    record([_entry(one, "page.failed", error=error, again=False) for one in deliveries], actor=ENGINE, now=now)
    store.bring_next_delivery_forward(pages, to=now)
    _close_unreached(pages, now=now)


def record_outcomes(results: Sequence[tuple[Intent, Result]], *, now: datetime) -> None:
    """What the providers answered. A failure hands over to the next rule; when none is left, to the next level."""
    with transaction.atomic():
        outcomes = [_outcome(intent, answer, now=now) for intent, answer in results]
        states = store.write_outcomes(outcomes, now=now)
        records: list[Record] = []
        failing: list[UUID] = []
        for outcome, (intent, answer) in zip(outcomes, results, strict=True):
            if intent.deliveries[0].id not in states:
                log.warning("page.outcome.fenced", attempt_id=str(intent.attempt_id))
                continue
            records += _records(intent, answer, states)
            if not isinstance(answer, Delivered | CalledOff):
                failing += _pages_to_hurry(intent, outcome)
            _rest_dead_contact(intent, answer, now=now)
        record(records, actor=ENGINE, now=now)
        if failing:
            store.bring_next_delivery_forward(failing, to=now)
        _close_unreached([one.page_id for intent, _ in results for one in intent.deliveries], now=now)
        failpoint("sender.before_record_commit")
    failpoint("sender.after_record_commit")


def _outcome(intent: Intent, answer: Result, *, now: datetime) -> store.FinishedAttempt:
    if isinstance(answer, CalledOff):
        # Where somebody waits after all it is queued again; the others are cancelled with their pages.
        return store.FinishedAttempt(
            intent=intent,
            attempt_state=AttemptState.CANCELLED,
            delivery_state=DeliveryState.QUEUED,
            reference="",
            error=answer.reason,
            retry_at=now,
        )
    if isinstance(answer, Delivered):
        return store.FinishedAttempt(
            intent=intent,
            attempt_state=AttemptState.DELIVERED,
            delivery_state=DeliveryState.SENT,
            reference=answer.reference,
            error="",
            retry_at=None,
        )
    tries = max(one.tries - one.expiries for one in intent.deliveries) + 1
    again = isinstance(answer, RetryLater) and tries < TRIES_MAX
    wait = retry_after(tries=tries, asked=answer.after if isinstance(answer, RetryLater) else None)
    return store.FinishedAttempt(
        intent=intent,
        attempt_state=AttemptState.RETRY if again else AttemptState.REFUSED,
        delivery_state=DeliveryState.QUEUED if again else DeliveryState.FAILED,
        reference="",
        error=answer.reason,
        retry_at=now + wait if again else None,
    )


def _pages_to_hurry(intent: Intent, outcome: store.FinishedAttempt) -> list[UUID]:
    """A first hiccup is retried; from the second on the next rule does not wait for its time."""
    return [
        one.page_id for one in intent.deliveries if outcome.delivery_state == DeliveryState.FAILED or one.tries >= 1
    ]


def _records(intent: Intent, answer: Result, states: Mapping[UUID, str]) -> list[Record]:
    """`states`: of the deliveries afterwards, because only what waits again is tried again."""
    details: dict[str, Any] = {"attempt_id": str(intent.attempt_id)}
    if len(intent.deliveries) > 1:
        details["bundled_with"] = len(intent.deliveries) - 1
    if isinstance(answer, Delivered):
        return [_entry(one, "page.sent", **details) for one in intent.deliveries]
    if isinstance(answer, CalledOff):
        gone = [one for one in intent.deliveries if states.get(one.id) == DeliveryState.CANCELLED]
        return [_entry(one, "page.cancelled", why=answer.reason, **details) for one in gone]
    details["error"] = answer.reason
    return [
        _entry(one, "page.failed", again=states.get(one.id) == DeliveryState.QUEUED, **details)
        for one in intent.deliveries
    ]


def _rest_dead_contact(intent: Intent, answer: Result, *, now: datetime) -> None:
    if not isinstance(answer, Refused) or not answer.address_is_dead:
        return
    contact = ContactMethod.objects.filter(id=intent.contact_id, disabled_at=None)
    if contact.update(disabled_at=now, disabled_reason=answer.reason[:300]):
        row = ContactMethod.objects.select_related("user").get(id=intent.contact_id)
        record(
            [
                Record(
                    action="contact.disabled",
                    subject_kind="contact",
                    subject_id=row.id,
                    subject_label=f"{row.user.email} {row.name}",
                    details={"why": answer.reason},
                )
            ],
            actor=ENGINE,
            now=now,
        )


def _close_unreached(page_ids: Sequence[UUID], *, now: datetime) -> None:
    """Somebody could not be told: what drives the alert decides at once how it goes on."""
    runs = store.close_unreached_pages(page_ids, now=now)
    if runs:
        log.error("page.reached_nobody", count=len(runs))
        set_timers(NewTimer(kind=UNREACHED, subject_id=run_id, due_at=now) for run_id in sorted(set(runs)))


def _entry(delivery: DueDelivery, action: str, **details: Any) -> Record:
    return Record(
        action=action,
        subject_kind=delivery.subject_kind,
        subject_id=delivery.subject_id,
        subject_label="",
        details={
            "page_id": str(delivery.page_id),
            "people": [{"id": str(delivery.user_id), "name": delivery.person}],
            "contact": delivery.contact,
            "kind": delivery.kind,
            **details,
        },
    )
