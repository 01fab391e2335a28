"""A world of incidents with a Slack workspace beside it, in which everybody has an account but the onlookers."""

from functools import partial
from typing import Any

from tests.harness.incident_world import IncidentWorld
from tests.harness.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Channel, FakeSlack
from tests.harness.world import START
from watchbill.chat.slack import SlackHost, SlackSettings
from watchbill.domain.errands.contract import Errand
from watchbill.domain.errands.models import Errand as ErrandRow
from watchbill.domain.incidents import actions, room_actions
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.warrooms.actions import CHAT, follow
from watchbill.domain.warrooms.chat_errand import chat_errands
from watchbill.domain.warrooms.models import ChatRoom
from watchbill.engine.following import Follower, FollowIncident
from watchbill.ground.http_client import HttpClient

_slack: FakeSlack | None = None


def slack_server() -> FakeSlack:
    """Started once per process; each world empties it."""
    global _slack
    if _slack is None:
        _slack = FakeSlack(now=lambda: START)
        _slack.start()
    _slack.clear()
    return _slack


class SlackWorld(IncidentWorld):
    def __enter__(self) -> "SlackWorld":
        self.slack = slack_server()
        self.slack.now = self.clock.now
        super().__enter__()
        self.ids = {
            name: self.slack.has(user.name, user.email) for name, user in self.cast.people.items() if name != "onlooker"
        }
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        super().__exit__(kind, *rest)
        if kind is None:
            assert not self.slack.faults, self.slack.faults

    def build_errands(self, http: HttpClient) -> tuple[Errand[Any], ...]:
        settings = SlackSettings(
            bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SIGNING_SECRET, api_url=self.slack.api_url
        )
        self.host = SlackHost(http=http, settings=settings)
        return (FollowIncident(self.followers()), *chat_errands([self.host], base_url="http://watchbill.example.org"))

    def followers(self) -> tuple[Follower, ...]:
        return (partial(follow, hosts=[self.host]),)

    # What happens

    def writes(self, name: str, text: str, incident: Incident, *, thread: Post | None = None) -> Post:
        post = room_actions.write(
            incident_id=incident.id,
            text=text,
            actor=self.person(name),
            now=self.now,
            thread=thread.id if thread is not None else None,
        )
        self.settle()
        return post

    def opens_the_room(self, name: str, incident: Incident) -> None:
        actions.open_room(incident_id=incident.id, actor=self.person(name), ways=self.ways(), now=self.now)
        self.settle()

    # What came of it

    def room(self, incident: Incident) -> ChatRoom:
        return ChatRoom.objects.filter(incident=incident).latest("part")

    def channel(self, incident: Incident) -> Channel:
        return self.slack.channels[self.room(incident).external_id or ""]

    def conversation(self, incident: Incident) -> list[str]:
        """What people wrote, as the channel shows it: without the card and the rules."""
        return self.channel(incident).texts[2:]

    def trouble(self, incident: Incident) -> str:
        room = self.room(incident)
        late = ErrandRow.objects.filter(kind=CHAT, subject_id=room.id).values_list("last_error", flat=True)
        return "; ".join([*filter(None, late), *(one["why"] for one in room.troubles.values())])
