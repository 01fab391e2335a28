"""From a claimed attempt to the message a channel sends: what the alert is now, not what it was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.access.models import User
from watchbill.domain.alerts.models import Alert
from watchbill.domain.paging.contact_message_sending import ContactMessageIntent
from watchbill.domain.paging.contract import AlertLine, Message, Note
from watchbill.domain.paging.links import AcknowledgeLink, make_token
from watchbill.domain.paging.models import ContactMessageKind
from watchbill.domain.paging.store import Intent
from watchbill.domain.people.rules import CONTACT_SECRET_PURPOSE
from watchbill.ground.secrets import unseal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What a message needs to know of where it comes from."""

    base_url: str
    secret_key: str


def compose(intents: Sequence[Intent], *, instance: Instance, now: datetime) -> list[tuple[Intent, Message]]:
    alerts = _alerts({one.subject_id for intent in intents for one in intent.deliveries})
    people = User.objects.in_bulk({intent.deliveries[0].user_id for intent in intents})
    return [
        (
            intent,
            _message(intent, alerts=alerts, person=people[intent.deliveries[0].user_id], instance=instance, now=now),
        )
        for intent in intents
    ]


def _alerts(ids: Iterable[UUID]) -> dict[UUID, Alert]:
    found = Alert.objects.filter(id__in=list(ids)).select_related("service").defer("details", "links")
    return {alert.id: alert for alert in found}


def _message(intent: Intent, *, alerts: dict[UUID, Alert], person: User, instance: Instance, now: datetime) -> Message:
    first = intent.deliveries[0]
    lines = tuple(
        _line(alerts[subject_id], instance.base_url)
        for subject_id in dict.fromkeys(one.subject_id for one in intent.deliveries)
    )
    link = AcknowledgeLink(attempt_id=intent.attempt_id, user_id=person.id)
    token = make_token(link, secret_key=instance.secret_key, now=now)
    bundle = len(lines) > 1
    return Message(
        attempt_id=intent.attempt_id,
        address=first.address,
        secret=unseal(first.sealed_secret, secret_key=instance.secret_key, purpose=CONTACT_SECRET_PURPOSE)
        if first.sealed_secret
        else None,
        recipient_name=person.name,
        time_zone=person.time_zone,
        alerts=lines,
        reason=f"{len(lines)} alerts; the first: {first.reason}" if bundle else first.reason,
        acknowledge_url=f"{instance.base_url}/a/{token}",
        open_url=f"{instance.base_url}/alerts" if bundle else lines[0].open_url,
        composed_at=now,
        thread_key=str(intent.attempt_id if bundle else first.subject_id),
    )


def _line(alert: Alert, base_url: str) -> AlertLine:
    return AlertLine(
        alert_id=alert.id,
        number=alert.number,
        title=alert.summary,
        service=alert.service.name,
        severity=alert.severity,
        urgency=alert.urgency,
        dedup_key=alert.dedup_key,
        opened_at=alert.opened_at,
        open_url=f"{base_url}/alerts/{alert.id}",
    )


def compose_note(intent: ContactMessageIntent, *, instance: Instance, now: datetime) -> Message:
    person = User.objects.get(id=intent.user_id)
    return Message(
        attempt_id=intent.attempt_id,
        address=intent.address,
        secret=unseal(intent.sealed_secret, secret_key=instance.secret_key, purpose=CONTACT_SECRET_PURPOSE)
        if intent.sealed_secret
        else None,
        recipient_name=person.name,
        time_zone=person.time_zone,
        alerts=(),
        reason="",
        acknowledge_url="",
        open_url=f"{instance.base_url}/me",
        composed_at=now,
        thread_key=str(intent.message_id),
        note=_note(intent),
    )


def _note(intent: ContactMessageIntent) -> Note:
    if intent.message_kind == ContactMessageKind.CODE:
        return Note(
            kind="code",
            title=f"{intent.code} is your Watchbill code",
            text=f"Enter {intent.code} on the page Me to confirm this contact. It holds for ten minutes. "
            "If you did not ask for it, do nothing and tell nobody the code.",
        )
    if intent.message_kind == ContactMessageKind.TEST:
        return Note(
            kind="test",
            title="Test page from Watchbill",
            text="This is how a page reaches you. Nothing is wrong, and nothing has to be done.",
            urgent=True,
        )
    return Note(kind="notice", title="How Watchbill reaches you was changed", text=intent.text)
