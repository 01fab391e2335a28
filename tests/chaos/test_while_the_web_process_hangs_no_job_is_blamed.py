"""A whole instance whose web process is stopped for a while: pings find no answer, and the engine knows why."""

import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.request import urlopen

import pytest

from tests.harness import database
from tests.harness.instances import wait_for
from tests.harness.product import Product
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.models import Entry
from watchbill.domain.heartbeats.models import Heartbeat
from watchbill.domain.timers.models import Timer
from watchbill.ground.postgres import socket_directory

KEY = "heartbeat-of-the-nightly-backup"
WAIT = timedelta(seconds=6)
ORGANIZATION = f"""
organization: {{name: Example, time_zone: UTC}}
services:
  - name: backups
    integrations: [{{kind: heartbeat, name: nightly, key: {KEY}, period: 4s, grace: 2s}}]
"""


@pytest.fixture
def instance(django_db_blocker: pytest.FixtureRequest) -> Iterator[Product]:
    with (
        Product(ORGANIZATION) as made,
        django_db_blocker.unblock(),  # type: ignore[attr-defined]  # pytest-django names no public type
        database.elsewhere(socket_directory(made.data_dir.resolve() / "postgres")),
    ):
        yield made


def calls_in(instance: Product) -> None:
    with urlopen(f"{instance.url}/heartbeat/{KEY}", timeout=10) as answer:
        assert answer.status == 200


def test_silence_counts_from_the_moment_at_which_a_ping_can_come_in_again(instance: Product) -> None:
    calls_in(instance)
    pinged_at = Heartbeat.objects.get().last_ping_at
    assert pinged_at is not None
    web = instance.processes()["web"]
    os.kill(web, signal.SIGSTOP)
    try:
        asked_again = pinged_at + WAIT + timedelta(seconds=3)
        wait_for("the engine asking again", lambda: Timer.objects.filter(due_at__gt=asked_again).exists())
        assert Alert.objects.count() == 0
    finally:
        os.kill(web, signal.SIGCONT)

    away = wait_for("the record of the absence", lambda: Entry.objects.filter(action="instance.was_away").first())
    assert datetime.fromisoformat(away.details["from"]) <= pinged_at + WAIT
    until = datetime.fromisoformat(away.details["until"])
    assert until > pinged_at + WAIT

    alert = wait_for("the alert about a silence of the job's own", lambda: Alert.objects.first())
    assert until + WAIT <= alert.opened_at <= until + WAIT + timedelta(seconds=10)
    calls_in(instance)
    assert Alert.objects.get().state == "resolved"
