"""People work on an incident from its channel: what they write is in the record, what they ask for is done, once, if
they may."""

from datetime import timedelta

import pytest

from tests.harness.slack_world import SlackWorld
from watchbill.chat.slack_events import COMMAND, EVENT
from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.incidents.models import Incident, IncidentState, Post, Seat, SeatState
from watchbill.domain.warrooms.contract import Incoming, IncomingKind
from watchbill.domain.warrooms.inbound_actions import hear
from watchbill.domain.warrooms.link_actions import make_code, unlink
from watchbill.domain.warrooms.models import ChatRequest
from watchbill.domain.warrooms.reads import accounts_of
from watchbill.engine.chores import Retention, remove_chat_requests
from watchbill.ground.refusals import Unknown

pytestmark = pytest.mark.django_db(transaction=True)


def _posts(incident: Incident) -> list[tuple[str, str]]:
    return [(post.author, post.text) for post in Post.objects.filter(incident=incident).order_by("written_at", "id")]


def test_a_message_comes_into_the_built_in_room_by_its_person_and_is_not_echoed() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.takes("commander", "incident-commander", incident)
        first = world.says(
            "commander", "we &lt;roll&gt; back &amp; wait, see <https://x.example/a?b&amp;c|the graph>", incident
        )
        world.says("primary", "on it", incident, thread_ts=first)
        commander, primary = (world.cast.people[name] for name in ("commander", "primary"))
        one, two = Post.objects.order_by("written_at", "id")
        assert (one.author, one.author_id, one.prefix) == (str(commander), commander.id, "IC:")
        assert one.text == "we <roll> back & wait, see the graph (https://x.example/a?b&c)"
        assert (two.author_id, two.thread_id) == (primary.id, one.id)
        assert len(world.channel(incident).messages) == 4  # card, rules and what they wrote themselves
        world.passes(minutes=1)
        assert len(world.channel(incident).messages) == 4
        world.ends(incident)


def test_an_answer_in_the_built_in_room_goes_into_the_thread_there() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        ts = world.says("commander", "who looks at the pool?", incident)
        world.writes("engineer", "I do", incident, thread=Post.objects.get())
        assert world.channel(incident).messages[-1]["thread_ts"] == ts
        world.ends(incident)


def test_slack_sends_again_what_it_thinks_was_lost_and_it_stands_there_once() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        message = {
            "type": "message",
            "channel": world.channel(incident).id,
            "user": world.ids["primary"],
            "text": "hm",
            "ts": "1.5",
        }
        for _ in range(11):  # each with another event_id, as it once did
            world.hears(EVENT, world.event(message))
        assert len(_posts(incident)) == 1
        world.ends(incident)


def test_an_edit_is_a_correction_and_a_preview_is_none() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        ts = world.says("commander", "we roll bakc", incident)
        edited = {
            "user": world.ids["commander"],
            "text": "we roll back",
            "ts": ts,
            "edited": {"user": world.ids["commander"], "ts": "9.1"},
        }
        changed = {"type": "message", "subtype": "message_changed", "channel": world.channel(incident).id}
        for _ in range(2):
            world.hears(EVENT, world.event(changed | {"message": edited, "ts": "9.2"}))
        unfurled = {name: value for name, value in edited.items() if name != "edited"}
        world.hears(EVENT, world.event(changed | {"message": unfurled, "ts": "9.3"}))
        first, second = Post.objects.order_by("written_at", "id")
        assert (second.replaces_id, second.text) == (first.id, "we roll back")
        world.ends(incident)


def test_who_is_nobody_here_is_heard_with_a_name_and_without_rights() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        vendor = world.slack.has("Vendor", "vendor@elsewhere.example")
        ts = world.says(vendor, "our link is down too", incident)
        assert _posts(incident) == [("Vendor (Slack)", "our link is down too")]
        edited = {"user": vendor, "text": "our link was down", "ts": ts, "edited": {"user": vendor, "ts": "9.1"}}
        changed = {"type": "message", "subtype": "message_changed", "channel": world.channel(incident).id}
        world.hears(EVENT, world.event(changed | {"message": edited, "ts": "9.2"}))
        assert _posts(incident)[-1] == ("Vendor (Slack)", "Edited: our link was down")
        assert len(world.channel(incident).messages) == 3
        world.ends(incident)


