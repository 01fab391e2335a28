"""Failover: whoever asks meanwhile is told to come again, in the shape of every error, and then it is done."""

import json

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.harness.api import caller
from tests.harness.cast import Cast
from tests.harness.sender import Door
from tests.harness.takeover import takes_no_writes
from tests.harness.world import World
from watchbill.doors.health import _database_trouble


def is_told_to_come_again(answer: HttpResponse) -> bool:
    return answer.status_code == 503 and int(answer["Retry-After"]) >= 1


def test_a_token_is_told_to_come_again(world: World) -> None:
    alert = world.fires()
    world.received()
    primary = caller(world.cast.people["primary"])
    path = f"/alerts/{alert.number}/acknowledge"
    with takes_no_writes():
        answer = primary.ask("POST", path)
    assert is_told_to_come_again(answer), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["title"] == "Not available"
    primary.post(path)
    assert world.fresh(alert).state == "acknowledged"
    world.expects_log("api.database_away")


def test_a_browser_is_told_to_come_again(world: World) -> None:
    alert = world.fires()
    world.received()
    browser = Client(raise_request_exception=False)
    browser.force_login(world.cast.people["primary"])
    path = f"/alerts/{alert.id}/acknowledge"
    with takes_no_writes():
        answer = browser.post(path)
    assert is_told_to_come_again(answer), answer.content
    assert "The database" in answer.content.decode()
    assert browser.post(path).status_code == 302


@pytest.mark.parametrize("path", ["/v2/enqueue"])
def test_a_sender_is_told_to_come_again(door: Door, cast: Cast, path: str) -> None:
    body = {
        "routing_key": "R0123456789abcdef0123456789abcde",
        "event_action": "trigger",
        "dedup_key": "disk",
        "payload": {"summary": "disk", "source": "db-1", "severity": "critical"},
    }
    with takes_no_writes():
        refused = door.send(path, body)
    assert refused.status == 503
    assert door.send(path, body).status == 202


def test_such_an_instance_takes_no_work(world: World) -> None:
    with takes_no_writes():
        assert "no writes" in _database_trouble()
    assert _database_trouble() == ""
