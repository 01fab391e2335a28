"""PagerDuty Events API v2, change events: something was deployed. Kept, never a page."""

from dataclasses import dataclass
from typing import Any

from watchbill.domain.alerts.contract import PayloadRefused
from watchbill.sources import reading
from watchbill.sources.pagerduty_events_v2 import INVALID


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    summary: str


def parse_change(payload: Any) -> Change:
    if not isinstance(payload, dict):
        raise PayloadRefused("Event object format is unrecognized", ["The event must be a JSON object"])
    body = payload.get("payload")
    if not isinstance(body, dict) or not body:
        raise PayloadRefused(INVALID, ["'payload' is missing or blank"])
    summary = reading.text(body.get("summary"))
    if not summary.strip():
        raise PayloadRefused(INVALID, ["'payload.summary' is missing or blank"])
    return Change(summary=summary)
