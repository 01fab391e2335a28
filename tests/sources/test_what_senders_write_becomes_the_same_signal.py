"""Shapes as the senders write them, and what a reader of the alert gets."""

from datetime import UTC, datetime
from typing import Any

import pytest

from watchbill.domain.alerts.contract import SIGNALS_MAX, Action, PayloadRefused
from watchbill.sources import alertmanager, generic, pagerduty_events_v2

ALERTMANAGER_GROUP = {
    "version": "4",
    "groupKey": '{}/{severity="page"}:{alertname="InstanceDown"}',
    "truncatedAlerts": 0,
    "receiver": "watchbill",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "InstanceDown", "instance": "node-7:9100", "severity": "page"},
            "annotations": {
                "summary": "node-7 does not answer",
                "runbook_url": "https://example.org/runbooks/instance-down",
            },
            "startsAt": "2026-08-01T10:00:00.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.org/graph",
            "fingerprint": "8d2c0a6f5b1e4c37",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "InstanceDown", "instance": "node-8:9100", "severity": "warning"},
            "annotations": {},
            "startsAt": "2026-08-01T09:00:00Z",
            "endsAt": "2026-08-01T09:55:00Z",
            "generatorURL": "",
            "fingerprint": "1b0f54c3aa90d2e8",
        },
    ],
    "groupLabels": {"alertname": "InstanceDown"},
    "commonLabels": {"alertname": "InstanceDown"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager.example.org:9093",
    "notification_reason": "first",
    "routeLabels": {},
}


def _event(**changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "routing_key": "0" * 32,
        "event_action": "trigger",
        "dedup_key": "db-1/disk",
        "payload": {"summary": "Disk is full", "source": "db-1", "severity": "error"},
    }
    return event | changes


def test_alertmanager_gives_one_signal_per_alert_by_its_fingerprint() -> None:
    firing, resolved = alertmanager.parse(ALERTMANAGER_GROUP)
    assert (firing.action, firing.dedup_key) == (Action.TRIGGER, "8d2c0a6f5b1e4c37")
    assert firing.summary == "node-7 does not answer"
    assert firing.severity == "critical"
    assert firing.source == "node-7:9100"
    assert firing.occurred_at == datetime(2026, 8, 1, 10, 0, 0, 123456, UTC)
    assert [link["text"] for link in firing.links] == ["Runbook", "Source of the alert", "Alertmanager"]
    assert firing.details["labels"]["alertname"] == "InstanceDown"
    assert (resolved.action, resolved.dedup_key) == (Action.RESOLVE, "1b0f54c3aa90d2e8")
    assert resolved.summary == "InstanceDown on node-8:9100"


def test_alertmanager_without_a_fingerprint_goes_by_the_labels() -> None:
    def key(labels: dict[str, str]) -> str:
        return alertmanager.parse({"alerts": [{"status": "firing", "labels": labels}]})[0].dedup_key

    assert key({"alertname": "A", "job": "x"}) == key({"job": "x", "alertname": "A"})
    assert key({"alertname": "A"}) != key({"alertname": "B"})


@pytest.mark.parametrize("payload", [{"message": "something else"}, [1, 2], "text", {"alerts": []}, {"alerts": "no"}])
def test_an_unknown_shape_is_shown_not_dropped(payload: Any) -> None:
    (signal,) = alertmanager.parse(payload)
    assert signal.action is Action.TRIGGER
    assert signal.dedup_key == ""
    assert signal.details["unknown_shape"] == payload


def test_what_is_no_alert_becomes_one_alert_however_much_of_it_there_is() -> None:
    alert, unknown = alertmanager.parse({"alerts": [{"labels": {"a": "b"}}, *[0] * 100_000, None, {}, [1]]})
    assert alert.details["labels"] == {"a": "b"}
    assert (unknown.action, unknown.dedup_key) == (Action.TRIGGER, "")
    assert unknown.details["unknown_shape"] == [*[0] * 100_000, None, {}, [1]]


def test_a_notification_is_read_up_to_a_limit_and_says_what_was_not_read() -> None:
    def group(size: int, key: str = "{}:{}") -> dict[str, Any]:
        alerts = [{"labels": {"n": str(number)}, "fingerprint": str(number)} for number in range(size)]
        return {"groupKey": key, "alerts": alerts}

    assert len(alertmanager.parse(group(SIGNALS_MAX))) == SIGNALS_MAX
    *read, told = alertmanager.parse(group(SIGNALS_MAX + 7))
    assert [signal.dedup_key for signal in read] == [str(number) for number in range(SIGNALS_MAX)]
    assert (told.action, told.severity) == (Action.TRIGGER, "critical")
    assert told.summary == "7 of 5007 alerts of one Alertmanager notification were not read"
    assert "max_alerts" in told.details["remedy"]
    assert told.dedup_key == alertmanager.parse(group(SIGNALS_MAX + 1))[-1].dedup_key
    assert told.dedup_key != alertmanager.parse(group(SIGNALS_MAX + 1, key="{}:{b}"))[-1].dedup_key


