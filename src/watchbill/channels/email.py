"""Pages by e-mail. One connection per message: a slow or broken server costs that message's time and no other's."""

import asyncio
import hashlib
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from typing import Literal

import aiosmtplib

from watchbill.channels.email_body import html_body, text_body
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
from watchbill.ground.text import cut_characters, one_line

# Seven bits, so that no server has to be asked whether it can carry eight.
MAIL_POLICY = SMTP_POLICY.clone(cte_type="7bit")
_SUBJECT_CHARACTERS_MAX = 200
_CONNECTIONS_MAX = 20
_COMMAND_SECONDS_MAX = 15
_GOODBYE_SECONDS_MAX = 2
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ENHANCED_STATUS = re.compile(r"\b5\.(\d{1,3})\.\d{1,3}\b")
# Answers to RCPT that speak of the command or of us, not of the recipient.
_NOT_ABOUT_RECIPIENT = frozenset({500, 501, 502, 503, 504, 530, 534, 535, 538})


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """`sender` is an address with or without a name: `Watchbill <watchbill@example.org>`."""

    host: str
    port: int
    sender: str
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    tls_context: ssl.SSLContext | None = None


@dataclass(slots=True)
class Progress:
    """`is_under_way`: the server has begun to take the mail and has not answered whether it took it."""

    is_under_way: bool = False


class SenderError(ValueError):
    pass


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
        sender_name, sender = parseaddr(settings.sender)
        try:
            self._sender = self.check_address(sender) if settings.host else ""
        except AddressError as error:
            raise SenderError(f"WATCHBILL_MAIL_FROM: {error}") from None
        self._sender_name = one_line(sender_name)
        self._domain = self._sender.rpartition("@")[2]
        self._settings = settings
        self._connections = asyncio.Semaphore(_CONNECTIONS_MAX)
        # Made once: loading the trusted authorities takes tens of milliseconds.
        self._tls_context = settings.tls_context or (ssl.create_default_context() if settings.host else None)
        self.timeout = timeout

    @property
    def sender(self) -> str:
        """The address alone; "" without a host."""
        return self._sender

    @property
    def is_set_up(self) -> bool:
        return bool(self._settings.host)

    def check_address(self, address: str) -> str:
        local, at, domain = address.strip().rpartition("@")
        try:
            ascii_domain = domain.encode("idna").decode("ascii").lower() if at else ""
        except UnicodeError:
            ascii_domain = ""
        if not _DOMAIN.fullmatch(ascii_domain):
            raise AddressError("address: not an e-mail address; write it like name@example.org")
        if len(local) > 64 or not _LOCAL_PART.fullmatch(local):
            raise AddressError("address: before the @ only ASCII letters, digits and common signs work everywhere")
        return f"{local}@{ascii_domain}"

    async def send(self, message: Message, *, now: datetime) -> Outcome:
        try:
            mail = self.compose(message, now=now)
        except AddressError as error:
            return Refused(str(error), address_is_dead=True)
        try:
            async with asyncio.timeout(self.timeout.total_seconds()), self._connections:
                return await self.transfer(mail.as_bytes(), to=self.check_address(message.address))
        except TimeoutError:
            return RetryLater(f"the mail server did not finish in {self.timeout.total_seconds():g} s")

    def compose(self, message: Message, *, now: datetime) -> EmailMessage:
        recipient = self.check_address(message.address)
        mail = EmailMessage(policy=MAIL_POLICY)
        mail["From"] = mailbox(self._sender_name, self._sender)
        mail["To"] = mailbox(name(message.recipient_name), recipient)
        mail["Subject"] = header_text(f"[Watchbill] {headline(message)}")
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{message.attempt_id}@{self._domain}>"
        # All pages for one alert answer to the same id, so mail programs show them as one thread.
        thread = (
            f"<thread.{hashlib.sha256(message.thread_key.encode('utf-8', 'replace')).hexdigest()[:32]}@{self._domain}>"
        )
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

    async def transfer(self, mail: bytes, *, to: str, progress: Progress | None = None) -> Outcome:
        progress = progress or Progress()
        client = self._client()
        transports: list[asyncio.BaseTransport | None] = []
        try:
            await client.connect()
            transports.append(client.transport)
            if self._settings.security == "starttls":
                await client.starttls(tls_context=self._tls_context)
                transports.append(client.transport)
            if self._settings.user:
                await client.login(self._settings.user, self._settings.password)
            await client.mail(self._sender)
            await client.rcpt(to)
            progress.is_under_way = True
            accepted = await client.data(mail)
            # The mail is the server's now, whatever happens to the goodbye.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_GOODBYE_SECONDS_MAX)
        except aiosmtplib.SMTPResponseException as error:
            progress.is_under_way = False
            return _outcome_of_response(error, said=self._said(error.message))
        except ssl.SSLError as error:
            return RetryLater(f"no secure connection to the mail server ({error.reason})")
        except (aiosmtplib.SMTPException, OSError) as error:
            return RetryLater(f"mail server: {self._said(str(error))}")
        finally:
            client.close()
            # A closed TLS connection waits for the other side's farewell, which a broken server never says.
            for transport in transports:
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
        return Delivered(self._said(accepted.message) or "accepted")

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            # Said instead of the machine's own name, whose look-up can hang.
            local_hostname=self._domain,
            timeout=_COMMAND_SECONDS_MAX,
            use_tls=settings.security == "tls",
            start_tls=False,
            tls_context=self._tls_context if settings.security == "tls" else None,
        )

    def _said(self, text: str) -> str:
        """A server's words, fit for a reason: one short line without our password."""
        for secret in (self._settings.password, self._settings.user):
            if secret:
                text = text.replace(secret, "***")
        return cut_characters(one_line(text), 200)


def mailbox(display_name: str, address: str) -> Address:
    return Address(display_name=header_text(display_name), addr_spec=address)


def header_text(text: str) -> str:
    """Python reads encoded words in a header it is given, and writes a line end that was hidden in one as it is."""
    return cut_characters(text.replace("=?", "= ?"), _SUBJECT_CHARACTERS_MAX)


def _outcome_of_response(error: aiosmtplib.SMTPResponseException, *, said: str) -> Outcome:
    reason = f"mail server answered {error.code} {said}"
    if not 500 <= error.code < 600:
        return RetryLater(reason)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        return Refused(reason, address_is_dead=_is_about_recipient(error))
    return Refused(reason)


def _is_about_recipient(error: aiosmtplib.SMTPRecipientRefused) -> bool:
    if error.code in _NOT_ABOUT_RECIPIENT:
        return False
    # RFC 3463: subject 1 is the address, 2 the mailbox; others blame routing, policy or the sender.
    status = _ENHANCED_STATUS.search(error.message)
    return status is None or status[1] in ("0", "1", "2")
