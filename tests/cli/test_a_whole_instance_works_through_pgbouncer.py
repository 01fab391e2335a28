"""Web, engine and worker on a PostgreSQL of one's own behind PgBouncer in transaction mode, where sessions are shared.

Alert in, page out, acknowledgement, live update; and nothing of a session is left to whoever gets it next.
"""

import json
import threading
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.harness.instances import wait_for
from tests.harness.pooled_postgres import SESSIONS, PooledPostgres
from tests.harness.product import PASSWORD, Product
from watchbill.engine.chores import CHORES

pytestmark = pytest.mark.lab

OWNER = "owner@example.org"
KEY, GENERIC = "R0000000000000000000000000pooled", "generic-pooled-0123456789"
ORGANIZATION = f"""
organization: {{name: Example, time_zone: Europe/Berlin, fallback: [{OWNER}]}}
users:
  - {{email: {OWNER}, name: The Owner, role: owner, contacts: [{{name: hook, kind: webhook, address: "HOOKS/owner"}}]}}
policies:
  - {{name: everything, levels: [{{targets: ["user:{OWNER}"], timeout: 1h}}]}}
services:
  - name: checkout
    policy: everything
    integrations: [{{kind: pagerduty-events-v2, key: {KEY}}}, {{kind: generic, key: {GENERIC}}}]
"""
# What the product sets for itself somewhere, and what stays with a session that is given away.
LEFT_BEHIND = """
    SELECT name || ' = ' || setting FROM pg_settings WHERE source = 'session'
           AND name NOT IN ('application_name', 'client_encoding', 'TimeZone', 'DateStyle', 'IntervalStyle',
                            'standard_conforming_strings')
    UNION ALL SELECT 'LISTEN ' || channel FROM pg_listening_channels() AS channel
    UNION ALL SELECT 'prepared ' || name FROM pg_prepared_statements WHERE name <> ''
    UNION ALL SELECT 'advisory lock' FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""
EVENTS = 60


@pytest.fixture(scope="module", params=[False, True], ids=["polling", "wake-ups-by-another-way"])
def database(request: pytest.FixtureRequest) -> Iterator[PooledPostgres]:
    with PooledPostgres(hands_out_the_direct_way=request.param) as made:
        yield made


@pytest.fixture(scope="module")
def product(database: PooledPostgres) -> Iterator[Product]:
    with Product(ORGANIZATION, **database.settings) as started:
        yield started
        errors = [line for line in started.log.read_text().splitlines() if '"level": "error"' in line]
        # The watchdog says so when the pooler dies under it.
        assert [line for line in errors if "server closed the connection unexpectedly" not in line] == []


def page_about(product: Product, dedup_key: str) -> None:
    about = dedup_key.encode()
    wait_for("the page", lambda: any(about in one.body for one in list(product.hooks.requests)), seconds=30)


@pytest.fixture
def browser(product: Product) -> Iterator[httpx.Client]:
    """Somebody who has just set a password."""
    link = product.said("person", "setup-link", OWNER).split()[0]
    with httpx.Client(base_url=product.url, timeout=30) as made:
        made.get(link)
        form = {"password": PASSWORD, "again": PASSWORD, "csrfmiddlewaretoken": made.cookies["watchbill-form"]}
        assert made.post(link, data=form, headers={"Origin": product.url}).status_code == 302
        yield made


def stale_parts(browser: httpx.Client, alert_id: str) -> Iterator[str]:
    """Names of what has changed from now on, after an empty one that says that the stream is open."""
    future = int(time.time() * 1000) + 60_000
    with browser.stream("GET", f"/live?since={future}&alert={alert_id}") as stream:
        yield ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                yield line.removeprefix("event: ")


def test_an_alert_pages_is_acknowledged_and_an_open_screen_hears_of_it(product: Product, browser: httpx.Client) -> None:
    dedup_key = product.trigger(KEY, "Checkout is down")
    page_about(product, dedup_key)
    alert = product.alert(OWNER, dedup_key)
    first = stale_parts(browser, alert["id"])
    assert next(first) == ""
    assert next(first)  # the first viewer of a process is told that everything may be stale
    first.close()

    parts = stale_parts(browser, alert["id"])
    assert next(parts) == ""
    product.send(KEY, dedup_key=dedup_key, event_action="acknowledge")
    assert f"alert-{alert['id']}" in (next(parts), next(parts))
    parts.close()
    assert product.alert(OWNER, dedup_key)["status"] == "acknowledged"
    with product.api(OWNER) as api:
        assert api.post(f"alerts/{alert['number']}/resolve").status_code == 200
    assert f"/alerts/{alert['id']}" in browser.get("/alerts?status=resolved").text


def test_many_at_once_of_every_kind_are_stored_once_and_settings_stay_where_they_belong(
    product: Product, database: PooledPostgres
) -> None:
    def send(number: int) -> None:
        answer = httpx.post(f"{product.url}/in/generic/{GENERIC}", json={"summary": "s", "dedup_key": f"g-{number}"},
                            headers={"Idempotency-Key": f"once-{product.port}-{number}"}, timeout=30)  # fmt: skip
        assert answer.status_code == 202, answer.text
        product.send(KEY, dedup_key=f"p-{number % 20}", event_action="trigger", payload=payload)
        if number % 3 == 0:
            product.send(KEY, dedup_key=f"p-{number % 20}", event_action="resolve")

    payload = {"summary": "one of many", "source": "node-1.example.org", "severity": "critical"}
    threads = [threading.Thread(target=send, args=(number,)) for number in range(EVENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with product.api(OWNER) as api:
        open_keys = [
            item["dedup_key"] for item in api.get("alerts", params={"status": "open", "limit": 200}).json()["items"]
        ]
    assert sum(key.startswith("g-") for key in open_keys) == EVENTS
    assert len(open_keys) == len(set(open_keys))

    found = database.sessions(LEFT_BEHIND)
    assert len(found) == SESSIONS
    assert {pid: left for pid, left in found.items() if left} == {}


def test_wake_ups_come_by_the_direct_way_or_not_at_all(product: Product, database: PooledPostgres) -> None:
    def listeners() -> int:
        with psycopg.connect(database.direct_url, application_name="direct") as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'watchbill wake-up'"
            ).fetchone()
        assert row is not None
        return int(row[0])

    is_direct = database.hands_out_the_direct_way
    wait_for("the decision of the engine and of the worker", lambda: listeners() == 2 * is_direct)
    assert ("wakeup.behind_pooler" in product.log.read_text()) != is_direct
    told = {one["check"]: one["remedy"] for one in json.loads(product.run("doctor", "--json").stdout)}
    assert ("WATCHBILL_DATABASE_DIRECT_URL" in told.get("wake-ups", "")) != is_direct


def test_the_chores_have_their_hours_and_migrating_again_changes_nothing(
    product: Product, database: PooledPostgres
) -> None:
    def planned() -> int:
        with psycopg.connect(database.direct_url, application_name="direct") as connection:
            row = connection.execute("SELECT count(*) FROM pgqueuer_schedules").fetchone()
        assert row is not None
        return int(row[0])

    wait_for("the worker", lambda: planned() == len(CHORES))
    assert product.said("migrate") == "The database is up to date.\n"


def test_a_pooler_that_dies_and_comes_back_loses_nothing(product: Product, database: PooledPostgres) -> None:
    database.kill_pooler()
    payload = {"summary": "meanwhile", "source": "node-1.example.org", "severity": "critical"}
    event = {"routing_key": KEY, "event_action": "trigger", "dedup_key": f"after-{product.port}", "payload": payload}
    assert httpx.post(f"{product.url}/v2/enqueue", json=event, timeout=30).status_code == 503
    database.start_pooler()
    wait_for("accepted", lambda: httpx.post(f"{product.url}/v2/enqueue", json=event, timeout=30).status_code == 202)
    page_about(product, f"after-{product.port}")
