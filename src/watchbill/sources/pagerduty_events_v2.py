"""PagerDuty Events API v2, alert events. The routing key is the door's to check; everything else is read here."""

from typing import Any

from watchbill.domain.alerts.contract import DEDUP_KEY_MAX, Action, PayloadRefused, Signal
from watchbill.sources import reading

kind = "pagerduty-events-v2"
label = "PagerDuty Events API v2"
many_keys = False

INVALID = "Event object is invalid"
_ACTIONS = {"trigger": Action.TRIGGER, "acknowledge": Action.ACKNOWLEDGE, "resolve": Action.RESOLVE}
_KNOWN = frozenset({"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"})


def parse(payload: Any) -> list[Signal]:
    """PayloadRefused carries one sentence per wrong field, in the words PagerDuty's clients print."""
    if not isinstance(payload, dict):
        raise PayloadRefused("Event object format is unrecognized", ["The event must be a JSON object"])
    errors: list[str] = []
    action = _action(payload.get("event_action"), errors)
    dedup_key = _dedup_key(payload.get("dedup_key"), action, errors)
    body = payload.get("payload")
    if action is Action.TRIGGER:
        _require(body, errors)
    if errors or action is None:
        raise PayloadRefused(INVALID, errors)
    return [_signal(payload, body if isinstance(body, dict) else {}, action=action, dedup_key=dedup_key)]


def _action(value: Any, errors: list[str]) -> Action | None:
    if not value:
        errors.append("'event_action' is missing or blank")
        return None
    action = _ACTIONS.get(value.strip().lower()) if isinstance(value, str) else None
    if action is None:
        errors.append("'event_action' is invalid (must be one of: trigger, acknowledge, resolve)")
    return action


def _dedup_key(value: Any, action: Action | None, errors: list[str]) -> str:
    key = reading.text(value, DEDUP_KEY_MAX + 1)
    if len(key) > DEDUP_KEY_MAX:
        errors.append(f"Length of 'dedup_key' is incorrect (should be at most {DEDUP_KEY_MAX} characters)")
    if not key and action in (Action.ACKNOWLEDGE, Action.RESOLVE):
        errors.append("'dedup_key' is missing or blank")
    return key


def _require(body: Any, errors: list[str]) -> None:
    if not isinstance(body, dict) or not body:
        errors.append("'payload' is missing or blank")
        return
    for name in ("summary", "source", "severity"):
        value = body.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            errors.append(f"'payload.{name}' is missing or blank")


def _signal(payload: dict[str, Any], body: dict[str, Any], *, action: Action, dedup_key: str) -> Signal:
    occurred_at = reading.instant(body["timestamp"]) if body.get("timestamp") else None
    links = payload.get("links")
    return Signal(
        action=action,
        dedup_key=dedup_key,
        summary=reading.text(body.get("summary")) or dedup_key,
        severity=reading.severity(body.get("severity")),
        source=reading.text(body.get("source"), reading.SOURCE_MAX),
        details=_details(payload, body),
        links=_links(links) if links else (),
        occurred_at=occurred_at,
    )


def _details(payload: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Fields that PagerDuty does not know are kept beside its own."""
    details = {name: body[name] for name in ("component", "group", "class", "custom_details") if body.get(name)}
    for name in ("client", "client_url", "images"):
        if payload.get(name):
            details[name] = payload[name]
    if not body.keys() <= _KNOWN:
        details["other"] = {name: value for name, value in body.items() if name not in _KNOWN}
    return details


def _links(value: Any) -> tuple[Any, ...]:
    items = value if isinstance(value, list) else [value]
    return reading.links(
        *((item.get("href"), item.get("text")) if isinstance(item, dict) else (item, "") for item in items)
    )
