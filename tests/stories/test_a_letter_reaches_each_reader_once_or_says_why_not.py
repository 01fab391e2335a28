"""One mail for each reader, tried for a day where the server says "not now", never twice, and its fate is shown."""

from datetime import timedelta

import pytest

from tests.harness.carriers import DROP, HANG, FakeMailServer
from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.communications.models import Letter
from watchbill.domain.communications.publishing import MAIL, send_again
from watchbill.domain.communications.reads import letters_of
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.errands import store
from watchbill.ground.refusals import ChangeRefused

BOTH = ("anna@customer.example", "bert@customer.example")


def test_everybody_gets_their_own_and_sees_nobody_else(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers("Anna Adler <anna@customer.example>", "bert@customer.example", "ANNA@customer.example")
    incident = world.declares("sev1")
    statement = world.tells(incident, "customer-email")
    mails = world.letters_go_to(*BOTH)
    for mail in mails:
        message = mail.message
        assert str(message["Subject"]) == "Problems with checkout"
        assert "Bcc" not in message and "Cc" not in message
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["List-Id"] == "<customers.incidents.example.org>"
        assert message.get_body(("plain",)).get_content().startswith("We are working on it.")
        assert "<p>We are working on it.</p>" in message.get_body(("html",)).get_content()
    assert {str(mail.message["To"]) for mail in mails} == {"Anna Adler <anna@customer.example>", BOTH[1]}
    assert world.fate(statement) == dict.fromkeys(BOTH, "sent")
    world.ends(incident)


def test_all_letters_of_one_incident_are_one_thread(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers(BOTH[0])
    incident, other = world.declares("sev1"), world.declares("sev1", title="Search is down")
    world.tells(incident, "customer-email")
    world.tells(incident, "customer-email")
    world.tells(other, "customer-email")
    messages = [mail.message for mail in world.letters()]
    threads = [str(message["References"]) for message in messages]
    assert threads[0] == threads[1] != threads[2]
    assert len({str(message["Message-ID"]) for message in messages}) == 3
    world.ends(incident)
    world.ends(other)


def test_a_refused_address_is_shown_with_the_reason_and_the_others_get_theirs(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    world.customers(*BOTH)
    incident = world.declares("sev1")
    world.received()
    world.mail.answer_with(RCPT="550 5.1.1 no such user")
    statement = world.tells(incident, "customer-email")
    world.letters_go_to()
    assert world.fate(statement) == dict.fromkeys(BOTH, "failed")
    assert all("550 5.1.1 no such user" in letter.reason for letter in letters_of(statement))
    [line] = [line for line in world.plan(incident).lines if line.plan.item == "customer-email"]
    assert line.trouble == "2 failed"
    world.mail.clear()
    world._letters_seen = 0
    send_again(incident_id=incident.id, statement_id=statement.id, actor=world.person("comms"), now=world.now)
    world.settle()
    world.letters_go_to(*BOTH)
    assert world.fate(statement) == dict.fromkeys(BOTH, "sent")
    with pytest.raises(ChangeRefused, match="was taken"):
        send_again(incident_id=incident.id, statement_id=statement.id, actor=world.person("comms"), now=world.now)
    world.ends(incident)


def test_not_now_is_tried_again_until_it_is_taken(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers(BOTH[0])
    incident = world.declares("sev1")
    _answer(world.mail, RCPT="451 4.7.1 try again later")
    statement = world.tells(incident, "customer-email")
    assert world.fate(statement) == {BOTH[0]: "queued"}
    [letter] = letters_of(statement)
    assert "451 4.7.1 try again later" in letter.reason
    world.passes(seconds=10)
    assert Letter.objects.get(id=letter.id).tries == 3  # at once, after 2 s and after 4 more
    _answer(world.mail)
    world.passes(seconds=10)
    world.letters_go_to(BOTH[0])
    assert world.fate(statement) == {BOTH[0]: "sent"}
    world.ends(incident)


def test_what_waited_behind_another_one_leaves_right_after_it(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers(BOTH[0])
    incident = world.declares("sev1")
    _answer(world.mail, RCPT="451 4.7.1 try again later")
    first = world.tells(incident, "customer-email", text=Text(subject="One", body="One."))
    world.passes(seconds=1)
    second = world.tells(incident, "customer-email", text=Text(subject="Two", body="Two."))
    world.passes(hours=1)
    _answer(world.mail)
    due_at = Letter.objects.get(statement=first).due_at
    assert due_at - world.now > timedelta(seconds=2)
    world.passes(seconds=(due_at - world.now).total_seconds() + 1)
    assert {*world.fate(first).values(), *world.fate(second).values()} == {"sent"}
    assert [mail.message["Subject"] for mail in world.letters()] == ["One", "Two"]
    assert not any(one["event"] == "errand.later" for one in world.logs)
    world.received()
    world.ends(incident)


def test_after_a_day_it_is_given_up_and_said(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers(BOTH[0])
    incident = world.declares("sev4")
    _answer(world.mail, GREETING="421 too busy")
    statement = world.tells(incident, "customers")
    world.passes(hours=25)
    assert world.fate(statement) == {BOTH[0]: "failed"}
    assert letters_of(statement)[0].reason.startswith("given up after a day: mail server answered 421")
    world.ends(incident)


def test_a_server_that_takes_no_connection_costs_nothing_but_time(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers(BOTH[0])
    incident = world.declares("sev4")
    _answer(world.mail, EHLO=HANG)
    statement = world.tells(incident, "customers")
    assert world.fate(statement) == {BOTH[0]: "queued"}
    assert "did not finish in 1 s" in letters_of(statement)[0].reason
    _answer(world.mail)
    world.passes(seconds=5)
    world.letters_go_to(BOTH[0])
    world.ends(incident)


@pytest.mark.parametrize("end", [DROP, HANG])
def test_what_may_have_arrived_is_not_sent_twice(communications_world: CommunicationsWorld, end: str) -> None:
    world = communications_world
    world.customers(BOTH[0])
    incident = world.declares("sev4")
    _answer(world.mail, DATA=end)
    statement = world.tells(incident, "customers")
    assert world.fate(statement) == {BOTH[0]: "unsure"}
    _answer(world.mail)
    world.passes(days=2)
    assert len(world.letters()) == (1 if end == DROP else 0)
    send_again(incident_id=incident.id, statement_id=statement.id, actor=world.person("comms"), now=world.now)
    world.settle()
    world.letters_go_to(BOTH[0])
    world.ends(incident)


def test_what_was_being_sent_when_the_worker_died_is_not_sent_twice(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers(BOTH[0])
    incident = world.declares("sev4")
    statement = world.drafts(incident, "customers")
    world.publishes_only(statement)
    [letter] = letters_of(statement)
    store.claim(now=world.now, kinds=[MAIL], limit=10)
    mailing = next(one for one in world.build_errands(world._client) if one.kind == MAIL)
    assert mailing.next_step(letter.id, now=world.now) is not None  # and then it is gone
    world.passes(minutes=3)
    assert world.fate(statement) == {BOTH[0]: "unsure"}
    world.letters_go_to()
    world.ends(incident)


def test_nothing_can_be_slipped_into_a_header(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    world.customers("Eve\tBcc: all@evil.example <eve@customer.example>".replace("all@evil.example ", ""))
    incident = world.declares("sev1", title="Down\r\nBcc: all@evil.example")
    hostile = Text(
        subject="Down\r\nBcc: all@evil.example\r\n\r\nmore =?utf-8?q?=0d=0aX-Evil:_1?=",
        body="<script>alert(1)</script>\r\n.\r\nMAIL FROM:<evil@evil.example>",
    )
    world.tells(incident, "customer-email", text=hostile)
    [mail] = world.letters_go_to("eve@customer.example")
    assert set(mail.message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id", "Auto-Submitted",
        "X-Auto-Response-Suppress", "X-Watchbill", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert "Bcc: all@evil.example" in str(mail.message["Subject"])
    assert "MAIL FROM:<evil@evil.example>" in mail.message.get_body(("plain",)).get_content()
    assert "<script>" not in mail.message.get_body(("html",)).get_content()
    world.ends(incident)


def _answer(server: FakeMailServer, **replies: str) -> None:
    """Only these from now on; what came stays."""
    server._script.clear()
    server.answer_with(**replies)
