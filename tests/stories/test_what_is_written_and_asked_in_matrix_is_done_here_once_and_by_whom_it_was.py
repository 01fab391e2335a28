"""On a real homeserver: what people write in a room stands in the record, and what they ask for is done, once."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.harness.matrix_world import MatrixWorld, said
from tests.harness.synapse import is_installed
from watchbill.domain.access.models import User
from watchbill.domain.incidents.models import Post, PostKind
from watchbill.domain.warrooms.models import ChatPosition, ChatRequest

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not is_installed(), reason="Synapse is not installed: make lab"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def world() -> Iterator[MatrixWorld]:
    with MatrixWorld() as made:
        yield made


def test_messages_go_both_ways_and_none_comes_back(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    world.begins_to_hear(incident, "primary", "engineer")
    world.writes("lead", "written here", incident)
    first = world.says("primary", "I see 500s", incident)
    thread = {"rel_type": "m.thread", "event_id": first}
    world.says("engineer", "so do I", incident, **{"m.relates_to": thread})
    answers = {"m.relates_to": {"m.in_reply_to": {"event_id": first}}}
    world.says("engineer", "> <@primary:synapse.test> I see 500s\n\nsince 12:01", incident, **answers)
    world.hears()
    people = world.cast.people
    assert world.record(incident) == [
        (people["lead"].name, "written here"),
        (people["primary"].name, "I see 500s"),
        (people["engineer"].name, "so do I"),
        (people["engineer"].name, "since 12:01"),
    ]
    posts = list(Post.objects.filter(incident=incident).order_by("written_at", "id"))
    assert [post.author_id for post in posts] == [people[one].id for one in ("lead", "primary", "engineer", "engineer")]
    assert posts[2].thread_id == posts[3].thread_id == posts[1].id
    world.hears()
    world.passes(minutes=1)
    assert len(world.record(incident)) == 4
    assert sum("I see 500s" in text for text in world.conversation(incident)) == 2  # the message and the quotation
    world.ends(incident)


def test_an_edit_is_a_correction_and_a_file_is_a_link(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    world.begins_to_hear(incident, "primary")
    first = world.says("primary", "the pol is empty", incident)
    new = {"m.new_content": said("the pool is empty"), "m.relates_to": {"rel_type": "m.replace", "event_id": first}}
    world.says("primary", "* the pool is empty", incident, **new)
    file = {"msgtype": "m.image", "body": "graph.png", "url": "mxc://synapse.test/abc"}
    shown = world.does("primary", "POST", world.sending(incident), file)["event_id"]
    world.does("primary", "POST", world.sending(incident, "m.room.encrypted"), {"algorithm": "m.megolm.v1.aes-sha2"})
    world.hears()
    texts = [text for _, text in world.record(incident)]
    assert texts[:2] == ["the pol is empty", "the pool is empty"]
    assert Post.objects.get(text="the pool is empty").replaces == Post.objects.get(text="the pol is empty")
    assert texts[2] == f"[file: graph.png https://matrix.to/#/{world.room(incident).external_id}/{shown}]"
    assert texts[3].startswith("[encrypted: Watchbill cannot read it.")
    world.ends(incident)


def test_commands_act_with_the_rights_of_whoever_writes_them_and_are_answered_there(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    world.came()
    world.begins_to_hear(incident, "primary")
    assert "You are on it" in world.asks("primary", "!watchbill ack", incident)
    assert world.again(incident).acknowledged_by_id == world.cast.people["primary"].id
    assert "Incident commander: nobody yet" in world.asks("primary", "!watchbill status", incident)
    assert "You are incident commander" in world.asks("primary", "!Watchbill role incident commander", incident)
    assert "is posted" in world.asks("primary", "!watchbill update Card payments fail since 12:01", incident)
    [update] = Post.objects.filter(incident=incident, kind=PostKind.UPDATE)
    assert update.text == "Card payments fail since 12:01"
    assert sum("Status update by" in text for text in world.texts(incident)) == 1
    assert "write it like: page tier 2" in world.asks("primary", "!watchbill page tier", incident)
    assert world.asks("primary", "!watchbill", incident) == ""
    assert "!watchbill update [#12] <text>" in world.told_alone("primary")[-1]
    assert "!watchbill" not in repr(world.record(incident))
    world.ends(incident)


def test_what_is_not_of_the_room_is_answered_to_that_person_alone(world: MatrixWorld) -> None:
    people = world.cast.people
    secret = world.declares("sev1", title="An insider steals", restricted=True, insiders=(people["primary"].id,))
    incident = world.declares("sev1")
    world.begins_to_hear(incident, "primary", "commander")
    asked = world.says("primary", f"!watchbill status #{secret.number}", incident)
    world.hears()
    assert "An insider steals" not in repr(world.texts(incident))
    assert "An insider steals" in world.told_alone("primary")[0]
    assert world.marks(incident) == [(asked, "\N{INCOMING ENVELOPE}")]
    world.says("primary", "!watchbill oncall", incident)
    world.hears()
    assert len(world.told_alone("primary")) == 2
    assert world.told_alone("commander") == []
    world.received()
    for one in (secret, incident):
        world.ends(one)


def test_whoever_is_not_known_here_does_nothing_and_is_told_alone_how_to_be(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    world.came()
    world.ids["stranger"] = world.synapse.has("stranger", "stranger@elsewhere.example.com")
    world.invites("engineer", "stranger", incident)
    world.begins_to_hear(incident, "stranger")
    world.says("stranger", "!watchbill ack", incident)
    world.says("stranger", "hello", incident)
    world.hears()
    assert world.again(incident).acknowledged_at is None
    assert world.record(incident) == [("Stranger (Matrix)", "hello")]
    assert "!watchbill link <code>" in world.told_alone("stranger")[0]
    world.ends(incident)


def test_an_account_with_an_address_that_nobody_has_here_is_nobodys(world: MatrixWorld) -> None:
    User.objects.filter(email=world.cast.people["primary"].email).update(email="other@example.org")
    incident = world.declares("sev1")
    world.invites("engineer", "primary", incident)
    world.begins_to_hear(incident, "primary")
    world.asks("primary", "!watchbill ack", incident)
    assert world.again(incident).acknowledged_at is None
    world.ends(incident)


def test_people_may_talk_to_it_alone_unless_that_is_encrypted(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    world.hears()
    alone = {"is_direct": True, "preset": "trusted_private_chat", "invite": [world.me]}
    room = world.does("primary", "POST", "/createRoom", alone)["room_id"]
    world.hears()
    world.does("primary", "POST", f"/rooms/{quote(room)}/send/m.room.message", said("!watchbill status"))
    world.hears()
    answer = world.does("primary", "GET", f"/rooms/{quote(room)}/messages?dir=b&limit=1")["chunk"][0]
    assert answer["content"]["body"] == f"#{incident.number} Checkout is down (SEV1, open)"
    encryption = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    world.does("lead", "POST", "/createRoom", {**alone, "initial_state": [encryption]})
    world.hears()
    assert world.told_alone("lead") == [
        "Watchbill cannot read encrypted rooms. Write here instead, or in the room of an incident."
    ]
    world.ends(incident)


def test_what_was_said_while_watchbill_was_away_is_heard_whole_and_in_order(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    world.begins_to_hear(incident, "primary")
    wanted = [f"message {number}" for number in range(230)]
    for text in wanted:
        world.says("primary", text, incident)
    world.wire.lost["GET .*/messages"] = 1
    assert "broke off" in (world.hears() or "")
    assert world.record(incident) == []
    assert world.hears() is None
    assert [text for _, text in world.record(incident)] == wanted
    world.ends(incident)


def test_one_room_whose_earlier_messages_cannot_be_had_holds_no_other_up_and_is_heard_later(world: MatrixWorld) -> None:
    bad, good = world.declares("sev1"), world.declares("sev1")
    for incident in (bad, good):
        world.begins_to_hear(incident, "primary")
    wanted = [f"message {number}" for number in range(130)]
    for text in wanted:
        world.says("primary", text, bad)
    world.says("primary", "still here", good)
    world.wire.broken["GET .*/messages"] = 4
    told = [world.hears(), world.hears()]
    assert all("500" in (one or "") for one in told)
    assert world.record(good) == []
    assert world.hears() is None
    assert [text for _, text in world.record(good)] == ["still here"]
    assert [text for _, text in world.record(bad)] == wanted[-100:]  # as many as come with the look itself
    world.expects_log("matrix.earlier.later")
    assert world.hears() is None  # broken once more, and remembered
    world.says("primary", "and now", good)
    assert world.hears() is None
    assert sorted(text for _, text in world.record(bad)) == sorted(wanted)
    assert [text for _, text in world.record(good)] == ["still here", "and now"]
    assert not ChatPosition.objects.get().position.startswith("{")
    for incident in (bad, good):
        world.ends(incident)


def test_what_is_heard_twice_is_done_once(world: MatrixWorld) -> None:
    incident = world.declares("sev1")
    world.begins_to_hear(incident, "primary")
    before = ChatPosition.objects.get().position
    world.says("primary", "once", incident)
    world.asks("primary", "!watchbill update It is down", incident)
    ChatPosition.objects.update(position=before)  # as if the worker had died before it was written
    world.hears()
    assert [text for _, text in world.record(incident)] == ["once", "It is down"]
    assert ChatRequest.objects.count() == 2
    world.ends(incident)


def test_where_names_are_addresses_nobody_administers_the_homeserver() -> None:
    with MatrixWorld(mail_domain="example.org") as world:
        incident = world.declares("sev1")
        world.begins_to_hear(incident, "primary")
        assert "You are on it" in world.asks("primary", "!watchbill ack", incident)
        assert world.again(incident).acknowledged_by_id == world.cast.people["primary"].id
        assert not world.wire.asked("_synapse/admin")
        world.ends(incident)
