"""`POST /in/{kind}/{key}`: Alertmanager's webhook and plain JSON."""

from typing import Any

import pytest

from tests.harness.cast import Cast
from tests.harness.sender import Door
from tests.sources.test_what_senders_write_becomes_the_same_signal import ALERTMANAGER_GROUP
from watchbill.domain.alerts.models import Alert, Event

AM_KEY = "am-checkout-0123456789abcdef"
ALERTMANAGER = f"/in/alertmanager/{AM_KEY}"
GENERIC = "/in/generic/gen-0123456789abcdef"


@pytest.fixture(autouse=True)
def _integrations(cast: Cast) -> None:
    cast.add_integration(cast.service, AM_KEY, kind="alertmanager")
    cast.add_integration(cast.service, "gen-0123456789abcdef", kind="generic")


def group(*alerts: tuple[str, str]) -> dict[str, Any]:
    return ALERTMANAGER_GROUP | {
        "alerts": [
            {"status": status, "labels": {"alertname": name}, "fingerprint": name, "startsAt": "2026-08-01T10:00:00Z"}
            for name, status in alerts
        ]
    }


def test_a_group_becomes_one_alert_per_fingerprint(door: Door) -> None:
    assert door.send(ALERTMANAGER, group(("a", "firing"), ("b", "firing"))).status == 202
    assert door.send(ALERTMANAGER, group(("a", "firing"), ("b", "resolved"), ("c", "firing"))).status == 202
    states = dict(Alert.objects.values_list("dedup_key", "state"))
    assert states == {"a": "triggered", "b": "resolved", "c": "triggered"}
    assert Alert.objects.get(dedup_key="a").events_count == 2


def test_the_raw_notification_is_kept_once(door: Door) -> None:
    door.send(ALERTMANAGER, group(("a", "firing"), ("b", "firing")))
    first = Event.objects.get(dedup_key="a")
    second = Event.objects.get(dedup_key="b")
    assert b"notification_reason" in bytes(first.body)
    assert bytes(second.body) == b""
    assert second.headers == {"body-is-in-event": str(first.id)}


def test_an_unknown_shape_becomes_an_alert(door: Door) -> None:
    assert door.send(ALERTMANAGER, {"title": "custom template"}).status == 202
    assert Alert.objects.get().summary == "custom template"


def test_a_small_request_cannot_open_an_alert_for_each_piece_of_garbage(door: Door) -> None:
    assert door.send(ALERTMANAGER, {"alerts": [{"labels": {"a": "b"}}, *[0] * 100_000]}).status == 202
    assert Alert.objects.count() == 2


def test_a_generic_event_opens_and_resolves(door: Door) -> None:
    reply = door.send(GENERIC, {"summary": "Backup failed", "dedup_key": "backup"})
    assert reply.status == 202
    assert reply.json["dedup_key"] == "backup"
    assert reply.json["event_id"] == str(Alert.objects.get().first_event_id)
    door.send(GENERIC, {"summary": "Backup works", "dedup_key": "backup", "status": "resolved"})
    assert Alert.objects.get().state == "resolved"


def test_errors_name_the_field_and_the_remedy(door: Door) -> None:
    reply = door.send(GENERIC, {"text": "no summary"})
    assert (reply.status, reply.json["errors"]) == (
        400,
        ["`summary` is missing or blank. Say in one line what is wrong."],
    )


@pytest.mark.parametrize("path", ["/in/generic/unknown-key", f"/in/generic/{AM_KEY}", "/in/unknown/key"])
def test_a_wrong_address_is_visible_to_the_sender(door: Door, path: str) -> None:
    reply = door.send(path, {"summary": "s"})
    assert reply.status == 404
    assert reply.json["errors"]


class TestMetrics:
    def test_loopback_may_read_without_a_token(self, door: Door) -> None:
        door.send(GENERIC, {"summary": "s"})
        reply = door.send("/metrics", method="GET", client="127.0.0.1")
        assert reply.status == 200
        assert b"watchbill_ingest_requests_total" in reply.body
        assert door.send("/metrics", method="GET", client="192.0.2.7").status == 403

    def test_behind_a_trusted_proxy_it_is_the_client_that_must_be_local(self, cast: Cast) -> None:
        with Door(proxies="127.0.0.0/8, 10.0.0.0/8") as door:
            stranger = {"x-forwarded-for": "127.0.0.1, 192.0.2.7"}
            assert door.send("/metrics", method="GET", client="127.0.0.1", headers=stranger).status == 403
            assert door.send("/metrics", method="GET", client="127.0.0.1").status == 200
            pretender = {"x-forwarded-for": "127.0.0.1"}
            assert door.send("/metrics", method="GET", client="192.0.2.7", headers=pretender).status == 403

    def test_with_a_token_only_the_token_counts(self, cast: Cast) -> None:
        with Door(metrics_token="canary") as door:
            assert door.send("/metrics", method="GET", client="127.0.0.1").status == 403
            given = {"authorization": "Bearer canary"}
            assert door.send("/metrics", method="GET", headers=given).status == 200
