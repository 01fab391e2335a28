"""The larger the outage, the more alerts one notification holds, and Alertmanager drops what is answered with 400."""

import time

from tests.harness.cast import Cast
from tests.harness.sender import Door
from watchbill.domain.alerts.models import Alert

KEY = "am-checkout-0123456789abcdef"


def _notification(count: int) -> dict[str, object]:
    labels = {f"label_{number}": "value" for number in range(8)}
    return {
        "version": "4",
        "status": "firing",
        "receiver": "watchbill",
        "alerts": [
            {
                "status": "firing",
                "labels": {**labels, "alertname": "NodeDown", "instance": f"node-{number}"},
                "annotations": {"summary": f"node-{number} is down", "runbook_url": "https://example.org", "more": "x"},
                "startsAt": "2026-03-02T11:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://prometheus.example.org/graph",
                "fingerprint": f"{number:016x}",
            }
            for number in range(count)
        ],
    }


def test_two_thousand_alerts_in_one_notification_become_two_thousand_alerts(door: Door, cast: Cast) -> None:
    cast.add_integration(cast.service, KEY, kind="alertmanager")
    assert door.send(f"/in/alertmanager/{KEY}", _notification(2000)).status == 202
    assert Alert.objects.count() == 2000


def test_an_odd_charset_costs_no_more_than_any_other(door: Door, cast: Cast) -> None:
    slow = b"a" * 130_000 + b"-" + b"b" * 130_000
    for charset in ("punycode", "idna", "undefined", "unicode_escape", "rot13", "no-such"):
        began = time.process_time()
        reply = door.send("/v2/enqueue", slow, headers={"content-type": f"application/json; charset={charset}"})
        assert reply.status == 400, charset
        assert time.process_time() - began < 1.0, charset