def test_pagerduty_fields_are_kept() -> None:
    (signal,) = pagerduty_events_v2.parse(
        _event(
            client="Grafana",
            client_url="https://grafana.example.org",
            links=[{"href": "https://example.org/a", "text": "Panel"}, {"href": "javascript:alert(1)"}],
            images=[{"src": "https://example.org/a.png"}],
            payload={
                "summary": "Disk is full",
                "source": "db-1",
                "severity": "error",
                "timestamp": "2015-07-17T08:42:58.315+0000",
                "component": "postgres",
                "group": "prod",
                "class": "disk",
                "custom_details": {"used": {"percent": 99}},
                "eui64": "x",
            },
        )
    )
    assert signal.occurred_at == datetime(2015, 7, 17, 8, 42, 58, 315000, UTC)
    assert signal.links == ({"href": "https://example.org/a", "text": "Panel"},)
    assert signal.details["custom_details"] == {"used": {"percent": 99}}
    assert signal.details["client"] == "Grafana"
    assert signal.details["other"] == {"eui64": "x"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("critical", "critical"),
        ("ERROR", "error"),
        ("page", "critical"),
        ("P2", "error"),
        ("banana", "error"),
        (3, "warning"),
        ({"level": "x"}, "error"),
    ],
)
def test_an_unknown_severity_is_normalised(written: Any, meant: str) -> None:
    payload = {"summary": "s", "source": "h", "severity": written}
    (signal,) = pagerduty_events_v2.parse(_event(payload=payload))
    assert signal.severity == meant


def test_a_long_summary_is_cut_not_refused() -> None:
    payload = {"summary": "x" * 5000, "source": "h", "severity": "error"}
    (signal,) = pagerduty_events_v2.parse(_event(payload=payload))
    assert len(signal.summary) == 1024


@pytest.mark.parametrize("length", [256, 512])
def test_a_long_key_is_taken_whole(length: int) -> None:
    assert pagerduty_events_v2.parse(_event(dedup_key="k" * length))[0].dedup_key == "k" * length


@pytest.mark.parametrize("payload", [None, {}, {"summary": "", "source": "Alertmanager"}, "text"])
def test_a_resolve_needs_no_payload(payload: Any) -> None:
    (signal,) = pagerduty_events_v2.parse(_event(event_action="resolve", payload=payload))
    assert (signal.action, signal.dedup_key, signal.summary) == (Action.RESOLVE, "db-1/disk", "db-1/disk")


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"event_action": None}, ["'event_action' is missing or blank"]),
        ({"event_action": "open"}, ["'event_action' is invalid (must be one of: trigger, acknowledge, resolve)"]),
        ({"payload": None}, ["'payload' is missing or blank"]),
        ({"payload": {"source": "h", "severity": "error"}}, ["'payload.summary' is missing or blank"]),
        (
            {"payload": {"summary": " "}},
            [f"'payload.{name}' is missing or blank" for name in ("summary", "source", "severity")],
        ),
        ({"event_action": "resolve", "dedup_key": ""}, ["'dedup_key' is missing or blank"]),
        ({"dedup_key": "k" * 513}, ["Length of 'dedup_key' is incorrect (should be at most 512 characters)"]),
    ],
)
def test_what_pagerduty_refuses_is_refused_in_its_words(changes: dict[str, Any], errors: list[str]) -> None:
    with pytest.raises(PayloadRefused) as refused:
        pagerduty_events_v2.parse(_event(**changes))
    assert (refused.value.message, refused.value.errors) == ("Event object is invalid", errors)


def test_generic_needs_a_summary_and_nothing_else() -> None:
    (signal,) = generic.parse({"summary": "Backup failed", "host": "b-1"})
    assert (signal.action, signal.dedup_key, signal.severity) == (Action.TRIGGER, "", "critical")
    assert signal.details == {"other": {"host": "b-1"}}


def test_generic_reads_every_optional_field() -> None:
    (signal,) = generic.parse(
        {
            "summary": "Backup works again",
            "dedup_key": "backup",
            "status": "resolved",
            "severity": "warn",
            "source": "b-1",
            "details": {"took": "1h"},
            "links": ["https://example.org/backup", {"url": "https://example.org/log", "text": "Log"}],
        }
    )
    assert (signal.action, signal.dedup_key, signal.severity) == (Action.RESOLVE, "backup", "warning")
    assert [link["href"] for link in signal.links] == ["https://example.org/backup", "https://example.org/log"]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "summary"),
        ({"summary": "s", "dedup_key": "k" * 513}, "dedup_key"),
        ({"summary": "s", "status": "resolved"}, "dedup_key"),
        ({"summary": "s", "status": ["resolved"]}, "status"),
        ([], "object"),
    ],
)
def test_generic_errors_name_the_field_and_the_remedy(payload: Any, field: str) -> None:
    with pytest.raises(PayloadRefused) as refused:
        generic.parse(payload)
    (error,) = refused.value.errors if payload != [] else [refused.value.message]
    assert field in error
