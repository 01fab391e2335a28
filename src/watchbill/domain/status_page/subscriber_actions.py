"""Who wants to be told. Nobody is before the address has answered, nobody after it asked to be left alone.

None of their addresses is written into the audit trail: strangers do not belong into a record that is never changed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.errands.actions import ask
from watchbill.domain.people.rules import clean_email
from watchbill.domain.services.rules import check_url
from watchbill.domain.status_page.models import (
    Component,
    Notice,
    NoticeState,
    PublicMaintenance,
    PublicUpdate,
    Subscriber,
    SubscriberKind,
)
from watchbill.domain.status_page.page_actions import locked_page, tell
from watchbill.ground import secrets
from watchbill.ground.refusals import ChangeRefused, Unknown

# The errand that sends what waits for one subscriber.
TELL = "status_page.tell"
SECRET_PURPOSE = "status-page.subscriber"
_QUESTIONS_MAX, _QUESTIONS_PER = 3, timedelta(hours=24)


@transaction.atomic
def subscribe_email(address: str, *, component_ids: Sequence[UUID] = (), now: datetime) -> None:
    """Asks the address by mail. What is said here is the same for every address, subscribed or not."""
    address = clean_email(address, field="address")
    wanted = _wanted(component_ids)
    _ask(_row(SubscriberKind.EMAIL, address, wanted, now=now), now=now)


@transaction.atomic
def subscribe_webhook(url: str, *, component_ids: Sequence[UUID] = (), secret_key: str, now: datetime) -> str:
    """The secret that signs what is sent there, to be shown once. The address must answer a challenge first.

    While a challenge is on its way, the secret of whoever asked first counts: who asks meanwhile for the same address
    may be somebody else, and is shown one that signs nothing.
    """
    url = check_url(url, field="address")
    if not url.startswith("https://"):
        raise ChangeRefused("address", "must begin with https://, so that nobody reads on the way")
    secret = secrets.new_token("whs")
    row = _row(SubscriberKind.WEBHOOK, url, _wanted(component_ids), now=now)
    if row.confirmed_at is None:
        if not (row.sealed_secret and _is_being_asked(row)):
            row.sealed_secret = secrets.seal(secret, secret_key=secret_key, purpose=SECRET_PURPOSE)
            row.save(update_fields=["sealed_secret"])
        _ask(row, now=now)
    return secret


@transaction.atomic
def confirm(subscriber_id: UUID, *, now: datetime) -> bool:
    """False when it is gone. Doing it twice is harmless."""
    row = Subscriber.objects.select_for_update().filter(id=subscriber_id, ended_at=None).first()
    if row is None:
        return False
    row.components, row.confirmed_at = row.wanted, row.confirmed_at or now
    row.save(update_fields=["components", "confirmed_at"])
    return True


@transaction.atomic
def leave(subscriber_id: UUID, *, now: datetime, why: str = "asked to be left alone") -> None:
    """Nothing more is sent, what waits is not sent either."""
    Subscriber.objects.filter(id=subscriber_id, ended_at=None).update(ended_at=now, ended_why=why[:300])
    waiting = Notice.objects.filter(subscriber_id=subscriber_id, state=NoticeState.QUEUED)
    waiting.update(state=NoticeState.REFUSED, settled_at=now, error="no longer subscribed")


@transaction.atomic
def remove_subscriber(subscriber_id: UUID, *, actor: Actor, now: datetime) -> None:
    """What an admin does for somebody who asks. The record names no address."""
    page = locked_page(now=now)
    row = Subscriber.objects.filter(id=subscriber_id, ended_at=None).first()
    if row is None:
        raise Unknown("id", "there is no such subscriber; it may have left")
    leave(row.id, now=now, why="removed by an admin")
    tell(page, "status_page.subscriber_removed", f"{row.kind} {row.id}", {}, actor=actor, now=now)


def look_again(*, now: datetime) -> None:
    """At every subscriber for whom something waits."""
    waiting = Notice.objects.filter(state__in=(NoticeState.QUEUED, NoticeState.SENDING)).order_by("subscriber_id")
    ask(TELL, waiting.values_list("subscriber_id", flat=True).distinct(), due_at=now)


def tell_of_update(update: PublicUpdate, *, now: datetime) -> None:
    named = set(update.public_incident.states)
    _tell([Notice(subscriber_id=one, update=update, asked_at=now) for one in _listeners(named)], now=now)


def tell_of_maintenance(maintenance: PublicMaintenance, *, now: datetime) -> None:
    named = {str(one.id) for one in maintenance.components.all()}
    _tell([Notice(subscriber_id=one, maintenance=maintenance, asked_at=now) for one in _listeners(named)], now=now)


def _tell(notices: list[Notice], *, now: datetime) -> None:
    Notice.objects.bulk_create(notices, batch_size=1000)
    ask(TELL, [one.subscriber_id for one in notices], due_at=now)


def _listeners(named: set[str]) -> list[UUID]:
    rows = Subscriber.objects.filter(ended_at=None).exclude(confirmed_at=None).values_list("id", "components")
    return [key for key, components in rows if not components or named & set(components)]


def _wanted(component_ids: Sequence[UUID]) -> list[str]:
    shown = Component.objects.filter(id__in=list(component_ids), removed_at=None, shown=True)
    if shown.count() != len(set(component_ids)):
        raise ChangeRefused("components", "one of them is not on the page any more; choose again")
    return sorted(str(one) for one in component_ids)


def _row(kind: SubscriberKind, address: str, wanted: list[str], *, now: datetime) -> Subscriber:
    row, _ = Subscriber.objects.get_or_create(kind=kind, address=address, ended_at=None, defaults={"asked_at": now})
    row.wanted = wanted
    row.save(update_fields=["wanted"])
    return row


def _is_being_asked(row: Subscriber) -> bool:
    waiting = Notice.objects.filter(subscriber=row, update=None, maintenance=None)
    return waiting.filter(state__in=[NoticeState.QUEUED, NoticeState.SENDING]).exists()


def _ask(row: Subscriber, *, now: datetime) -> None:
    """A few times a day at most: nobody may fill a stranger's mailbox."""
    lately = Notice.objects.filter(subscriber=row, update=None, maintenance=None, asked_at__gt=now - _QUESTIONS_PER)
    if lately.count() < _QUESTIONS_MAX:
        Notice.objects.create(subscriber=row, asked_at=now)
        ask(TELL, [row.id], due_at=now)
