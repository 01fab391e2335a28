import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.channels.letters import NOW, message, run
from tests.harness.carriers import DROP, HANG, FakeMailServer
from tests.harness.certificates import client_context, server_context
from watchbill.channels.email import EmailChannel, SmtpSettings
from watchbill.domain.paging.contract import Delivered, Outcome, Refused, RetryLater

LETTER = message(address="responder@example.org")


@pytest.fixture
def server() -> Iterator[FakeMailServer]:
    with FakeMailServer() as running:
        yield running


def channel(server: FakeMailServer, *, seconds: float = 5, **settings: object) -> EmailChannel:
    given = {
        "host": server.host,
        "port": server.port,
        "sender": "Watchbill <watchbill@pager.example.org>",
        "security": "none",
    } | settings
    return EmailChannel(SmtpSettings(**given), timeout=timedelta(seconds=seconds))  # type: ignore[arg-type]  # mixed


def send(mail: EmailChannel) -> Outcome:
    return run(mail.send(LETTER, now=NOW))


def test_a_mail_arrives_whole(server: FakeMailServer) -> None:
    assert send(channel(server)) == Delivered("2.0.0 taken as 4711")
    [mail] = server.mails
    assert mail.sender == "watchbill@pager.example.org"
    assert mail.recipients == ("responder@example.org",)
    assert mail.message["Subject"] == "[Watchbill] #17 Checkout answers slowly (checkout)"


RETRY, DEAD, REFUSED = "retry", "dead", "refused"


@pytest.mark.parametrize(
    ("stage", "reply", "expected"),
    [
        ("GREETING", "421 4.3.2 shutting down", RETRY),
        ("GREETING", "554 5.3.2 not here", REFUSED),
        ("GREETING", DROP, RETRY),
        ("GREETING", "garbage", RETRY),
        ("EHLO", DROP, RETRY),
        ("MAIL", "451 4.3.0 later", RETRY),
        ("MAIL", "550 5.7.1 sender not allowed", REFUSED),
        ("MAIL", "530 5.7.0 sign in first", REFUSED),
        ("MAIL", DROP, RETRY),
        ("RCPT", "450 4.2.0 greylisted", RETRY),
        ("RCPT", "452 4.2.2 over quota", RETRY),
        ("RCPT", "550 5.1.1 no such user", DEAD),
        ("RCPT", "550 no such user", DEAD),
        ("RCPT", "551 5.1.6 moved", DEAD),
        ("RCPT", "553 5.1.3 bad mailbox", DEAD),
        ("RCPT", "552 5.2.2 mailbox full", DEAD),
        ("RCPT", "556 5.1.10 takes no mail", DEAD),
        ("RCPT", "550 5.7.1 relaying denied", REFUSED),
        ("RCPT", "503 5.5.1 not now", REFUSED),
        ("RCPT", "530 5.7.0 sign in first", REFUSED),
        ("RCPT", DROP, RETRY),
        ("DATA", "451 4.3.0 later", RETRY),
        ("DATA", "421 4.3.2 shutting down", RETRY),
        ("DATA", "554 5.6.0 content refused", REFUSED),
        ("DATA", "552 5.3.4 too big", REFUSED),
        # The mail may or may not have been taken: ringing twice is better than not at all.
        ("DATA", DROP, RETRY),
        ("QUIT", "500 what", "delivered"),
        ("QUIT", "421 4.4.2 bye", "delivered"),
        ("QUIT", DROP, "delivered"),
    ],
)
def test_each_stage_can_fail_in_each_way(server: FakeMailServer, stage: str, reply: str, expected: str) -> None:
    server.answer_with(**{stage: reply})
    outcome = send(channel(server))
    match outcome:
        case Delivered():
            assert expected == "delivered"
        case RetryLater():
            assert expected == RETRY
        case Refused():
            assert expected == (DEAD if outcome.address_is_dead else REFUSED), outcome
            assert reply.split(" ", 1)[1] in outcome.reason


@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_costs_the_time_limit_and_no_more(server: FakeMailServer, stage: str) -> None:
    server.answer_with(**{stage: HANG})
    begun = time.monotonic()
    assert isinstance(send(channel(server, seconds=0.3)), RetryLater)
    assert time.monotonic() - begun < 3


def test_a_goodbye_that_hangs_does_not_undo_the_delivery(server: FakeMailServer) -> None:
    server.answer_with(QUIT=HANG)
    assert isinstance(send(channel(server)), Delivered)


def test_a_hanging_server_does_not_hold_up_another_channel(server: FakeMailServer) -> None:
    server.answer_with(GREETING=HANG)

    async def story(quick: FakeMailServer) -> None:
        slow = channel(server)
        stuck = [asyncio.create_task(slow.send(LETTER, now=NOW)) for _ in range(50)]
        outcomes = await asyncio.gather(*(channel(quick).send(LETTER, now=NOW) for _ in range(10)))
        assert all(isinstance(outcome, Delivered) for outcome in outcomes)
        assert not any(task.done() for task in stuck)  # the others did not wait for them
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)

    with FakeMailServer() as quick:
        run(story(quick))


def test_no_server_at_all_is_tried_again(server: FakeMailServer) -> None:
    gone = channel(server, port=1)
    assert isinstance(send(gone), RetryLater)


def test_starttls_is_used_and_verified() -> None:
    context, pem = server_context("127.0.0.1")
    with FakeMailServer(tls_context=context) as server:
        good = channel(server, security="starttls", tls_context=client_context(pem))
        assert isinstance(send(good), Delivered)
        assert isinstance(send(channel(server, security="starttls")), RetryLater)
        assert len(server.mails) == 1


def test_starttls_that_is_not_offered_is_not_skipped(server: FakeMailServer) -> None:
    """An attacker in the middle removes the offer; sending in the clear would be what he wants."""
    assert isinstance(send(channel(server, security="starttls")), RetryLater)
    assert server.mails == []


def test_tls_from_the_first_byte_is_used_and_verified() -> None:
    context, pem = server_context("127.0.0.1")
    with FakeMailServer(tls_context=context, is_tls=True) as server:
        assert isinstance(send(channel(server, security="tls", tls_context=client_context(pem))), Delivered)
        assert isinstance(send(channel(server, security="tls")), RetryLater)


def test_a_certificate_for_another_name_is_not_accepted() -> None:
    context, pem = server_context("mail.example.org")
    with FakeMailServer(tls_context=context) as server:
        wrong = channel(server, security="starttls", tls_context=client_context(pem))
        assert isinstance(send(wrong), RetryLater)
        assert server.mails == []


def test_login_is_used_and_a_wrong_password_is_told_without_the_password() -> None:
    context, pem = server_context("127.0.0.1")
    with FakeMailServer(tls_context=context, logins={"pager": "canary-right"}) as server:
        settings = {"security": "starttls", "tls_context": client_context(pem), "user": "pager"}
        assert isinstance(send(channel(server, **settings, password="canary-right")), Delivered)
        outcome = send(channel(server, **settings, password="canary-wrong"))
        assert isinstance(outcome, Refused)
        assert "535" in outcome.reason
        assert "canary" not in outcome.reason
        assert "canary" not in repr(SmtpSettings(host="h", port=1, sender="a@b.example", password="canary"))
