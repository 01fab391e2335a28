"""Whatever one person writes in a chat tool, and whatever is wrong with Watchbill: the others are heard."""

from datetime import timedelta
from typing import Any

import pytest

from tests.harness.slack_world import SlackWorld
from watchbill.chat.slack_events import COMMAND
from watchbill.config import config
from watchbill.doctor.chat import requests_set_aside
from watchbill.doctor.finding import Patient
from watchbill.domain.errands.contract import Errand
from watchbill.domain.errands.models import Errand as ErrandRow
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.warrooms.chat_errand import chat_errands
from watchbill.domain.warrooms.inbox_actions import HEARD
from watchbill.domain.warrooms.models import ChatRequest
from watchbill.doors.callbacks.heard import ChatHeard
from watchbill.engine.chores import Retention, look_again_at_what_waits, remove_chat_requests
from watchbill.engine.following import FollowIncident
from watchbill.ground.http_client import HttpClient

pytestmark = pytest.mark.django_db(transaction=True)
RETENTION = Retention(events=timedelta(days=90))


class BrokenWorld(SlackWorld):
    """With a defect in whatever a command needs."""

    broken = True

    def ways_or_not(self) -> Ways:
        if self.broken:
            raise RuntimeError("a defect")
        return self.ways()

    def build_errands(self, http: HttpClient) -> tuple[Errand[Any], ...]:
        super().build_errands(http)
        base_url = "http://watchbill.example.org"
        return (
            FollowIncident(self.followers()),
            *chat_errands([self.host], base_url=base_url),
            ChatHeard([self.host], ways=self.ways_or_not, base_url=base_url),
        )


def _patient(world: SlackWorld, *, days: int) -> Patient:
    return Patient(now=world.now + timedelta(days=days), settings=config(), ways=world.ways(), kinds={})


def _texts() -> list[str]:
    return list(Post.objects.order_by("written_at", "id").values_list("text", flat=True))


@pytest.mark.parametrize("tier", ["²", "9999", "9" * 5000, "٣", "-1", ""])
def test_a_tier_that_is_no_number_is_refused_and_the_room_goes_on(tier: str) -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        assert "That was not done" in world.commands("commander", f"page tier {tier} somebody is needed", incident)
        world.says("primary", "we roll back", incident)
        assert _texts() == ["we roll back"]
        world.ends(incident)


def test_somebody_with_an_impossible_name_is_heard_at_once_like_everybody() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        vendor = world.slack.has("Ven\0dor", "ven\0dor@elsewhere.example")
        world.says(vendor, "our link is down", incident)
        world.says("primary", "we roll back", incident)
        assert _texts() == ["our link is down", "we roll back"]
        assert Post.objects.get(text="our link is down").author == "Ven\ufffddor (Slack)"
        world.ends(incident)


def test_a_command_that_hits_a_defect_is_set_aside_with_an_answer_and_the_next_message_is_heard() -> None:
    with BrokenWorld() as world:
        incident = world.declares("sev1")
        world.commands("commander", "status", incident)
        world.says("primary", "we roll back", incident)
        world.passes(seconds=13)
        assert _texts() == []
        world.passes(seconds=1)
        assert _texts() == ["we roll back"]
        assert world.answer().startswith("This was not done: Watchbill failed at it")
        assert not ErrandRow.objects.filter(kind=HEARD).exists()
        aside = ChatRequest.objects.get(set_aside_at__isnull=False)
        assert aside.payload["text"] == "status"  # so that somebody can look at it
        world.expects_log("errand.failed")
        world.expects_log("chat.request.set_aside")
        [finding] = requests_set_aside(_patient(world, days=0))
        assert "1 thing that somebody wrote" in finding.what
        assert not list(requests_set_aside(_patient(world, days=8)))
        remove_chat_requests(world.now + timedelta(days=60), RETENTION)
        assert ChatRequest.objects.get() == aside
        remove_chat_requests(world.now + timedelta(days=91), RETENTION)
        assert not ChatRequest.objects.exists()
        world.broken = False
        world.ends(incident)


def test_one_that_cannot_even_be_read_holds_nobody_up() -> None:
    """As a version that is newer may have written it."""
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.says("primary", "first", incident)
        world.pauses(seconds=1)
        lane = ChatRequest.objects.get().lane
        ChatRequest.objects.create(
            host="slack", key="k", lane=lane, payload={"kind": "message", "of_tomorrow": 1}, at=world.now
        )
        world.says("primary", "second", incident)
        world.passes(minutes=1)
        assert _texts() == ["first", "second"]
        for event in ("errand.failed", "chat.request.set_aside", "chat.answer.given_up"):
            world.expects_log(event)
        world.ends(incident)


def test_what_nobody_handled_is_never_removed_and_is_handled_when_its_tool_is_there_again() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.says("primary", "before", incident)
        ChatRequest.objects.update(host="no-tool", answered_at=None, done_at=None)
        payload = ChatRequest.objects.get()
        again = {"kind": "message", "key": "k2", "person": world.ids["primary"], "text": "late words", "ref": "7.7"}
        payload.payload = {**again, "room": world.channel(incident).id}
        payload.save()
        ErrandRow.objects.filter(kind=HEARD).delete()
        world.passes(days=8)
        remove_chat_requests(world.now, RETENTION)
        look_again_at_what_waits(world.now, RETENTION)
        world.settle()
        assert _texts() == ["before"]
        ChatRequest.objects.update(host="slack")
        remove_chat_requests(world.now, RETENTION)
        look_again_at_what_waits(world.now, RETENTION)
        world.settle()
        assert _texts() == ["before", "late words"]
        world.received()
        world.ends(incident)


def test_what_was_to_be_done_a_week_ago_is_not_done_and_whoever_asked_is_told() -> None:
    with SlackWorld() as world:
        world.hears(COMMAND, world.form("engineer", "status"))
        ErrandRow.objects.filter(kind=HEARD).delete()
        request = ChatRequest.objects.get()
        request.payload = {"kind": "command", "key": "k", "person": world.ids["engineer"], "text": "declare sev1 old"}
        request.payload |= {"answer_to": f"{world.slack.url}/answer/9"}
        request.answered_at = request.done_at = None
        request.save()
        world.passes(days=8)
        remove_chat_requests(world.now, RETENTION)
        look_again_at_what_waits(world.now, RETENTION)
        world.settle()
        assert not Incident.objects.exists()
        assert "was not done. Ask again" in world.answer()
