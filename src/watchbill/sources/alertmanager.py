"""Alertmanager's webhook, version 4: one signal per alert, by fingerprint, at most so many."""

import hashlib
from typing import Any

import orjson

from watchbill.domain.alerts.contract import DEDUP_KEY_MAX, SIGNALS_MAX, Action, PayloadRefused, Signal
from watchbill.sources import reading
from watchbill.sources.unknown_shape import signal_of_unknown

kind = "alertmanager"
label = "Alertmanager webhook"
many_keys = True


def parse(payload: Any) -> list[Signal]:
    """A notification without alerts, or of a shape that is not known, becomes one signal of its own."""
    alerts = payload.get("alerts") if isinstance(payload, dict) else None
    if not isinstance(alerts, list) or not any(isinstance(alert, dict) and alert for alert in alerts):
        if not payload:
            raise PayloadRefused(
                "The notification is empty.", ["`alerts` is missing. Send Alertmanager's webhook as it is."]
            )
        return [signal_of_unknown(payload, sender="Alertmanager")]
    known = [alert for alert in alerts if isinstance(alert, dict) and alert]
    unknown = [alert for alert in alerts if not isinstance(alert, dict) or not alert]
    return [
        *(_signal(alert, payload) for alert in known[:SIGNALS_MAX]),
        *(_not_read(payload, len(known)) if len(known) > SIGNALS_MAX else ()),
        # Together: whoever sends garbage in a loop shall not open an alert for each piece of it.
        *([signal_of_unknown(unknown, sender="Alertmanager")] if unknown else ()),
    ]


def _not_read(group: dict[str, Any], sent: int) -> list[Signal]:
    """Somebody must know that alerts are missing; the same group again counts on the same alert."""
    group_key = reading.text(group.get("groupKey")) or "?"
    digest = hashlib.sha256(group_key.encode("utf-8", "surrogatepass")).hexdigest()
    return [
        Signal(
            action=Action.TRIGGER,
            dedup_key=f"alerts-not-read:{digest}",
            summary=f"{sent - SIGNALS_MAX} of {sent} alerts of one Alertmanager notification were not read",
            severity="critical",
            source=reading.text(group.get("externalURL"), reading.SOURCE_MAX),
            details={
                "remedy": f"A notification is read up to {SIGNALS_MAX} alerts. Set max_alerts of the receiver's "
                "webhook_configs to at most that, and make smaller groups with group_by.",
                "group_key": group.get("groupKey"),
                "receiver": group.get("receiver"),
            },
        )
    ]


def _signal(alert: dict[str, Any], group: dict[str, Any]) -> Signal:
    labels = _mapping(alert.get("labels")) or _mapping(group.get("commonLabels"))
    annotations = _mapping(alert.get("annotations")) or _mapping(group.get("commonAnnotations"))
    resolved = reading.text(alert.get("status") or group.get("status")).lower() == "resolved"
    return Signal(
        action=Action.RESOLVE if resolved else Action.TRIGGER,
        dedup_key=_key(alert, labels),
        summary=_summary(labels, annotations),
        severity=reading.severity(labels.get("severity", labels.get("priority"))),
        source=reading.text(labels.get("instance") or group.get("externalURL"), reading.SOURCE_MAX),
        details=_details(alert, group, labels, annotations),
        links=_links(alert, group, annotations),
        occurred_at=reading.instant(alert.get("startsAt")),
    )


def _key(alert: dict[str, Any], labels: dict[str, Any]) -> str:
    """The fingerprint; without one the labels themselves, because they are what makes an alert the same."""
    fingerprint = reading.text(alert.get("fingerprint"), DEDUP_KEY_MAX + 1).strip()
    if not fingerprint and labels:
        fingerprint = "labels:" + orjson.dumps(labels, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    # A cut key could meet another alert's: rather an alert of its own than one that closes a stranger's.
    return fingerprint if len(fingerprint) <= DEDUP_KEY_MAX else ""


def _summary(labels: dict[str, Any], annotations: dict[str, Any]) -> str:
    for name in ("summary", "title", "message", "description"):
        if found := reading.text(annotations.get(name)).strip():
            return found
    name = reading.text(labels.get("alertname")).strip() or "Alert without a name"
    instance = reading.text(labels.get("instance"), 200).strip()
    return reading.text(f"{name} on {instance}" if instance else name)


def _details(
    alert: dict[str, Any], group: dict[str, Any], labels: dict[str, Any], annotations: dict[str, Any]
) -> dict[str, Any]:
    return reading.present(
        (
            ("labels", labels),
            ("annotations", annotations),
            ("starts_at", alert.get("startsAt")),
            ("receiver", group.get("receiver")),
            ("group_key", group.get("groupKey")),
            ("group_labels", group.get("groupLabels")),
            ("truncated_alerts", group.get("truncatedAlerts") or None),
        )
    )


def _links(alert: dict[str, Any], group: dict[str, Any], annotations: dict[str, Any]) -> tuple[Any, ...]:
    return reading.links(
        (annotations.get("runbook_url"), "Runbook"),
        (annotations.get("dashboard_url"), "Dashboard"),
        (alert.get("generatorURL"), "Source of the alert"),
        (group.get("externalURL"), "Alertmanager"),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
