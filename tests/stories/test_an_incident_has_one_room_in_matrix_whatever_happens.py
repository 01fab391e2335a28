"""On a real homeserver: a room is opened as the process says, holds what people need, and is one, whatever fails."""

from collections.abc import Iterator

import pytest

from tests.harness.matrix_world import MatrixWorld
from tests.harness.synapse import SERVER_NAME, is_installed
from watchbill.domain.bridges.actions import Choice, change
from watchbill.domain.bridges.pool_actions import add_bridge
from watchbill.domain.bridges.rules import BridgeDraft
from watchbill.domain.incidents import ending_actions, room_actions
from watchbill.domain.incidents.models import Incident, Insider
from watchbill.domain.warrooms.models import RoomMember, RoomState

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not is_installed(), reason="Synapse is not installed: make lab"),
    pytest.mark.django_db(transaction=True),
]

NAME = "incident-2026-03-02-checkout-is-down"


@pytest.fixture
def world() -> Iterator[MatrixWorld]:
    with MatrixWorld() as made:
        yield made


def _is_whole(world: MatrixWorld, incident: Incident) -> None:
    """One room, one card, pinned, and the rules once."""
    texts = world.texts(incident)
    assert len(world.rooms_made()) == 1
    assert sum("The incident in Watchbill" in text for text in texts) == 1
    assert sum("How this room is used" in text for text in texts) == 1
    assert world.state(incident, "m.room.pinned_events")["pinned"] == [world.events(incident)[0]["event_id"]]
    assert world.trouble(incident) == ""


def test_a_sev1_gets_its_room_at_once(world: MatrixWorld) -> None:
    incident = world.declares("sev1", title="Checkout: cards & more <b>fail</b>")
    world.came()
    room = world.room(incident)
    assert room.external_id == world.alias("incident-2026-03-02-checkout-cards-more-b-fail-b")
    assert world.state(incident, "m.room.name")["name"] == "incident-2026-03-02-checkout-cards-more-b-fail-b"
    assert room.url == f"https://matrix.to/#/#incident-2026-03-02-checkout-cards-more-b-fail-b:{SERVER_NAME}"
    assert world.state(incident, "m.room.topic")["topic"].startswith("SEV1 · Open · Commander: nobody yet · #")
    assert world.state(incident, "m.room.join_rules")["join_rule"] == "invite"
    _is_whole(world, incident)
    card = world.events(incident)[0]["content"]
    assert "Checkout: cards &amp; more &lt;b&gt;fail&lt;/b&gt;" in card["formatted_body"]
    assert "<strong>Severity:</strong> SEV1" in card["formatted_body"]
    assert f'<a href="http://watchbill.example.org/incidents/{incident.number}">' in card["formatted_body"]
    assert "Say here: !watchbill ack, !watchbill role incident-commander, " in card["body"]
    assert "!watchbill update <text>" in card["body"]
    invited = world.memberships(incident)
    assert {invited[name] for name in ("primary", "commander", "engineer")} == {"invite"}
    assert "incident.chat_room_opened" in world.happened(incident)
    world.ends(incident)


