"""Tells the demo phones which alerts somebody has or are over: a real phone stops ringing by its app, these by this."""

import contextlib
import threading
from collections.abc import Iterator

import httpx
from django.db import DatabaseError, connection

from watchbill.domain.alerts.models import Alert, AlertState

_EVERY_SECONDS = 0.5
_ALERTS_MAX = 200


def answered() -> dict[str, str]:
    """Words by alert id, of the newest ones."""
    rows = Alert.objects.exclude(state=AlertState.TRIGGERED).order_by("-opened_at")[:_ALERTS_MAX]
    return {str(row.id): _words(row) for row in rows}


def _words(row: Alert) -> str:
    if row.state == AlertState.RESOLVED:
        return f"Resolved by {row.resolved_by}"
    return f"{row.acknowledged_by} has it"


@contextlib.contextmanager
def phones_told(phones: str) -> Iterator[None]:
    """While inside, in a thread of its own."""
    ended = threading.Event()
    thread = threading.Thread(target=_tell, args=(phones, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _tell(phones: str, ended: threading.Event) -> None:
    told: dict[str, str] = {}
    with httpx.Client(timeout=5) as client:
        while not ended.wait(_EVERY_SECONDS):
            # Product and phones stop and start as they like; what could not be told is told the next time.
            with contextlib.suppress(DatabaseError, httpx.HTTPError):
                now = answered()
                if now != told:
                    client.post(f"{phones}/answered", json=now).raise_for_status()
                    told = now
    connection.close()
