"""Of a letter it is said that it left, that it did not, or that nobody knows; and before an errand's time is over."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.channels.letters import NOW, run
from tests.harness.carriers import DROP, HANG, FakeMailServer
from watchbill.channels.letter_post import SmtpLetterPost
from watchbill.channels.smtp import SmtpSettings
from watchbill.domain.communications.contract import LetterOutcome, LetterToSend, NotSent, Sent, Unsure
from watchbill.engine.errands import ACT_SECONDS

SENT, LATER, NEVER, UNSURE = "sent", "later", "never", "unsure"


@pytest.fixture
def server() -> Iterator[FakeMailServer]:
    with FakeMailServer() as running:
        yield running


def post(server: FakeMailServer, *, seconds: float = 0.5, patience: float = 0.2) -> SmtpLetterPost:
    settings = SmtpSettings(host=server.host, port=server.port, sender="status@example.org", security="none")
    return SmtpLetterPost(settings, timeout=timedelta(seconds=seconds), patience=timedelta(seconds=patience))


def letter(address: str = "anna@customer.example") -> LetterToSend:
    return LetterToSend(
        id=uuid4(),
        thread="4711",
        list_name="customers",
        address=address,
        name="",
        subject="Checkout",
        body="We look into it.",
        ending="You get this because.",
    )


def word(outcome: LetterOutcome) -> str:
    if isinstance(outcome, Sent):
        return SENT
    if isinstance(outcome, Unsure):
        return UNSURE
    return LATER if outcome.again else NEVER


@pytest.mark.parametrize(
    ("stage", "reply", "expected"),
    [
        ("QUIT", DROP, SENT),
        ("GREETING", "421 4.3.2 shutting down", LATER),
        ("GREETING", "554 5.7.1 not for you", LATER),
        ("GREETING", DROP, LATER),
        ("EHLO", HANG, LATER),
        ("MAIL", "535 5.7.8 wrong password", LATER),
        ("RCPT", "451 4.7.1 greylisted", LATER),
        ("RCPT", "550 5.1.1 no such user", NEVER),
        ("DATA", "452 4.3.1 disk full", LATER),
        ("DATA", "554 5.6.0 not this text", NEVER),
        ("DATA", DROP, UNSURE),
        ("DATA", HANG, UNSURE),
    ],
)
def test_the_answer_of_the_server_is_understood(server: FakeMailServer, stage: str, reply: str, expected: str) -> None:
    server.answer_with(**{stage: reply})
    assert word(run(post(server).post(letter(), now=NOW))) == expected


def test_a_server_that_says_nothing_leaves_no_letter_in_doubt_that_was_not_begun(server: FakeMailServer) -> None:
    """The others wait for one of few connections; that ends before the errand's time does."""
    server.answer_with(EHLO=HANG)
    way = post(server)

    async def many() -> list[LetterOutcome]:
        async with asyncio.timeout(5):
            return await asyncio.gather(*(way.post(letter(f"r{n}@customer.example"), now=NOW) for n in range(40)))

    outcomes = run(many())
    assert {word(one) for one in outcomes} == {LATER}
    reasons = [one.reason for one in outcomes if isinstance(one, NotSent)]
    assert any("other letters go first" in reason for reason in reasons)
    server.answer_with(EHLO="250 again")
    assert word(run(way.post(letter(), now=NOW))) == SENT


def test_waiting_and_sending_together_take_less_than_a_step_of_an_errand_may() -> None:
    way = SmtpLetterPost(SmtpSettings(host="mail.example.org", port=25, sender="status@example.org"))
    assert (way._timeout + way._patience).total_seconds() < ACT_SECONDS
