"""Beside each page: answered, or no answer; a message handed to a provider is sent, nothing more is claimed."""

import re

from django.test import Client

from tests.harness.carriers import Answer
from tests.harness.world import World
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.reads import alert_detail


def shown(world: World, alert: Alert) -> str:
    browser = Client()
    browser.force_login(world.cast.people["owner"])
    page = browser.get(f"/alerts/{alert.id}").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_the_second_level_acknowledges(world: World) -> None:
    alert = world.fires()
    world.passes(minutes=5)
    world.received()
    before = shown(world, alert)
    assert "Primary (sent to hook, mail)" in before
    assert "reached" not in before
    world.acknowledges("secondary", alert)
    detail = alert_detail(alert.id, ways=world.ways(), now=world.now)
    assert detail is not None
    assert [(page.person, page.is_answered) for page in detail.pages] == [("Primary", False), ("Secondary", True)]
    after = shown(world, alert)
    assert "Primary no answer" in after
    assert "Secondary answered" in after
    assert "called off before it was due, because acknowledged by Secondary" in after
    world.resolves("secondary", alert)


def test_somebody_who_was_not_paged_acknowledges(world: World) -> None:
    alert = world.fires()
    world.received()
    world.acknowledges("manager", alert)
    assert "Primary no answer" in shown(world, alert)
    world.resolves("manager", alert)


def test_a_way_that_comes_sooner_says_why(world: World) -> None:
    world.http.always(Answer(status=400), path="/primary")
    alert = world.fires()
    world.received()
    assert "mail (email) after 60 s, sooner because the way before it failed: handed over" in shown(world, alert)
    world.resolves("primary", alert)
