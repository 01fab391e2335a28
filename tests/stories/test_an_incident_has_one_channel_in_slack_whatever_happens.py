"""A channel is opened as the process says, holds what people need, and is one, whatever fails on the way."""

from datetime import timedelta

import pytest

from tests.harness.slack import BOT, Channel
from tests.harness.slack_world import SlackWorld
from watchbill.domain.incidents import ending_actions, room_actions
from watchbill.domain.incidents.models import Insider
from watchbill.domain.warrooms.models import ChatRoom, RoomMember, RoomState

pytestmark = pytest.mark.django_db(transaction=True)

# A channel, its topic, card, pin and rules: the calls that matter when one of them gets lost.
_MAKING = ["conversations.create", "conversations.invite", "conversations.setTopic", "chat.postMessage", "pins.add"]


def _whole(channel: Channel) -> None:
    """One card, pinned, and the rules once."""
    assert sum("The incident in Watchbill" in text for text in channel.texts) == 1
    assert sum("How this room is used" in text for text in channel.texts) == 1
    assert channel.pins == [channel.messages[0]["ts"]]


def test_a_sev1_gets_its_channel_at_once() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1", title="Checkout: cards & more <fail>")
        world.came()
        channel = world.slack.channel("incident-2026-03-02-checkout-cards-more-fail")
        assert not channel.is_private
        assert channel.topic.startswith("SEV1 · Open · Commander: nobody yet · #")
        _whole(channel)
        card = channel.texts[0]
        assert "Checkout: cards &amp; more &lt;fail&gt;" in card
        assert "*Severity:* SEV1" in card
        assert "[Acknowledge]" in card
        assert "[Take role: Incident commander]" in card
        assert "[Post update]" in card
        assert f"<http://watchbill.example.org/incidents/{incident.number}|" in card
        assert {world.ids["primary"], world.ids["commander"], world.ids["engineer"]} <= set(channel.members)
        assert world.room(incident).url == f"https://acme.slack.com/archives/{channel.id}"
        assert "incident.chat_room_opened" in world.happened(incident)
        world.ends(incident)


def test_a_sev2_gets_one_when_somebody_opens_the_room_and_a_sev3_none() -> None:
    with SlackWorld() as world:
        second, third = world.declares("sev2"), world.declares("sev3")
        assert world.slack.channels == {}
        world.opens_the_room("engineer", second)
        assert len(world.slack.channels) == 1
        world.received()
        for one in (second, third):
            world.ends(one)


