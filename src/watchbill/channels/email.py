"""Pages by e-mail. One connection per message: a slow or broken server costs that message's time and no other's."""

import asyncio
import hashlib
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from watchbill.channels.email_body import html_body, text_body
from watchbill.channels.smtp import (
    POLICY,
    BadAddress,
    Lost,
    MailServer,
    SenderError,
    SmtpSettings,
    Taken,
    Transfer,
    checked_address,
    header_text,
    mailbox,
)
from watchbill.channels.wording import headline, is_urgent, name
from watchbill.domain.paging.contract import (
    AddressError,
    Budget,
    Delivered,
    Family,
    Message,
    Outcome,
    Refused,
    RetryLater,
)

__all__ = ["EmailChannel", "SenderError", "SmtpSettings"]

_CONNECTIONS_MAX = 20


class EmailChannel:
    kind = "email"
    label = "E-mail"
    address_help = "an e-mail address"
    family = Family.EMAIL
    is_signed = False
    setting = "WATCHBILL_SMTP_HOST and its companions"
    budget = Budget(messages=1, per=timedelta(minutes=1), burst=2, alerts_max=100)
    timeout = timedelta(seconds=30)

    def __init__(self, settings: SmtpSettings, *, timeout: timedelta = timeout) -> None:
        """Without a host it checks addresses only."""
        self._connections = asyncio.Semaphore(_CONNECTIONS_MAX)
        self._server = MailServer(settings)
        self.timeout = timeout

    @property
    def is_set_up(self) -> bool:
        return self._server.is_set_up

    def check_address(self, address: str) -> str:
        try:
            return checked_address(address)
        except BadAddress as error:
            raise AddressError(str(error)) from None

    async def send(self, message: Message, *, now: datetime) -> Outcome:
        try:
            mail = self.compose(message, now=now)
        except AddressError as error:
            return Refused(str(error), address_is_dead=True)
        try:
            async with asyncio.timeout(self.timeout.total_seconds()), self._connections:
                recipient = self.check_address(message.address)
                return _outcome(await self._server.transfer(mail.as_bytes(), recipient=recipient, within=self.timeout))
        except TimeoutError:
            return RetryLater(f"the mail server did not finish in {self.timeout.total_seconds():g} s")

    def compose(self, message: Message, *, now: datetime) -> EmailMessage:
        recipient = self.check_address(message.address)
        mail = EmailMessage(policy=POLICY)
        mail["From"] = mailbox(self._server.sender_name, self._server.sender)
        mail["To"] = mailbox(name(message.recipient_name), recipient)
        mail["Subject"] = header_text(f"[Watchbill] {headline(message)}")
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{message.attempt_id}@{self._server.domain}>"
        # All pages for one alert answer to the same id, so mail programs show them as one thread.
        key = hashlib.sha256(message.thread_key.encode("utf-8", "replace")).hexdigest()[:32]
        thread = f"<thread.{key}@{self._server.domain}>"
        mail["In-Reply-To"] = thread
        mail["References"] = thread
        # So that neither an absence notice answers, nor an inbound source takes our own mail for an alert.
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["X-Watchbill"] = message.note.kind if message.note else "page"
        mail["X-Watchbill-Attempt"] = str(message.attempt_id)
        if is_urgent(message):
            mail["Importance"] = "high"
            mail["X-Priority"] = "1"
        mail.set_content(text_body(message, alerts_max=self.budget.alerts_max))
        mail.add_alternative(html_body(message, alerts_max=self.budget.alerts_max), subtype="html")
        return mail


def _outcome(answer: Transfer) -> Outcome:
    if isinstance(answer, Taken):
        return Delivered(answer.said)
    if isinstance(answer, Lost):
        return RetryLater(answer.why)
    reason = f"mail server answered {answer.code} {answer.said}"
    return Refused(reason, address_is_dead=answer.address_is_dead) if answer.is_final else RetryLater(reason)
