"""People delete messages in Slack, and workspaces close them to changes: the rest goes on, and no word is lost."""

import pytest

from tests.harness.slack_world import SlackWorld
from watchbill.domain.incidents import ending_actions, room_actions
from watchbill.domain.incidents.models import Incident, Post

pytestmark = pytest.mark.django_db(transaction=True)


def _corrects(world: SlackWorld, name: str, post: Post, text: str, incident: Incident) -> None:
    room_actions.correct(incident_id=incident.id, post_id=post.id, text=text, actor=world.person(name), now=world.now)
    world.settle()


def _cancels(world: SlackWorld, incident: Incident) -> None:
    ending_actions.cancel(incident_id=incident.id, reason="a test", actor=world.person("engineer"), now=world.now)
    world.settle()
    world.received()


def _last_lines(world: SlackWorld, incident: Incident) -> list[str]:
    return [text.splitlines()[-1] for text in world.conversation(incident)]


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_a_correction_that_cannot_be_made_in_its_place_is_said_by_itself(error: str) -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        first = world.writes("engineer", "we roll bakc", incident)
        channel = world.channel(incident)
        if error == "message_not_found":
            del channel.messages[-1]
        else:
            world.slack.errors["chat.update"] = [error] * 9
        _corrects(world, "engineer", first, "we roll back", incident)
        world.writes("commander", "good", incident)  # comes at once
        assert _last_lines(world, incident)[-2:] == ["we roll back", "good"]
        assert "corrected this" in world.conversation(incident)[-2]
        assert world.trouble(incident) == ""
        last = Post.objects.get(replaces=first)
        _corrects(world, "engineer", last, "we rolled back", incident)
        assert _last_lines(world, incident)[-1] == "we rolled back"
        world.slack.errors.clear()
        _cancels(world, incident)
        assert channel.archived


def test_an_answer_to_what_was_deleted_stands_in_the_channel_and_once() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        first = world.writes("engineer", "who looks at the pool?", incident)
        del world.channel(incident).messages[-1]
        world.writes("commander", "I do", incident, thread=first)
        assert _last_lines(world, incident) == ["I do"]
        assert "thread_ts" not in world.channel(incident).messages[-1]
        assert world.trouble(incident) == ""
        world.writes("engineer", "thanks", incident)
        assert _last_lines(world, incident) == ["I do", "thanks"]
        world.ends(incident)


def test_an_answer_outside_of_its_thread_whose_answer_is_lost_stands_there_once() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        first = world.writes("engineer", "who looks at the pool?", incident)
        del world.channel(incident).messages[-1]
        world.slack.lost_when_done["chat.postMessage"] = 1
        world.writes("commander", "I do", incident, thread=first)
        world.passes(minutes=1)
        assert _last_lines(world, incident) == ["I do"]
        world.ends(incident)


def test_a_card_that_was_deleted_is_put_there_again_and_pinned() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        channel = world.channel(incident)
        del channel.messages[0]
        channel.pins.clear()
        world.takes("commander", "incident-commander", incident)
        card = channel.messages[-1]
        assert channel.pins == [card["ts"]]
        assert str(world.cast.people["commander"]) in channel.texts[-1]
        assert world.trouble(incident) == ""
        world.takes("comms", "communications-lead", incident)
        assert str(world.cast.people["comms"]) in channel.texts[-1]
        assert channel.messages[-1]["ts"] == card["ts"]  # changed in its place
        world.ends(incident)


def test_what_slack_never_takes_is_asked_once() -> None:
    with SlackWorld() as world:
        world.slack.errors["chat.postMessage"] = ["invalid_blocks"] * 300  # the card, the rules
        incident = world.declares("sev1")
        assert len(world.slack.called("chat.postMessage")) < 6
        world.slack.errors.clear()
        world.says("primary", "we roll bakc", incident)
        world.slack.errors["chat.postMessage"] = ["msg_too_long"] * 300
        before = len(world.slack.called("chat.postMessage"))
        _corrects(world, "primary", Post.objects.get(), "we roll back", incident)
        assert len(world.slack.called("chat.postMessage")) - before == 1
        world.slack.errors.clear()
        world.writes("engineer", "next", incident)
        assert world.channel(incident).texts[-1].endswith("next")
        world.ends(incident)
