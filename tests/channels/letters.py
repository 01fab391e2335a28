"""Messages and clients for the channel tests."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from watchbill.domain.paging.contract import AlertLine, Message, Note
from watchbill.ground.http_client import HttpClient
from watchbill.ground.network_guard import parse_networks

T = TypeVar("T")
NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
HERE = parse_networks("127.0.0.0/8")

ALERT = AlertLine(
    alert_id=UUID("018f2a00-0000-7000-8000-000000000001"),
    number=17,
    title="Checkout answers slowly",
    service="checkout",
    severity="critical",
    urgency="high",
    dedup_key="checkout/latency",
    opened_at=NOW - timedelta(seconds=2),
    open_url="https://watchbill.example.org/alerts/17",
)
MESSAGE = Message(
    attempt_id=UUID("018f2a00-0000-7000-8000-0000000000aa"),
    address="",
    secret=None,
    recipient_name="First Responder",
    time_zone="Europe/Berlin",
    alerts=(ALERT,),
    reason="on call in payments-primary, level 1 of policy payments",
    acknowledge_url="https://watchbill.example.org/a/abc",
    open_url="https://watchbill.example.org/alerts/17",
    composed_at=NOW,
    thread_key="alert:018f2a00",
)
TEST_NOTE = Note(kind="test", title="Test page from Watchbill", text="Nothing is wrong.", urgent=True)


def message(**changes: Any) -> Message:
    return replace(MESSAGE, **changes)


def bundle(count: int, **changes: Any) -> Message:
    alerts = tuple(
        replace(ALERT, alert_id=UUID(int=number), number=number, dedup_key=f"key-{number}")
        for number in range(1, count + 1)
    )
    return message(alerts=alerts, **changes)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def client(**settings: Any) -> HttpClient:
    return HttpClient(**{"allowed_networks": HERE} | settings)