@pytest.mark.parametrize(
    "as_what",
    [
        {"is_stranger": True},
        {"team_id": "T0666"},
        {"is_restricted": True},
        {"is_email_confirmed": False},
        {"is_email_confirmed": None},
        {"is_bot": True},
    ],
)
def test_whoever_only_claims_an_address_is_not_taken_for_its_owner(as_what: dict[str, object]) -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        owner = User.objects.get(id=world.cast.people["lead"].id)
        forger = world.slack.has("Lead", owner.email, **as_what)
        assert "knows nobody" in world.commands(forger, "ack", incident)
        world.says(forger, "trust me", incident)
        assert Post.objects.get().author_id is None
        assert world.again(incident).acknowledged_at is None
        world.ends(incident)


def test_what_a_program_says_is_not_taken_in() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.says("primary", "beep", incident, bot_id="B0007")
        world.hears(
            EVENT,
            world.event(
                {
                    "type": "message",
                    "subtype": "channel_join",
                    "channel": world.channel(incident).id,
                    "user": world.ids["primary"],
                    "text": "joined",
                    "ts": "3.1",
                }
            ),
        )
        assert _posts(incident) == []
        world.ends(incident)


def test_a_file_is_noted_as_a_link() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        files = [
            {"name": "graph.png", "permalink": "https://acme.slack.com/files/1"},
            {"name": "x", "permalink": "javascript:1"},
        ]
        world.says("primary", "", incident, subtype="file_share", files=files)
        assert _posts(incident)[0][1] == "[file: graph.png https://acme.slack.com/files/1]\n[file: x ]"
        world.ends(incident)


def test_an_incident_is_run_by_commands() -> None:
    with SlackWorld() as world:
        said = world.commands("engineer", "declare sev1 for checkout: cards fail &amp; &lt;!channel&gt;")
        incident = Incident.objects.get()
        assert said.startswith(f"Declared #{incident.number} cards fail &amp; &lt;!channel&gt; (SEV1).")
        assert incident.service == world.cast.service
        assert {"primary", "commander"} <= set(world.came())
        assert "who can work on it is still being called" in world.commands("commander", "ack", incident)
        assert "You are on it" in world.commands("primary", "ack", incident)
        assert world.again(incident).acknowledged_by_id == world.cast.people["primary"].id
        assert "You are incident commander" in world.commands("commander", "role ic", incident)
        assert "is posted" in world.commands("commander", "update half are back", incident)
        assert "half are back" in world.conversation(incident)[-1]
        world.received()
        assert "Tier 3 is being paged" in world.commands("commander", "page tier 3 we need a decision", incident)
        assert world.received() != []
        assert "Incident commander: Commander" in world.commands("engineer", "status", incident)
        assert f"#{incident.number} cards fail" in world.commands("engineer", "status")
        assert "not done yet" in world.commands("commander", "resolve", incident)
        assert "is resolved" in world.commands("commander", "resolve it is over, I saw it", incident)
        assert world.again(incident).state == IncidentState.RESOLVED
        assert "commanders: Commander" in world.commands("engineer", "oncall commander")
        assert "/watchbill declare" in world.commands("engineer", "what?")
        world.received()


def test_buttons_do_the_same_and_pressing_twice_does_it_once() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.came()
        assert "You are on it" in world.presses("primary", "Acknowledge", incident, twice=True)
        assert world.happened(incident).count("incident.acknowledged") == 1
        world.presses("commander", "Take role: Incident commander", incident)
        assert Seat.objects.get(role="incident-commander", state=SeatState.HELD).user == world.cast.people["commander"]
        world.presses("commander", "Post update", incident)
        assert "is posted" in world.sends_the_form("commander", "half are back")
        world.sends_the_form("commander", "half are back")
        assert world.happened(incident).count("incident.updated") == 1
        world.ends(incident)


