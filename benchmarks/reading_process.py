"""Fills a database and asks for alerts in this process.

Prints {"milliseconds": {what: [each]}, "filling_microseconds": for each alert} as JSON.
"""

import json
import sys
import time
from datetime import timedelta

from django.db import connection
from django.test import Client

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill import upgrade
from watchbill.domain.access.actions import add_token
from watchbill.domain.access.models import User
from watchbill.domain.alerts.search_filling import BATCH, SearchFiller
from watchbill.domain.services.models import Integration, Service
from watchbill.ground.clock import SystemClock

_FILL = """
INSERT INTO alerts_alert (id, number, integration_id, service_id, dedup_key, summary, severity, urgency, source,
    details, links, state, opened_at, acknowledged_by, resolved_by, first_event_id, events_count, last_event_at)
SELECT gen_random_uuid(), n, %s, %s, 'host-' || n || '/disk-' || n %% 97,
    'Disk ' || n %% 97 || ' of host-' || n || ' in rack ' || n %% 1013 || ' is almost full',
    'critical', 'high', 'prometheus-' || n %% 13, '{}', '[]',
    CASE WHEN n %% 100 = 0 THEN 'triggered' ELSE 'resolved' END,
    %s - (%s - n) * interval '1 minute', '', '', gen_random_uuid(), 1, %s
FROM generate_series(%s, %s) AS n
"""
# As many as a storm brings between two rounds of the engine: a search reads them one by one.
NOT_TAKEN_IN = 1000
QUESTIONS = {
    "list of alerts": "/api/v1/alerts",
    "list of open alerts": "/api/v1/alerts?status=open",
    "alerts of a service": "/api/v1/alerts?service=checkout&status=resolved",
    "search for a common word": "/api/v1/alerts?q=almost",
    "search for two words": "/api/v1/alerts?q=rack+551",
    "search for one host": "/api/v1/alerts?q=host-7777",
    "search for what is nowhere": "/api/v1/alerts?q=unheard-of",
    "search among the open ones": "/api/v1/alerts?status=open&q=unheard-of",
}


def main(alerts: int, rounds: int) -> None:
    upgrade.migrate(say=lambda words: None)
    token, filling = _fill(alerts)
    client = Client(headers={"Authorization": f"Bearer {token}"})
    number = alerts // 2
    _milliseconds(client, f"/api/v1/alerts/{number}")  # loads the code and opens the connection
    asked = {**QUESTIONS, "one alert": f"/api/v1/alerts/{number}"}
    answered = {name: [_milliseconds(client, address) for _ in range(rounds)] for name, address in asked.items()}
    print(json.dumps({"milliseconds": answered, "filling_microseconds": filling}))


def _milliseconds(client: Client, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, answer.content
    return took


def _fill(alerts: int) -> tuple[str, float]:
    """A token to ask with, and what it took for each alert to take it in for searching."""
    now = SystemClock().now()
    user = User.objects.create(email="reader@example.org", name="Reader", role="owner", created_at=now)
    service = Service.objects.create(name="checkout", created_at=now)
    key = Integration.objects.create(service=service, kind="generic", digest="none", hint="none", created_at=now)
    taken_in = alerts - NOT_TAKEN_IN
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [key.id, service.id, now, alerts, now, 1, taken_in])
        cursor.execute("VACUUM ANALYZE alerts_alert")
        filling = _take_in() * 1e6 / taken_in
        cursor.execute("VACUUM ANALYZE alerts_searchtext")
        cursor.execute(_FILL, [key.id, service.id, now, alerts, now, taken_in + 1, alerts])
    token = add_token(user.id, name="reading", scope="read", lifetime=timedelta(days=1), now=now)
    return token.secret, filling


def _take_in() -> float:
    """The seconds it took."""
    filler = SearchFiller()
    began = time.perf_counter()
    while filler.fill() == BATCH:
        pass
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
