"""Letters about incidents by e-mail: one mail for each reader, who sees nobody else's address."""

import asyncio
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from watchbill.channels.smtp import (
    POLICY,
    BadAddress,
    Lost,
    MailServer,
    SmtpSettings,
    Taken,
    Transfer,
    checked_address,
    header_text,
    mailbox,
)
from watchbill.domain.communications.contract import (
    AddressRefused,
    LetterOutcome,
    LetterToSend,
    NotSent,
    Sent,
    Unsure,
)
from watchbill.ground.text import block, cut_characters, one_line

_CONNECTIONS_MAX = 5
_NOT_SET_UP_PAUSE = timedelta(minutes=5)
_NAME_MAX = 100


class SmtpLetterPost:
    """Has few connections, so that a thousand customers take no mail server away from the pages.

    `patience`: how long a letter waits for one; with `timeout` it is less than the time that an errand has for a step,
    so that of a letter that was never begun nobody has to say that it may have arrived.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        timeout: timedelta = timedelta(seconds=24),
        patience: timedelta = timedelta(seconds=4),
    ) -> None:
        self._server = MailServer(settings)
        self._connections = asyncio.Semaphore(_CONNECTIONS_MAX)
        self._timeout = timeout
        self._patience = patience

    @property
    def is_set_up(self) -> bool:
        return self._server.is_set_up

    def check_address(self, address: str) -> str:
        try:
            return checked_address(address)
        except BadAddress as error:
            raise AddressRefused(str(error)) from None

    async def post(self, letter: LetterToSend, *, now: datetime) -> LetterOutcome:
        if not self.is_set_up:
            reason = "this instance has no mail server: set WATCHBILL_SMTP_HOST and its companions"
            return NotSent(reason, again=True, after=_NOT_SET_UP_PAUSE)
        try:
            recipient = checked_address(letter.address)
        except BadAddress as error:
            return NotSent(str(error), again=False)
        mail = self.compose(letter, recipient=recipient, now=now).as_bytes()
        if not await self._has_a_connection():
            return NotSent("the mail server is slow and other letters go first", again=True)
        try:
            return _outcome(await self._server.transfer(mail, recipient=recipient, within=self._timeout))
        finally:
            self._connections.release()

    async def _has_a_connection(self) -> bool:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await self._connections.acquire()
        except TimeoutError:
            return False
        return True

    def compose(self, letter: LetterToSend, *, recipient: str, now: datetime) -> EmailMessage:
        mail = EmailMessage(policy=POLICY)
        mail["From"] = mailbox(self._server.sender_name, self._server.sender)
        mail["To"] = mailbox(cut_characters(one_line(letter.name), _NAME_MAX), recipient)
        mail["Subject"] = header_text(one_line(letter.subject))
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<letter.{letter.id}@{self._server.domain}>"
        # All letters about one incident to one audience answer to the same id, so they are shown as one thread.
        thread = f"<incident.{letter.thread}@{self._server.domain}>"
        mail["In-Reply-To"] = thread
        mail["References"] = thread
        mail["List-Id"] = f"<{letter.list_name}.incidents.{self._server.domain}>"
        # So that neither an absence notice answers, nor an inbound source takes our own mail for an alert.
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["X-Watchbill"] = "communication"
        mail.set_content(f"{block(letter.body)}\n\n--\n{one_line(letter.ending)}\n")
        mail.add_alternative(_html(letter), subtype="html")
        return mail


def _html(letter: LetterToSend) -> str:
    """Paragraphs and line ends, nothing else: what is written is shown as it was written."""
    paragraphs = "".join(
        f"<p>{'<br>'.join(escape(line) for line in part.splitlines())}</p>"
        for part in block(letter.body).split("\n\n")
        if part.strip()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(one_line(letter.subject))}</title></head>"
        '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;margin:16px;max-width:40em">'
        f'{paragraphs}<p style="color:#555555;font-size:13px">{escape(one_line(letter.ending))}</p></body></html>\n'
    )


def _outcome(answer: Transfer) -> LetterOutcome:
    if isinstance(answer, Taken):
        return Sent(answer.said)
    if isinstance(answer, Lost):
        return Unsure(answer.why) if answer.was_on_its_way else NotSent(answer.why, again=True)
    return NotSent(f"mail server answered {answer.code} {answer.said}", again=not answer.is_about_this_mail)