def test_topic_and_card_follow_the_incident_and_the_card_is_changed_in_its_place() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.takes("commander", "incident-commander", incident)
        world.answers("primary", incident)
        channel = world.channel(incident)
        assert f"Commander: {world.cast.people['commander'].name}" in channel.topic
        assert "[Take role: Incident commander]" not in channel.texts[0]
        assert f"*Incident commander:* {world.cast.people['commander'].name}" in channel.texts[0]
        ending_actions.mitigate(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
        world.settle()
        assert "SEV1 · Mitigated" in channel.topic
        _whole(channel)
        world.ends(incident)


def test_two_incidents_of_one_title_on_one_day_have_two_channels() -> None:
    with SlackWorld() as world:
        first, second = world.declares("sev1"), world.declares("sev1")
        assert [one.name for one in world.slack.channels.values()] == [
            "incident-2026-03-02-checkout-is-down",
            "incident-2026-03-02-checkout-is-down-2",
        ]
        assert world.room(first).external_id != world.room(second).external_id
        world.received()
        for one in (first, second):
            world.ends(one)


@pytest.mark.parametrize("method", _MAKING)
def test_an_answer_that_is_lost_makes_nothing_twice(method: str) -> None:
    with SlackWorld() as world:
        world.slack.lost[method] = 2 if method != "pins.add" else 1
        incident = world.declares("sev1")
        world.passes(minutes=1)
        assert len(world.slack.channels) == 1
        assert ChatRoom.objects.get().state == RoomState.MADE
        _whole(world.channel(incident))
        world.ends(incident)


def test_a_lost_channel_is_not_taken_for_that_of_another_incident() -> None:
    with SlackWorld() as world:
        world.slack.lost["conversations.create"] = 1
        first = world.declares("sev1")
        second = world.declares("sev1")
        world.passes(minutes=1)
        assert len(world.slack.channels) == 2
        assert {world.room(one).external_id for one in (first, second)} == set(world.slack.channels)
        world.ends(first)
        world.ends(second)


@pytest.mark.parametrize(("members", "rooms"), [(["U0007"], 61), (["U0007", BOT], 61)])
def test_a_lost_channel_among_many_is_found_or_waited_for_and_never_made_twice(members: list[str], rooms: int) -> None:
    """The server's pages are small: so many channels are more than are looked at where all of them are the app's."""
    with SlackWorld() as world:
        for number in range(60):
            other = Channel(f"A{number:04}", f"other-{number}", False, 0, members=list(members))
            world.slack.channels[other.id] = other
        world.slack.lost["conversations.create"] = 1
        incident = world.declares("sev1")
        world.passes(minutes=1)
        assert len(world.slack.channels) == rooms
        if BOT in members:
            assert "what was lost is not found" in world.trouble(incident)
            for number in range(60):
                del world.slack.channels[f"A{number:04}"]
            world.passes(minutes=5)
        assert world.trouble(incident) == ""
        assert world.room(incident).state == RoomState.MADE
        world.ends(incident)


def test_a_channel_of_that_name_that_is_not_ours_is_left_alone() -> None:
    with SlackWorld() as world:
        theirs = Channel("C9", "incident-2026-03-02-checkout-is-down", False, 0, creator="U0007")
        world.slack.channels["C9"] = theirs
        world.slack.lost["conversations.create"] = 1
        incident = world.declares("sev1")
        world.passes(minutes=1)
        assert world.channel(incident).name == "incident-2026-03-02-checkout-is-down-2"
        assert theirs.messages == []
        world.ends(incident)


def test_slack_is_away_for_an_hour_and_then_everything_is_there_once_and_in_order() -> None:
    with SlackWorld() as world:
        world.slack.down = True
        incident = world.declares("sev1")
        assert {"primary", "commander"} <= set(world.came())
        first = world.writes("engineer", "the database is at its limit", incident)
        world.writes("primary", "I look at the pool", incident, thread=first)
        for minute in range(6):
            world.passes(minutes=10)
            world.writes("engineer", f"minute {minute}0", incident)
        assert "broke off" in world.trouble(incident)
        world.received()
        world.slack.down = False
        world.passes(minutes=6)
        assert len(world.slack.channels) == 1
        assert world.trouble(incident) == ""
        assert [text.splitlines()[-1] for text in world.conversation(incident)] == [
            "the database is at its limit",
            "I look at the pool",
            *(f"minute {minute}0" for minute in range(6)),
        ]
        assert world.cast.people["primary"].name in world.conversation(incident)[1]
        messages = world.channel(incident).messages
        assert messages[3]["thread_ts"] == messages[2]["ts"]
        world.ends(incident)


def test_a_message_whose_answer_is_lost_stands_there_once() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.slack.lost["chat.postMessage"] = 1
        first = world.writes("engineer", "once", incident)
        world.passes(minutes=1)
        world.slack.lost["chat.postMessage"] = 1
        world.writes("engineer", "and this, in its thread", incident, thread=first)
        world.passes(minutes=1)
        assert [text.splitlines()[-1] for text in world.conversation(incident)] == ["once", "and this, in its thread"]
        world.ends(incident)


def test_a_message_has_its_authors_role_and_a_correction_is_shown_in_its_place() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.takes("commander", "incident-commander", incident)
        post = world.writes("commander", "we roll bakc", incident)
        room_actions.correct(
            incident_id=incident.id,
            post_id=post.id,
            text="we roll back",
            actor=world.person("commander"),
            now=world.now,
        )
        world.settle()
        assert world.conversation(incident) == [f"*IC: {world.cast.people['commander'].name}*\nwe roll back"]
        room_actions.post_update(
            incident_id=incident.id, text="half are back", actor=world.person("comms"), now=world.now
        )
        world.settle()
        assert world.conversation(incident)[-1].startswith("*Status update by ")
        world.ends(incident)


def test_hostile_text_calls_nobody_and_stays_within_what_slack_takes() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1", title="<!channel> <@U0001> &" * 13)
        world.writes("engineer", "<!here> <@U0001> @channel *all* `x` " + "&" * 9000, incident)
        text = world.conversation(incident)[0]
        assert "&lt;!here&gt; &lt;@U0001&gt;" in text
        assert text.count("&amp;") == 9000
        world.ends(incident)  # the server would have told of every mention and of everything too long


def test_a_missing_scope_is_said_with_its_remedy_and_the_rest_goes_on() -> None:
    with SlackWorld() as world:
        world.slack.scopes.discard("pins:write")
        incident = world.declares("sev1")
        world.writes("engineer", "still said", incident)
        assert "lacks the scope pins:write" in world.trouble(incident)
        assert world.conversation(incident) != []
        world.slack.scopes.add("pins:write")
        world.passes(minutes=6)
        _whole(world.channel(incident))
        assert world.trouble(incident) == ""
        world.ends(incident)


def test_a_method_that_was_told_to_wait_waits_that_long_and_the_others_do_not() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        end = world.now + timedelta(seconds=30)
        world.slack.limits("chat.postMessage", until=end, seconds=30)
        world.writes("engineer", "one", incident)
        world.takes("commander", "incident-commander", incident)
        assert "Commander: nobody" not in world.channel(incident).topic
        world.writes("engineer", "two", incident)
        world.passes(seconds=29)
        asked = [at for name, _, at in world.slack.calls if name == "chat.postMessage" and at > incident.declared_at]
        assert asked == []
        assert len(world.slack.called("chat.postMessage")) == 3  # card, rules, and the one that was turned away
        world.passes(minutes=5)
        assert [text.splitlines()[-1] for text in world.conversation(incident)] == ["one", "two"]
        world.ends(incident)


def test_who_is_not_in_slack_is_named_and_holds_nobody_up() -> None:
    with SlackWorld() as world:
        del world.slack.users[world.ids["primary"]]
        world.slack.users[world.ids["commander"]]["is_restricted"] = True
        incident = world.declares("sev1")
        members = {one.user.name: one for one in RoomMember.objects.select_related("user")}
        assert "nobody in Slack has this address" in members[world.cast.people["primary"].name].why
        assert "guest" in members[world.cast.people["commander"].name].why
        assert world.ids["engineer"] in world.channel(incident).members
        world.ends(incident)


def test_after_closing_the_channel_is_archived_and_reopening_opens_it_again() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        ending_actions.cancel(incident_id=incident.id, reason="a test", actor=world.person("engineer"), now=world.now)
        world.settle()
        channel = world.channel(incident)
        assert channel.archived
        assert "*Status:* Cancelled" in channel.texts[0]
        ending_actions.reopen(incident_id=incident.id, reason="no test", actor=world.person("engineer"), now=world.now)
        world.writes("engineer", "it is real", incident)
        assert not channel.archived
        assert len(world.slack.channels) == 1
        assert world.conversation(incident)[-1].endswith("it is real")
        world.ends(incident)


def test_where_slack_does_not_open_it_again_the_incident_goes_on_in_another_one() -> None:
    with SlackWorld() as world:
        world.slack.unarchives = False
        incident = world.declares("sev1")
        world.writes("engineer", "before", incident)
        first = world.channel(incident)
        ending_actions.cancel(incident_id=incident.id, reason="a test", actor=world.person("engineer"), now=world.now)
        world.settle()
        world.passes(minutes=1)
        ending_actions.reopen(incident_id=incident.id, reason="no test", actor=world.person("engineer"), now=world.now)
        world.writes("engineer", "after", incident)
        second = world.channel(incident)
        assert second.name == f"{first.name}-2"
        assert f"<https://acme.slack.com/archives/{first.id}|The room before this one>" in second.texts[0]
        assert [text.splitlines()[-1] for text in world.conversation(incident)] == ["after"]
        world.ends(incident)


def test_a_restricted_incident_has_a_private_channel_with_those_who_may_see_it() -> None:
    canary = "Zq7-canary"
    with SlackWorld() as world:
        people = world.cast.people
        incident = world.declares("sev1", title=f"{canary} breach", restricted=True, insiders=(people["lead"].id,))
        world.writes("engineer", f"{canary} in the vault", incident)
        channel = world.channel(incident)
        assert channel.is_private
        assert channel.name == f"incident-2026-03-02-{incident.number}"
        assert {world.ids["engineer"], world.ids["lead"], world.ids["primary"]} <= set(channel.members)
        inside = set(Insider.objects.filter(incident=incident).values_list("user_id", flat=True))
        assert set(channel.members) == {BOT, *(world.ids[name] for name in world.ids if people[name].id in inside)}
        open_ones = world.declares("sev1")
        for one in world.slack.channels.values():
            assert one is channel or canary not in repr(one)
        for one in (incident, open_ones):
            world.ends(one)