def test_a_form_that_cannot_be_opened_any_more_is_replaced_by_words() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.slack.errors["views.open"] = ["expired_trigger_id"]
        assert "/watchbill update" in world.presses("commander", "Post update", incident)
        world.ends(incident)


def test_the_same_words_a_moment_later_are_a_repetition_and_later_they_are_meant() -> None:
    with SlackWorld() as world:
        world.commands("engineer", "declare sev2 cards fail")
        assert world.commands("engineer", "declare sev2  cards fail").startswith(
            "You asked for the same a moment ago. Declared #1"
        )
        assert Incident.objects.count() == 1
        world.passes(minutes=2)
        world.commands("engineer", "declare sev2 cards fail")
        assert Incident.objects.count() == 2
        world.received()
        for one in Incident.objects.all():
            world.ends(one)


@pytest.mark.parametrize(
    "text", ["ack", "role scribe", "update all is well", "resolve I say so", "page tier 4 wake up"]
)
def test_a_stakeholder_and_a_stranger_change_nothing(text: str) -> None:
    with SlackWorld() as world:
        onlooker = world.cast.people["onlooker"]
        world.ids["onlooker"] = world.slack.has(onlooker.name, onlooker.email)
        stranger = world.slack.has("Stranger", "stranger@elsewhere.example")
        incident = world.declares("sev1")
        before = world.happened(incident)
        world.received()
        assert "As stakeholder you may not work on incidents" in world.commands("onlooker", text, incident)
        assert "knows nobody by the address" in world.commands(stranger, text, incident)
        for who in ("onlooker", stranger):
            for button in ("Acknowledge", "Take role: Incident commander", "Post update"):
                world.presses(who, button, incident)
        assert world.slack.forms == []
        assert world.happened(incident) == before
        world.expects_nothing()
        world.ends(incident)


def test_what_was_refused_a_moment_ago_is_no_repetition() -> None:
    with SlackWorld() as world:
        lead = world.cast.people["lead"]
        private = world.slack.has("Lead's other name", "private@elsewhere.example", is_restricted=True)
        assert "does not know whose account" in world.commands(private, "declare sev1 cards fail")
        code = make_code(lead.id, actor=world.person("lead"), now=world.now)
        world.commands(private, f"link {code}")
        assert world.commands(private, "declare sev1 cards fail").startswith("Declared #1")
        assert world.commands(private, "declare sev1 cards fail").startswith(
            "You asked for the same a moment ago. Declar"
        )
        assert "That was not done" in world.commands(private, "declare sev9 cards fail")
        assert "That was not done" in world.commands(private, "declare sev9 cards fail")
        assert "a moment ago" not in world.answer()
        world.ends(Incident.objects.get())


def test_an_account_with_another_address_is_linked_by_a_code_and_then_acts_as_that_person() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        lead, engineer = world.cast.people["lead"], world.cast.people["engineer"]
        private = world.slack.has("Lead's other name", "private@elsewhere.example", is_restricted=True)
        said = world.commands(private, "ack", incident)
        assert "/watchbill link &lt;code&gt;" in said
        assert "http://watchbill.example.org/me" in said
        code = make_code(lead.id, actor=world.person("lead"), now=world.now)
        assert f"you are {lead}" in world.commands(private, f"link {code.lower()}")
        assert "You are on it" in world.commands(private, "ack", incident)
        assert world.again(incident).acknowledged_by_id == lead.id
        assert "wrong, was used" in world.commands("engineer", f"link {code}")
        [account] = [one for one in accounts_of(lead.id) if one.linked_at]
        assert (account.host, account.external_id, account.name) == ("slack", private, "Lead's other name")
        with pytest.raises(Unknown):
            unlink(account.id, user_id=engineer.id, actor=world.person("engineer"), now=world.now)
        unlink(account.id, user_id=lead.id, actor=world.person("lead"), now=world.now)
        assert "does not know whose account this is" in world.commands(private, "ack", incident)
        entries = Entry.objects.filter(subject_id=lead.id).values_list("action", flat=True)
        assert [*entries] == ["person.chat_code_made", "person.chat_linked", "person.chat_unlinked"]
        world.ends(incident)