def test_topic_and_card_follow_the_incident_and_its_bridge(world: MatrixWorld) -> None:
    add_bridge(
        BridgeDraft(name="Main", kind="zoom", url="https://zoom.us/j/1?pwd=a&b=c"),
        actor=world.person("manager"),
        now=world.now,
    )
    incident = world.declares("sev1")
    world.takes("commander", "incident-commander", incident)
    world.answers("primary", incident)
    commander = world.cast.people["commander"].name
    assert f"Commander: {commander}" in world.state(incident, "m.room.topic")["topic"]
    card = world.events(incident)[0]["content"]
    assert f"Incident commander: {commander}" in card["body"]
    assert '<a href="https://zoom.us/j/1?pwd=a&amp;b=c">Join Main</a>' in card["formatted_body"]
    assert "role incident-commander" not in card["body"]
    other = Choice(url="https://meet.example.org/other")
    change(incident_id=incident.id, choice=other, reason="no sound", actor=world.person("engineer"), now=world.now)
    ending_actions.mitigate(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
    world.settle()
    card = world.events(incident)[0]["content"]
    assert "https://meet.example.org/other" in card["body"]
    assert "zoom.us" not in card["body"]
    assert "SEV1 · Mitigated" in world.state(incident, "m.room.topic")["topic"]
    _is_whole(world, incident)
    world.ends(incident)


def test_two_incidents_of_one_title_on_one_day_have_two_rooms(world: MatrixWorld) -> None:
    first, second = world.declares("sev1"), world.declares("sev1")
    assert world.room(first).external_id == world.alias(NAME)
    assert world.room(second).external_id == world.alias(f"{NAME}-2")
    assert world.state(second, "m.room.name")["name"] == f"{NAME}-2"
    for one in (first, second):
        world.ends(one)


@pytest.mark.parametrize(
    "call",
    [
        "POST .*/createRoom",
        "POST .*/invite",
        "PUT .*/m.room.topic",
        "PUT .*/send/m.room.message",
        "PUT .*/m.room.pinned_events",
    ],
)
def test_an_answer_that_is_lost_makes_nothing_twice(world: MatrixWorld, call: str) -> None:
    world.wire.lost[call] = 2 if "pinned" not in call and "topic" not in call else 1
    incident = world.declares("sev1")
    world.takes("commander", "incident-commander", incident)
    world.passes(minutes=2)
    assert world.wire.lost[call] == 0
    assert world.room(incident).state == RoomState.MADE
    assert world.room(incident).external_id == world.alias(NAME)
    _is_whole(world, incident)
    world.ends(incident)


def test_a_room_of_that_name_that_is_not_ours_is_left_alone(world: MatrixWorld) -> None:
    theirs = world.does("lead", "POST", "/createRoom", {"room_alias_name": NAME})["room_id"]
    incident = world.declares("sev1")
    assert world.room(incident).external_id == world.alias(f"{NAME}-2")
    assert world.alias(NAME) == theirs
    assert theirs not in world.rooms_made()
    world.ends(incident)


def test_the_homeserver_is_away_and_then_everything_is_there_once_and_in_order(world: MatrixWorld) -> None:
    world.wire.down = True
    incident = world.declares("sev1")
    assert {"primary", "commander"} <= set(world.came())
    first = world.writes("engineer", "the database is at its limit", incident)
    world.writes("primary", "I look at the pool", incident, thread=first)
    for minute in range(6):
        world.passes(minutes=10)
        world.writes("engineer", f"minute {minute}0", incident)
    assert "broke off" in world.trouble(incident)
    world.received()
    world.wire.down = False
    world.passes(minutes=6)
    _is_whole(world, incident)
    said = [text.splitlines()[-1] for text in world.conversation(incident)]
    assert said == ["the database is at its limit", "I look at the pool", *(f"minute {one}0" for one in range(6))]
    threaded = world.events(incident)[3]["content"]["m.relates_to"]
    assert threaded["rel_type"] == "m.thread"
    assert threaded["event_id"] == world.events(incident)[2]["event_id"]
    world.received()
    world.ends(incident)


def test_a_message_whose_answer_is_lost_stands_there_once_even_when_the_account_signed_in_anew(
    world: MatrixWorld,
) -> None:
    incident = world.declares("sev1")
    world.wire.lost["PUT .*/send/m.room.message"] = 1
    world.writes("engineer", "the pool is empty", incident)
    world.host.account.api._token = world.synapse.signs_in(
        world.me
    )  # transactions of the former one are not known to it
    world.passes(minutes=1)
    assert [text.splitlines()[-1] for text in world.conversation(incident)] == ["the pool is empty"]
    world.ends(incident)


def test_a_correction_is_shown_in_its_place(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    post = world.writes("engineer", "the pol is empty", incident)
    room_actions.correct(
        incident_id=incident.id,
        post_id=post.id,
        text="the pool is empty",
        actor=world.person("engineer"),
        now=world.now,
    )
    world.settle()
    assert [text.splitlines()[-1] for text in world.conversation(incident)] == ["the pool is empty"]
    world.ends(incident)


def test_hostile_text_calls_nobody_and_stays_within_what_matrix_takes(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    rude = f"@room {world.ids['primary']} <img src=x onerror=alert(1)> <a href='https://evil.example.org'>x</a>"
    world.writes("engineer", rude, incident)
    world.writes("engineer", "&" * 10_000, incident)
    world.writes("engineer", "\U0001f525" * 10_000, incident)
    shown = [event["content"] for event in world.events(incident)[2:]]
    assert [one["m.mentions"] for one in shown] == [{}, {}, {}]
    assert "<img" not in shown[0]["formatted_body"]
    assert "<a " not in shown[0]["formatted_body"]
    assert shown[1]["body"].count("&") == 10_000
    assert shown[2]["body"].count("\U0001f525") == 10_000
    assert world.trouble(incident) == ""
    world.ends(incident)


def test_a_homeserver_that_asks_to_wait_is_waited_for(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    world.synapse.limits(world.me, per_second=1, burst=1)
    for number in range(4):
        world.writes("engineer", f"message {number}", incident)
    assert "asked us to wait" in world.trouble(incident)
    asked = len(world.wire.requests)
    world.takes("commander", "incident-commander", incident)
    assert len(world.wire.requests) == asked  # the homeserver counts all that the account does
    world.synapse.limits(world.me, per_second=0, burst=0)
    world.passes(minutes=2)
    assert [text.splitlines()[-1] for text in world.conversation(incident)] == [f"message {one}" for one in range(4)]
    assert world.trouble(incident) == ""
    world.ends(incident)


def test_a_token_that_is_not_taken_is_said_with_its_remedy(world: MatrixWorld) -> None:
    right, world.host.account.api._token = world.host.account.api._token, "syt_wrong"
    incident = world.declares("sev1")
    assert "WATCHBILL_MATRIX_ACCESS_TOKEN" in world.trouble(incident)
    world.came()
    world.host.account.api._token = right
    world.passes(minutes=6)
    _is_whole(world, incident)
    world.received()
    world.ends(incident)


def test_who_is_not_in_matrix_is_named_and_holds_nobody_up(world: MatrixWorld) -> None:
    world.synapse.has("engineer", "")
    incident = world.declares("sev1")
    missing = RoomMember.objects.exclude(state="in").get()
    assert missing.user == world.cast.people["engineer"]
    assert missing.why == "nobody in Matrix has this address; invite them by hand"
    assert world.memberships(incident)["primary"] == "invite"
    world.ends(incident)


def test_people_are_found_by_their_names_where_the_organization_says_so() -> None:
    with MatrixWorld(mail_domain="example.org") as world:
        world.cast.people["lead"].email = "lead@elsewhere.example.com"
        world.cast.people["lead"].save()
        incident = world.declares("sev1")
        assert world.memberships(incident)["primary"] == "invite"
        assert not world.wire.asked("_synapse/admin.*primary")
        world.ends(incident)


def test_after_closing_nobody_writes_there_and_reopening_lets_them_again(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    world.joins("primary", incident)
    ending_actions.cancel(incident_id=incident.id, reason="a test", actor=world.person("engineer"), now=world.now)
    world.settle()
    assert world.room(incident).state == RoomState.ARCHIVED
    assert "incident.chat_room_archived" in world.happened(incident)
    assert "Status: Cancelled" in world.texts(incident)[0]
    assert world.tries_to_say("primary", "too late", incident) == 403
    world.passes(minutes=1)
    ending_actions.reopen(incident_id=incident.id, reason="no test", actor=world.person("engineer"), now=world.now)
    world.writes("engineer", "it is real", incident)
    assert world.tries_to_say("primary", "I am back", incident) == 200
    assert len(world.rooms_made()) == 1
    assert "it is real" in world.conversation(incident)[-2]
    world.ends(incident)


def test_a_restricted_incident_has_a_room_of_its_insiders_alone(world: MatrixWorld) -> None:
    incident = world.declares("sev1", restricted=True, title="An insider steals")
    assert world.state(incident, "m.room.name")["name"] == f"incident-2026-03-02-{incident.number}"
    insiders = set(Insider.objects.filter(incident=incident).values_list("user__email", flat=True))
    there = set(world.memberships(incident)) - {"watchbill"}
    assert {world.cast.people[name].email for name in there} == insiders
    created = world.state(incident, "m.room.create")
    assert created["m.federate"] is False
    assert world.state(incident, "m.room.power_levels")["invite"] == 50
    world.ends(incident)


def test_the_doctor_says_why_nobody_can_be_found_or_nothing_be_made(world: MatrixWorld) -> None:
    assert world.complaints() == ()
    world.host.account.api._token = world.synapse.new_account()[1]
    assert "WATCHBILL_MATRIX_MAIL_DOMAIN" in world.complaints()[0]
    world.host.account.api._token = "syt_wrong"
    assert "WATCHBILL_MATRIX_ACCESS_TOKEN" in world.complaints()[0]
