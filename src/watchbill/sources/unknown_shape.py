"""What to make of a payload nobody knows: an alert that shows it. Never nothing."""

from typing import Any

from watchbill.domain.alerts.contract import Action, Signal
from watchbill.sources import reading

_TITLES = ("summary", "title", "subject", "message", "text", "name", "description", "alertname", "event", "status")


def signal_of_unknown(payload: Any, *, sender: str) -> Signal:
    """Without a key, so that it can neither merge with nor close another alert."""
    return Signal(
        action=Action.TRIGGER,
        dedup_key="",
        summary=_title(payload) or f"{sender} sent an event of an unknown shape",
        severity="error",
        source=sender,
        details={"unknown_shape": payload},
    )


def _title(payload: Any) -> str:
    if isinstance(payload, str):
        return reading.text(payload).strip()
    if not isinstance(payload, dict):
        return ""
    found = (payload.get(name) for name in _TITLES)
    return next((value.strip()[:1024] for value in found if isinstance(value, str) and value.strip()), "")
