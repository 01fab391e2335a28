"""Slack reaches an instance that nobody can reach from outside: the worker opens the connection, opens it again
whenever it ends, and acknowledges only what is written down.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from tests.harness.slack_world import SlackWorld
from watchbill.chat.slack_events import COMMAND, EVENT
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.warrooms.models import ChatRequest

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_comes_is_written_down_acknowledged_and_done() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.came()
        with world.listens():
            sent = world.slack.sends(COMMAND, world.form("primary", "ack", incident))
            world.slack.waits_until(lambda: sent in world.slack.acknowledged)
        world.settle()
        assert "You are on it" in world.answer()
        assert world.again(incident).acknowledged_by_id == world.cast.people["primary"].id
        world.ends(incident)


@pytest.mark.parametrize("politely", [True, False])
def test_a_connection_that_ends_is_opened_again_and_what_was_said_meanwhile_comes(politely: bool) -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        with world.listens():
            world.slack.waits_until(lambda: world.slack.connections == 1)
            world.slack.disconnects(politely=politely)
            world.slack.waits_until(lambda: world.slack.connections == 2)
            message = {"type": "message", "channel": world.channel(incident).id, "user": world.ids["primary"]}
            sent = world.slack.sends(EVENT, world.event(message | {"text": "still here", "ts": "1.5"}))
            world.slack.waits_until(lambda: sent in world.slack.acknowledged)
        world.settle()
        assert Post.objects.get().text == "still here"
        world.ends(incident)


def test_what_slack_sends_again_because_an_acknowledgement_was_lost_is_done_once() -> None:
    with SlackWorld() as world:
        world.slack.acknowledgements_lost = 1
        with world.listens():
            sent = world.slack.sends(COMMAND, world.form("engineer", "declare sev2 cards fail"))
            world.slack.waits_until(lambda: sent in world.slack.acknowledged)
            world.slack.disconnects(politely=True)
            world.slack.waits_until(lambda: world.slack.acknowledged.count(sent) == 2)
        world.settle()
        assert ChatRequest.objects.count() == 1
        incident = Incident.objects.get()
        world.received()
        world.ends(incident)


def test_what_could_not_be_written_down_is_not_acknowledged_and_comes_again() -> None:
    with SlackWorld() as world:
        away = [True]

        async def database(work: Callable[[], Any]) -> Any:
            if away:
                away.clear()
                raise OperationalError("server closed the connection")
            return await world._beside_the_loop(work)

        with world.listens(database=database):
            sent = world.slack.sends(COMMAND, world.form("engineer", "status"))
            world.slack.waits_until(lambda: sent in world.slack.acknowledged)
        assert world.slack.acknowledged == [sent]
        world.settle()
        assert world.answer() == "No incident is open."


def test_a_token_that_slack_does_not_take_is_said_and_stops_nothing() -> None:
    with SlackWorld() as world:
        world.slack.errors["apps.connections.open"] = ["invalid_auth"]
        with world.listens():
            world.slack.waits_until(lambda: world.slack.connections == 1)
        [line] = [one for one in world.logs if one["event"] == "slack.socket.away"]
        assert "set WATCHBILL_SLACK_APP_TOKEN" in line["why"]
