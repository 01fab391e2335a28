"""Too many requests are refused with the wait; acknowledging has a bucket of its own for each person."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from ninja.errors import Throttled

from tests.harness.api import caller
from tests.harness.world import World
from watchbill.doors import limits
from watchbill.doors.api.auth import TokenAuth


def empties(buckets: limits.Buckets, key: str) -> None:
    import time

    while not buckets.take(key, at=time.monotonic()):
        pass


def test_a_token_that_floods_is_told_to_wait_and_can_still_acknowledge(world: World) -> None:
    alert = world.fires()
    world.received()
    primary = caller(world.cast.people["primary"])
    primary.get("/alerts")  # the first request loads the addresses, while which the buckets would fill again
    empties(limits.API_TOKEN, f"{world.cast.people['primary'].id} test")
    empties(limits.API_ADDRESS, "127.0.0.1")
    answer = primary.ask("GET", "/alerts")
    assert answer.status_code == 429
    assert answer["Content-Type"] == "application/problem+json"
    assert int(answer["Retry-After"]) >= 1
    primary.post(f"/alerts/{alert.number}/acknowledge")
    assert world.fresh(alert).state == "acknowledged"


def test_another_persons_flood_of_acknowledgements_takes_nothing_from_mine(world: World) -> None:
    alert = world.fires()
    world.received()
    secondary = world.cast.people["secondary"]
    caller(secondary).get("/alerts")  # the first request loads the addresses, as above
    empties(limits.API_HANDLING, str(secondary.id))
    assert caller(secondary).ask("POST", f"/alerts/{alert.number}/acknowledge").status_code == 429
    caller(world.cast.people["primary"]).post(f"/alerts/{alert.number}/acknowledge")


def is_turned_away(request: HttpRequest) -> bool:
    """Much sooner than a whole request could tell, so that no bucket fills meanwhile."""
    try:
        assert TokenAuth()(request) is not None
    except Throttled:
        return True
    return False


@pytest.mark.parametrize("scope", ["read", "ingest"])
def test_a_token_that_may_not_acknowledge_wastes_nothing_but_its_own(world: World, scope: str) -> None:
    alert = world.fires()
    world.received()
    primary = world.cast.people["primary"]
    path = f"/alerts/{alert.number}/acknowledge"
    reading = caller(primary, scope=scope)
    assert reading.ask("POST", path).status_code == 403
    request = RequestFactory().post(f"/api/v1{path}", headers={"Authorization": f"Bearer {reading.token}"})
    acting = caller(primary)
    turned_away = [is_turned_away(request) for _ in range(500)]
    assert any(turned_away)
    acting.post(path)
    assert world.fresh(alert).state == "acknowledged"


@pytest.mark.parametrize("token", ["wb_wrong", ""])
def test_strangers_are_refused_sooner(world: World, token: str) -> None:
    stranger = caller(world.cast.people["primary"])
    stranger.token = token
    codes = [stranger.ask("GET", "/alerts").status_code for _ in range(62)]
    assert codes[0] == 401
    assert codes[-1] == 429
    caller(world.cast.people["primary"]).get("/alerts")
