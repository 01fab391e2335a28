"""The pinned card in the chat tool holds the incident's bridge, and the one that comes after it."""

import pytest

from tests.harness.slack_world import SlackWorld
from watchbill.domain.bridges.actions import Choice, GiveBridge, change
from watchbill.domain.bridges.pool_actions import add_bridge
from watchbill.domain.bridges.rules import BridgeDraft
from watchbill.engine.following import Follower

pytestmark = pytest.mark.django_db(transaction=True)


class TalkingWorld(SlackWorld):
    def followers(self) -> tuple[Follower, ...]:
        return (*super().followers(), GiveBridge())

    def keeps(self, draft: BridgeDraft) -> None:
        add_bridge(draft, actor=self.person("manager"), now=self.now)


def test_link_number_and_pin_stand_on_the_card_and_follow_a_change() -> None:
    with TalkingWorld() as world:
        world.keeps(BridgeDraft(name="Main <bridge>", kind="zoom", url="https://zoom.us/j/1?pwd=a&b=c"))
        world.keeps(BridgeDraft(name="Conference", kind="phone", phone="+49 30 1234567", pin="4711"))
        incident = world.declares("sev1")
        world.came()
        channel = world.channel(incident)
        assert "<https://zoom.us/j/1?pwd=a&amp;b=c|Join Main &lt;bridge&gt;>" in channel.texts[0]
        assert "*Dial:* +49 30 1234567, PIN 4711#" in channel.texts[0]
        other = Choice(url="https://meet.example.org/other")
        change(incident_id=incident.id, choice=other, reason="no sound", actor=world.person("engineer"), now=world.now)
        world.settle()
        assert "<https://meet.example.org/other|" in channel.texts[0]
        assert "zoom.us" not in channel.texts[0]
        assert channel.pins == [channel.messages[0]["ts"]]
        world.ends(incident)
