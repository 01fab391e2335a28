"""Everything that may be late without hurting anyone. Each is safe to run twice, and at any time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet

from watchbill.domain.access.models import SetupLink, SignInFailure
from watchbill.domain.alerts.models import IdempotencyKey
from watchbill.domain.alerts.partitions import EVENTS
from watchbill.domain.audit.partitions import ENTRIES
from watchbill.domain.bridges import actions as bridge_actions
from watchbill.domain.communications import publishing
from watchbill.domain.event_hooks import actions as hook_actions
from watchbill.domain.event_hooks.models import EventDelivery
from watchbill.domain.paging.models import ContactMessage
from watchbill.domain.status_page import subscriber_actions
from watchbill.domain.status_page.models import Notice, Subscriber
from watchbill.domain.status_page.page_actions import write_again
from watchbill.domain.warrooms import actions as warroom_actions
from watchbill.domain.warrooms import inbox_actions
from watchbill.domain.warrooms.models import ChatRequest

log = structlog.get_logger()

_MONTHS_AHEAD = 3
_IDEMPOTENCY_KEPT = timedelta(hours=24)
_SIGN_IN_FAILURES_KEPT = timedelta(days=1)
# From the day on which they could no longer be used.
_SETUP_LINKS_KEPT = timedelta(days=30)
_CONTACT_MESSAGES_KEPT = timedelta(days=30)
_CHAT_REQUESTS_KEPT = timedelta(days=7)
_SET_ASIDE_KEPT = timedelta(days=90)
_UNCONFIRMED_KEPT = timedelta(days=7)
_LEFT_KEPT = timedelta(days=7)
_NOTICES_KEPT = timedelta(days=90)
_EVENT_DELIVERIES_KEPT = timedelta(days=90)
_ROWS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    events: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """`cron` is in UTC."""

    name: str
    cron: str
    run: Callable[[datetime, Retention], None]


def prepare_partitions(*, now: datetime) -> None:
    for name in EVENTS.make_ahead(now, months=_MONTHS_AHEAD) + ENTRIES.make_ahead(now, months=_MONTHS_AHEAD):
        log.info("chore.partition.made", partition=name)


def make_partitions(now: datetime, _retention: Retention) -> None:
    prepare_partitions(now=now)


def remove_old_events(now: datetime, retention: Retention) -> None:
    """By whole months. What says that an alert is open is the alert itself, which is never removed here."""
    for name in EVENTS.drop_before(now - retention.events):
        log.info("chore.events.removed", partition=name)


def remove_idempotency_keys(now: datetime, _retention: Retention) -> None:
    _delete(IdempotencyKey.objects.filter(created_at__lt=now - _IDEMPOTENCY_KEPT))


def remove_ended_sessions(now: datetime, _retention: Retention) -> None:
    _delete(Session.objects.filter(expire_date__lt=now))


def remove_sign_in_failures(now: datetime, _retention: Retention) -> None:
    _delete(SignInFailure.objects.filter(at__lt=now - _SIGN_IN_FAILURES_KEPT))


def remove_dead_setup_links(now: datetime, _retention: Retention) -> None:
    _delete(SetupLink.objects.filter(expires_at__lt=now - _SETUP_LINKS_KEPT))


def remove_contact_messages(now: datetime, _retention: Retention) -> None:
    """Codes, test pages and notices; what happened to them stays in the audit record."""
    _delete(ContactMessage.objects.filter(asked_at__lt=now - _CONTACT_MESSAGES_KEPT))


def remove_chat_requests(now: datetime, _retention: Retention) -> None:
    """What was asked for in chat tools and is done with; nobody repeats it after so long. What was set aside is kept
    until somebody could look at it, and what nobody handled until somebody does."""
    handled = ChatRequest.objects.exclude(answered_at=None).filter(at__lt=now - _CHAT_REQUESTS_KEPT)
    _delete(handled.filter(set_aside_at=None))
    _delete(handled.filter(set_aside_at__lt=now - _SET_ASIDE_KEPT))


def look_again_at_what_waits(now: datetime, _retention: Retention) -> None:
    """What waits for an errand has one. Asking for one that is there costs nothing, and for one that is not there,
    because its tool was not set up for a while or by whatever defect, nobody else would ask.
    """
    for room in (warroom_actions, inbox_actions, publishing, hook_actions, subscriber_actions, bridge_actions):
        room.look_again(now=now)


def write_status_page(now: datetime, _retention: Retention) -> None:
    """Hours go on even when nobody publishes: the day's end, the end of maintenance that was shortened."""
    write_again(now=now)


def remove_subscribers(now: datetime, _retention: Retention) -> None:
    """Who never confirmed, and who left: their addresses are not ours to keep. Then what was sent long ago."""
    never = Subscriber.objects.filter(confirmed_at=None, asked_at__lt=now - _UNCONFIRMED_KEPT)
    _delete(Notice.objects.filter(subscriber__in=never))
    _delete(never)
    gone = Subscriber.objects.filter(ended_at__lt=now - _LEFT_KEPT)
    _delete(Notice.objects.filter(subscriber__in=gone))
    _delete(gone)
    _delete(Notice.objects.filter(settled_at__lt=now - _NOTICES_KEPT))


def remove_event_deliveries(now: datetime, _retention: Retention) -> None:
    """Well after the time for which entries are still looked at, so that none is sent again."""
    _delete(EventDelivery.objects.filter(settled_at__lt=now - _EVENT_DELIVERIES_KEPT))


def _delete(rows: QuerySet[Model]) -> None:
    """In small bites, so that no lock is held for long."""
    while True:
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:_ROWS_AT_ONCE])
        if not keys:
            return
        rows.model._base_manager.filter(pk__in=keys).delete()


CHORES: tuple[Chore, ...] = (
    Chore(name="partitions", cron="5 * * * *", run=make_partitions),
    Chore(name="events-retention", cron="40 3 * * *", run=remove_old_events),
    Chore(name="idempotency-keys", cron="15 * * * *", run=remove_idempotency_keys),
    Chore(name="sessions", cron="25 * * * *", run=remove_ended_sessions),
    Chore(name="sign-in-failures", cron="35 * * * *", run=remove_sign_in_failures),
    Chore(name="contact-messages", cron="50 4 * * *", run=remove_contact_messages),
    Chore(name="status-page", cron="*/5 * * * *", run=write_status_page),
    Chore(name="subscribers", cron="55 4 * * *", run=remove_subscribers),
    Chore(name="event-deliveries", cron="55 4 * * *", run=remove_event_deliveries),
    Chore(name="setup-links", cron="45 4 * * *", run=remove_dead_setup_links),
    Chore(name="waiting-work", cron="20 * * * *", run=look_again_at_what_waits),
    Chore(name="chat-requests", cron="55 4 * * *", run=remove_chat_requests),
)
