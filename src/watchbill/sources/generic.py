"""Generic JSON: `summary` is required; dedup_key, status, severity, source, details, links are optional."""

from typing import Any

from watchbill.domain.alerts.contract import DEDUP_KEY_MAX, Action, PayloadRefused, Signal
from watchbill.sources import reading

kind = "generic"
label = "Generic JSON"
many_keys = False

_STATUSES = {
    **dict.fromkeys(("", "firing", "triggered", "trigger", "open", "opened", "problem", "down", "alerting"), "trigger"),
    **dict.fromkeys(("acknowledged", "acknowledge", "ack"), "acknowledge"),
    **dict.fromkeys(("resolved", "resolve", "ok", "closed", "close", "recovered", "recovery", "up"), "resolve"),
}
_KNOWN = frozenset({"summary", "dedup_key", "status", "severity", "source", "details", "links", "occurred_at"})


def parse(payload: Any) -> list[Signal]:
    if not isinstance(payload, dict):
        raise PayloadRefused("The event is not a JSON object.", ['Send an object such as {"summary": "Disk full"}.'])
    errors: list[str] = []
    dedup_key = reading.text(payload.get("dedup_key"), DEDUP_KEY_MAX + 1)
    action = _action(payload.get("status"), errors)
    summary = reading.text(payload.get("summary")).strip()
    if not summary and action is Action.TRIGGER:
        errors.append("`summary` is missing or blank. Say in one line what is wrong.")
    if len(dedup_key) > DEDUP_KEY_MAX:
        errors.append(f"`dedup_key` is longer than {DEDUP_KEY_MAX} characters. Send a shorter one.")
    if action is not Action.TRIGGER and not dedup_key:
        errors.append("`dedup_key` is missing. Send the key of the alert that this status is about.")
    if errors:
        raise PayloadRefused("The event cannot be accepted.", errors)
    return [
        Signal(
            action=action,
            dedup_key=dedup_key,
            summary=summary or dedup_key,
            severity=reading.severity(payload.get("severity")),
            source=reading.text(payload.get("source"), reading.SOURCE_MAX),
            details=_details(payload),
            links=_links(payload.get("links")),
            occurred_at=reading.instant(payload.get("occurred_at")),
        )
    ]


def _action(value: Any, errors: list[str]) -> Action:
    """An unknown status opens an alert; only a status that is no word at all is refused."""
    if isinstance(value, dict | list):
        errors.append("`status` is not text. Send firing, acknowledged or resolved, or leave it out.")
    return Action(_STATUSES.get(reading.text(value, 40).strip().lower(), "trigger"))


def _details(payload: dict[str, Any]) -> dict[str, Any]:
    """Other fields of the event are kept under `other`."""
    other = {name: value for name, value in payload.items() if name not in _KNOWN}
    details = payload.get("details")
    made = dict(details) if isinstance(details, dict) else reading.present([("details", details)])
    return {**made, "other": other} if other else made


def _links(value: Any) -> tuple[Any, ...]:
    items = value if isinstance(value, list) else [value]
    return reading.links(
        *(
            (item.get("href") or item.get("url"), item.get("text")) if isinstance(item, dict) else (item, "")
            for item in items
        )
    )
