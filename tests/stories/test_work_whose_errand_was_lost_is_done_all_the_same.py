"""Whatever waits for an errand that is not there any more, by whatever defect, is found within the hour and done."""

from datetime import timedelta

import pytest

from tests.harness.bridge_hosts import FakeZoom
from tests.harness.bridge_world import BridgeWorld
from tests.harness.communications_world import CommunicationsWorld
from tests.harness.event_world import EventWorld
from tests.harness.slack_world import SlackWorld
from tests.harness.status_page_world import StatusPageWorld
from tests.harness.world import World
from watchbill.bridges.zoom import ZoomMaker, ZoomSettings
from watchbill.chat.slack_events import EVENT, parse
from watchbill.domain.bridges.models import Meeting
from watchbill.domain.errands.models import Errand
from watchbill.domain.incidents import room_actions
from watchbill.domain.incidents.models import Post
from watchbill.domain.status_page.subscriber_actions import subscribe_email
from watchbill.domain.warrooms.inbox_actions import take_in
from watchbill.engine.chores import CHORES, Retention

pytestmark = pytest.mark.django_db(transaction=True)

[_CHORE] = [one for one in CHORES if one.name == "waiting-work"]


def _is_lost_and_found(world: World, *kinds: str) -> None:
    lost = Errand.objects.filter(kind__in=kinds)
    assert {one.kind for one in lost} == set(kinds)
    lost.delete()
    world.settle()
    _CHORE.run(world.now, Retention(events=timedelta(days=90)))
    world.settle()


def test_a_letter(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers("anna@customer.example")
    incident = world.declares("sev1")
    world.publishes_only(world.drafts(incident, "customer-email"))
    _is_lost_and_found(world, "communications.mail")
    world.letters_go_to("anna@customer.example")
    world.ends(incident)


def test_a_room_in_a_chat_tool_and_what_was_written_there() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        room_actions.write(incident_id=incident.id, text="from here", actor=world.person("engineer"), now=world.now)
        world._runner.run(world.errands.tick())  # the follower asks for the room to be looked at
        message = {"type": "message", "channel": world.channel(incident).id, "user": world.ids["primary"]}
        heard = parse(EVENT, world.event(message | {"text": "from there", "ts": "1.5"}))
        assert heard is not None
        take_in("slack", heard, now=world.now)
        _is_lost_and_found(world, "warroom.chat", "warroom.heard")
        assert world.conversation(incident)[-1].endswith("from here")
        assert Post.objects.filter(text="from there").exists()
        world.ends(incident)


def test_an_event_for_an_endpoint() -> None:
    with EventWorld() as world:
        _, secret = world.listens()
        incident = world.declares_only("sev1")
        world._runner.run(world.errands.tick())
        assert world.state() == ["pending"]
        _is_lost_and_found(world, "event-hook.deliver")
        assert set(world.state()) == {"delivered"}
        assert world.told("hub", secret)
        world.received()
        world.ends(incident)


def test_a_notice_for_a_subscriber() -> None:
    with StatusPageWorld() as world:
        subscribe_email("anna@example.com", now=world.now)
        _is_lost_and_found(world, "status_page.tell")
        came = world.mail.mails[world._mails_seen :]
        world._mails_seen = len(world.mail.mails)
        assert [mail.recipients for mail in came] == [("anna@example.com",)]


def test_a_meeting() -> None:
    with FakeZoom() as zoom:
        settings = ZoomSettings(
            account_id="account", client_id="client", client_secret="s3cret", url=zoom.url, api_url=zoom.url
        )
        with BridgeWorld(lambda http: ZoomMaker(settings, http=http)) as world:
            incident = world.declares_only("sev1")
            world.engine.tick(now=world.now)
            world._runner.run(world.errands.tick())
            _is_lost_and_found(world, "bridge.make")
            assert Meeting.objects.get().state == "made"
            world.received()
            world.ends(incident)
