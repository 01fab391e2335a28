"""A process dies at each point between two commits; it is started again. Nothing accepted is lost.

A page may come once more than it should, at most once for each kill, and only where the provider was asked already.
"""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import pytest
from django.db.models import F

from tests.chaos.child import Child
from tests.harness import invariants
from tests.harness.carriers import FakeHttpCarrier
from tests.harness.cast import KEY, Cast
from tests.harness.instances import wait_for
from watchbill.domain.alerts.models import Alert, Event
from watchbill.domain.alerts.source_actions import open_alert
from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.paging.models import Attempt, Delivery
from watchbill.domain.paging.rules import LEASE
from watchbill.ground.failpoints import NAMES
from watchbill.ground.postgres import EmbeddedPostgres

OF_THE_ENGINE = tuple(name for name in NAMES if name.startswith(("engine.", "sender.")))
OF_INGEST = ("ingest.before_commit", "ingest.after_commit")
OF_ACKNOWLEDGE = ("acknowledge.before_commit", "acknowledge.after_commit")
# After these the provider has been asked and nobody noted it: asking again is the promise.
MAY_REPEAT = ("sender.provider_answered", "sender.before_record_commit")
MONITORING = Actor(kind="source", label="monitoring", via="ingest")
BROKEN_OFF = (URLError, HTTPException, OSError)


def test_every_point_has_its_test() -> None:
    assert sorted(OF_THE_ENGINE + OF_INGEST + OF_ACKNOWLEDGE) == sorted(NAMES)


def now() -> datetime:
    return datetime.now(UTC)


def opens(cast: Cast, key: str) -> Alert:
    return open_alert(
        integration=cast.integration,
        dedup_key=key,
        summary=key,
        severity="critical",
        urgency="high",
        actor=MONITORING,
        now=now(),
    )


def pages(carrier: FakeHttpCarrier, person: str = "primary") -> Counter[str]:
    bodies = [json.loads(request.body) for request in carrier.to(f"/{person}")]
    return Counter(alert["dedup_key"] for body in bodies for alert in body["alerts"])


def paged(carrier: FakeHttpCarrier, *keys: str) -> None:
    wait_for(f"pages for {keys}", lambda: all(pages(carrier)[key] for key in keys), seconds=30)


def at_rest() -> None:
    """Nothing is being sent and every outcome is noted."""
    wait_for("outcomes", lambda: not Delivery.objects.filter(state="sending").exists(), seconds=30)
    wait_for("first pages", lambda: not Delivery.objects.filter(state="queued", position=0).exists(), seconds=30)


def lease_passes() -> None:
    """Instead of waiting for it: what the dead process had claimed grows old by one lease."""
    Attempt.objects.filter(state="sending").update(lease_until=F("lease_until") - LEASE - timedelta(seconds=1))


def holds_without_help() -> None:
    """The watchdog would hide a lost timer by driving the alert again; here it must not have had to."""
    invariants.check(now=now())
    assert not Entry.objects.filter(action="alert.driven_again").exists()


@pytest.mark.parametrize("name", OF_THE_ENGINE)
def test_an_engine_that_dies_there_pages_everybody_all_the_same(
    name: str, durable: EmbeddedPostgres, carrier: FakeHttpCarrier, log: Path
) -> None:
    cast = Cast(carrier.url)
    opens(cast, "before")
    with Child("engine", database_url=durable.url(), log=log, failpoint=f"{name}:2") as engine:
        paged(carrier, "before")
        at_rest()
        opens(cast, "struck")
        engine.died_as_asked()
    invariants.check(now=now())
    opens(cast, "while it was down")
    lease_passes()
    with Child("engine", database_url=durable.url(), log=log):
        paged(carrier, "before", "struck", "while it was down")
        at_rest()
    came = pages(carrier)
    assert came["before"] == came["while it was down"] == 1
    assert came["struck"] == (2 if name in MAY_REPEAT else 1)
    holds_without_help()


def sends(web: Child, key: str) -> int:
    body = {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": key,
        "payload": {"summary": key, "source": "host", "severity": "critical"},
    }
    request = Request(f"{web.url}/v2/enqueue", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        return int(answer.status)


@pytest.mark.parametrize("name", OF_INGEST)
def test_an_event_struck_there_is_stored_once_when_it_is_sent_again(
    name: str, durable: EmbeddedPostgres, carrier: FakeHttpCarrier, log: Path
) -> None:
    Cast(carrier.url)
    with Child("engine", database_url=durable.url(), log=log):
        with Child("web", database_url=durable.url(), log=log, failpoint=f"{name}:2") as web:
            assert sends(web, "before") == 202
            with pytest.raises(BROKEN_OFF):
                sends(web, "struck")
            web.died_as_asked()
        known = Alert.objects.filter(dedup_key="struck").count()
        assert known == (1 if name == "ingest.after_commit" else 0)
        with Child("web", database_url=durable.url(), log=log) as web:
            assert sends(web, "struck") == 202
        paged(carrier, "before", "struck")
        at_rest()
    assert pages(carrier) == {"before": 1, "struck": 1}
    assert Alert.objects.count() == 2
    assert Event.objects.filter(dedup_key="struck").count() == known + 1
    holds_without_help()


def presses_the_button(url: str) -> None:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(url, timeout=10) as answer:
        page = answer.read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, page
    form = urlencode({"csrfmiddlewaretoken": token[1]}).encode()
    with browser.open(Request(url, form, {"Referer": url}), timeout=10):
        pass


@pytest.mark.parametrize("name", OF_ACKNOWLEDGE)
def test_an_acknowledgement_struck_there_holds_or_never_was(
    name: str, durable: EmbeddedPostgres, carrier: FakeHttpCarrier, log: Path
) -> None:
    cast = Cast(carrier.url)
    alert = opens(cast, "struck")
    with Child("engine", database_url=durable.url(), log=log):
        paged(carrier, "struck")
        at_rest()
        path = "/a/" + json.loads(carrier.to("/primary")[0].body)["acknowledge_url"].rpartition("/a/")[2]
        with Child("web", database_url=durable.url(), log=log, failpoint=f"{name}:1") as web:
            with pytest.raises(BROKEN_OFF):
                presses_the_button(web.url + path)
            web.died_as_asked()
        alert.refresh_from_db()
        assert alert.state == ("acknowledged" if name == "acknowledge.after_commit" else "triggered")
        invariants.check(now=now())
        with Child("web", database_url=durable.url(), log=log) as web:
            if alert.state == "triggered":
                presses_the_button(web.url + path)
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", "Primary")
    assert not Delivery.objects.filter(state__in=["queued", "sending"]).exists()
    assert pages(carrier) == {"struck": 1}
    holds_without_help()
