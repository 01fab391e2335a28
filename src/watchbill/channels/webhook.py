"""Pages as signed JSON to an address of the person's choice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from watchbill.channels.http_outcome import outcome_of
from watchbill.domain.paging.contract import (
    AddressError,
    AlertLine,
    Budget,
    Family,
    Message,
    Outcome,
    Refused,
    RetryLater,
)
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused, parse_target
from watchbill.ground.signature import HEADER, signature
from watchbill.ground.text import well_formed

_ADDRESS_CHARACTERS_MAX = 2048


class WebhookChannel:
    kind = "webhook"
    label = "Webhook"
    address_help = "the web address of a receiver"
    family = Family.WEBHOOK
    is_signed = True
    setting = ""
    is_set_up = True
    budget = Budget(messages=10, per=timedelta(seconds=1), burst=20, alerts_max=1000)
    timeout = timedelta(seconds=10)

    def __init__(self, *, http: HttpClient) -> None:
        self._http = http

    def check_address(self, address: str) -> str:
        address = address.strip()
        if len(address) > _ADDRESS_CHARACTERS_MAX:
            raise AddressError(f"address: a URL may have at most {_ADDRESS_CHARACTERS_MAX} characters")
        try:
            parse_target(address)
        except OutboundRefused as error:
            raise AddressError(f"address: {error}") from None
        return address

    async def send(self, message: Message, *, now: datetime) -> Outcome:
        """`secret` may hold two secrets with a blank between them while one replaces the other."""
        body = orjson.dumps(payload(message, alerts_max=self.budget.alerts_max, now=now))
        headers = {
            "Content-Type": "application/json",
            "X-Watchbill-Delivery": str(message.attempt_id),
        }
        if secrets := (message.secret or "").split():
            headers[HEADER] = signature(body, secrets=secrets, now=now)
        try:
            answer = await self._http.request(
                "POST", message.address, content=body, headers=headers, total_timeout=self.timeout
            )
        except OutboundRefused as error:
            return Refused(str(error))
        except OutboundFailed as error:
            return RetryLater(str(error))
        return outcome_of(answer, reference=f"HTTP {answer.status}", now=now)


def payload(message: Message, *, alerts_max: int, now: datetime) -> dict[str, Any]:
    """The published shape: fields are added, never renamed. `count` is exact even if fewer alerts are listed."""
    shown = {
        "type": message.note.kind if message.note else "page",
        "id": str(message.attempt_id),
        "sent_at": _instant(now),
        "recipient": {"name": well_formed(message.recipient_name), "time_zone": message.time_zone},
        "reason": well_formed(message.reason),
        "acknowledge_url": message.acknowledge_url,
        "url": message.open_url,
        "thread": well_formed(message.thread_key),
        "alerts": [_alert(alert) for alert in message.alerts[:alerts_max]],
        "count": len(message.alerts),
    }
    if message.note is not None:
        shown |= {"title": well_formed(message.note.title), "text": well_formed(message.note.text)}
    return shown


def _alert(alert: AlertLine) -> dict[str, Any]:
    return {
        "kind": alert.kind,
        "id": str(alert.alert_id),
        "number": alert.number,
        "title": well_formed(alert.title),
        "service": well_formed(alert.service),
        "severity": well_formed(alert.severity),
        "urgency": alert.urgency,
        "dedup_key": well_formed(alert.dedup_key),
        "opened_at": _instant(alert.opened_at),
        "url": alert.open_url,
    }


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