def test_a_code_that_is_old_replaced_or_of_somebody_who_was_disabled_links_nothing() -> None:
    with SlackWorld() as world:
        lead = world.cast.people["lead"]
        first = make_code(lead.id, actor=world.person("lead"), now=world.now)
        second = make_code(lead.id, actor=world.person("lead"), now=world.now)
        assert "wrong, was used" in world.commands("engineer", f"link {first}")
        world.passes(minutes=11)
        assert "wrong, was used" in world.commands("engineer", f"link {second}")
        third = make_code(lead.id, actor=world.person("lead"), now=world.now)
        User.objects.filter(id=lead.id).update(is_active=False)
        assert "wrong, was used" in world.commands("engineer", f"link {third}")
        assert not accounts_of(lead.id)


def test_whoever_linked_an_account_is_invited_by_it() -> None:
    with SlackWorld() as world:
        commander = world.cast.people["commander"]
        del world.slack.users[world.ids["commander"]]
        other = world.slack.has("C", "c@elsewhere.example")
        world.commands(other, f"link {make_code(commander.id, actor=world.person('commander'), now=world.now)}")
        incident = world.declares("sev1")
        assert other in world.channel(incident).members
        world.ends(incident)


def test_somebody_who_was_disabled_is_a_stranger_from_that_moment() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.commands("lead", "status", incident)
        User.objects.filter(id=world.cast.people["lead"].id).update(is_active=False)
        assert "knows nobody" in world.commands("lead", "ack", incident)
        world.ends(incident)


def test_a_restricted_incident_is_not_there_for_others_whatever_they_write() -> None:
    canary = "Zq7-canary"
    with SlackWorld() as world:
        incident = world.declares("sev1", title=f"{canary} breach", restricted=True)
        outsider = world.cast.person("outsider")
        world.ids["outsider"] = world.slack.has("Outsider", outsider.email)
        for text in (
            "status",
            f"status #{incident.number}",
            f"ack #{incident.number}",
            f"role #{incident.number} scribe",
        ):
            world.commands("outsider", text)
        world.commands("outsider", "status", incident)
        assert "no such incident" in world.presses("outsider", "Acknowledge", incident)
        assert canary not in repr(world.slack.answers)
        assert canary in world.commands("engineer", "status", incident)
        world.ends(incident)


def test_slack_does_not_say_who_it_was_so_nothing_is_done_and_the_next_one_goes_on() -> None:
    with SlackWorld() as world:
        incident = world.declares("sev1")
        world.slack.errors["users.info"] = ["internal_error"] * 3
        world.commands("primary", "ack", incident)
        world.passes(minutes=1)
        assert "does not say just now who you are" in world.answer()
        assert world.again(incident).acknowledged_at is None
        assert "You are on it" in world.commands("primary", "ack #1 ", incident)
        world.ends(incident)


def test_what_was_answered_is_not_kept() -> None:
    with SlackWorld() as world:
        world.commands("engineer", "status")
        assert ChatRequest.objects.get().payload == {}


def test_requests_are_kept_for_a_week_and_then_go_by_a_chore() -> None:
    with SlackWorld() as world:
        world.commands("engineer", "status")
        retention = Retention(events=timedelta(days=90))
        remove_chat_requests(world.now + timedelta(days=6), retention)
        assert ChatRequest.objects.count() == 1
        remove_chat_requests(world.now + timedelta(days=8), retention)
        assert not ChatRequest.objects.exists()


def test_what_is_said_elsewhere_is_not_taken_in() -> None:
    elsewhere = Incoming(kind=IncomingKind.MESSAGE, key="x", person="U1", room="C-elsewhere", ref="1.1", text="hello")
    with SlackWorld() as world:
        assert hear("slack", "Slack", elsewhere, now=world.now) is None


def test_answers_go_to_slack_alone() -> None:
    with SlackWorld() as world:
        world.http.clear()
        form = {"command": "/watchbill", "text": "status", "user_id": world.ids["engineer"], "channel_id": "C9999"}
        world.hears(COMMAND, form | {"response_url": f"{world.http.url}/elsewhere", "trigger_id": "t"})
        assert world.http.requests == []
