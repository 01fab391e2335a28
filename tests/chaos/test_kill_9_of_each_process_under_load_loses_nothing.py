"""`watchbill up` under load, and each of its processes killed in turn, PostgreSQL included.

Senders do what senders do: on an error or a broken connection they send the same event again. Afterwards every event
that was accepted is stored, and for every alert a page reached the carrier.
"""

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
from django.db import connection
from django.db.models import Q

from tests.harness import database, invariants
from tests.harness.carriers import FakeHttpCarrier
from tests.harness.cast import KEY, Cast
from tests.harness.instances import Instance, wait_for
from watchbill.domain.alerts.models import Alert, Event
from watchbill.domain.audit.models import Entry
from watchbill.domain.audit.sealing import Sealer
from watchbill.domain.audit.verification import verify
from watchbill.domain.paging.models import Attempt, Delivery
from watchbill.domain.paging.rules import LEASE
from watchbill.ground.postgres import socket_directory

SENDERS = 5
EVENTS_PER_SECOND = 50
VICTIMS = ("web", "engine", "worker", "postgres")
SETTLES_SECONDS = 4.0
AGAIN_SECONDS = 0.25
GIVES_UP_SECONDS = 60.0


class Sender(threading.Thread):
    """At its pace; every fifth event belongs to the alert before it."""

    def __init__(self, name: str, url: str, stopping: threading.Event) -> None:
        super().__init__(name=name)
        self._url = url
        self._stopping = stopping
        self.accepted: list[tuple[str, str]] = []  # key and summary, which is unique
        self.errors = 0
        self.lost: list[str] = []

    def run(self) -> None:
        number = 0
        due = time.monotonic()
        while not self._stopping.is_set():
            key = f"{self.name}-{number - number % 5}"
            self._send_until_accepted(key, f"{self.name} event {number}")
            number += 1
            due = max(due + SENDERS / EVENTS_PER_SECOND, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))

    def _send_until_accepted(self, key: str, summary: str) -> None:
        give_up = time.monotonic() + GIVES_UP_SECONDS
        while not self._send(key, summary):
            self.errors += 1
            if time.monotonic() > give_up:
                self.lost.append(summary)
                return
            time.sleep(AGAIN_SECONDS)
        self.accepted.append((key, summary))

    def _send(self, key: str, summary: str) -> bool:
        body = {
            "routing_key": KEY,
            "event_action": "trigger",
            "dedup_key": key,
            "payload": {"summary": summary, "source": "host", "severity": "critical"},
        }
        request = Request(f"{self._url}/v2/enqueue", json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=10) as answer:
                return bool(answer.status == 202)
        except HTTPError as error:
            assert error.code in (429, 500, 502, 503), error.read()
            return False
        except (URLError, HTTPException, OSError):
            return False


@pytest.fixture
def instance(tmp_path: Path, django_db_blocker: pytest.FixtureRequest) -> Iterator[Instance]:
    settings = {"WATCHBILL_OUTBOUND_ALLOW": "127.0.0.0/8"}
    with (
        Instance(tmp_path / "instance", **settings) as made,
        django_db_blocker.unblock(),  # type: ignore[attr-defined]  # pytest-django names no public type
        database.elsewhere(socket_directory(tmp_path.resolve() / "instance" / "postgres")),
    ):
        yield made


def kill(instance: Instance, name: str) -> None:
    pid = wait_for(name, lambda: instance.processes().get(name))
    os.kill(pid, signal.SIGKILL)
    wait_for(f"another {name}", lambda: instance.processes().get(name, pid) != pid)


def under_load(instance: Instance) -> list[Sender]:
    stopping = threading.Event()
    senders = [Sender(f"host{number}", instance.url, stopping) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    for victim in VICTIMS:
        time.sleep(SETTLES_SECONDS)  # a load of a fixed length is the subject of this test
        kill(instance, victim)
    time.sleep(SETTLES_SECONDS)
    wait_for("ready again", instance.is_ready)
    stopping.set()
    for sender in senders:
        sender.join()
    return senders


def pages(carrier: FakeHttpCarrier) -> Counter[str]:
    bodies = [json.loads(request.body) for request in list(carrier.requests)]
    return Counter(alert["dedup_key"] for body in bodies for alert in body["alerts"])


@pytest.mark.timeout(600)
def test_nothing_accepted_is_lost_and_every_alert_is_paged(instance: Instance, carrier: FakeHttpCarrier) -> None:
    Cast(carrier.url)
    connection.close()  # this process's own would not survive the death of its server
    senders = under_load(instance)
    assert not [lost for sender in senders for lost in sender.lost]

    accepted = [one for sender in senders for one in sender.accepted]
    stored = Counter(Event.objects.values_list("summary", flat=True))
    assert not [summary for _, summary in accepted if summary not in stored]
    alerts = Counter(Alert.objects.values_list("dedup_key", flat=True))
    assert alerts == {key: 1 for key, _ in accepted}

    wait_for("every page", lambda: not (set(alerts) - set(pages(carrier))), seconds=LEASE.total_seconds() + 60)
    first_ways = Delivery.objects.filter(Q(state="sending") | Q(state="queued", position=0))
    wait_for("every outcome", lambda: not first_ways.exists(), seconds=LEASE.total_seconds() + 60)
    duplicates = sum(pages(carrier).values()) - len(alerts)
    in_doubt = Attempt.objects.filter(state="expired").count()
    print(
        f"accepted {len(accepted)}, sent again after {sum(sender.errors for sender in senders)} errors, "
        f"alerts {len(alerts)}, messages {len(carrier.requests)}, attempts in doubt {in_doubt}, "
        f"alerts told twice {duplicates}"
    )
    told_by_attempts_in_doubt = sum(Attempt.objects.filter(state="expired").values_list("pages_count", flat=True))
    assert duplicates <= told_by_attempts_in_doubt
    now = datetime.now(UTC)
    invariants.check(now=now)
    assert not Entry.objects.filter(action="alert.driven_again").exists()  # the watchdog had nothing to repair
    while Sealer().seal(now=now):
        pass
    assert verify(now=now).finding is None
