"""Mail handed to a server: one connection per message, which costs that message's time and no other's."""

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.headerregistry import Address
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr
from typing import Literal

import aiosmtplib

from watchbill.ground.text import cut_characters, one_line

# Seven bits, so that no server has to be asked whether it can carry eight.
POLICY = SMTP_POLICY.clone(cte_type="7bit")
_HEADER_CHARACTERS_MAX = 200
_COMMAND_SECONDS_MAX = 15
_GOODBYE_SECONDS_MAX = 2
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN_MAX = 253
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


class SenderError(ValueError):
    pass


class BadAddress(ValueError):
    """The words name the remedy."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has it. `said`: its words."""

    said: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The server said no: the mail is not taken. `about_recipient`: it was the answer to RCPT."""

    code: int
    said: str
    message: str
    about_recipient: bool
    was_on_its_way: bool

    @property
    def is_final(self) -> bool:
        return 500 <= self.code < 600

    @property
    def is_about_this_mail(self) -> bool:
        """A wrong password or a server that takes nothing from us says nothing about this reader, and is mended by
        somebody."""
        return self.is_final and (self.about_recipient or self.was_on_its_way)

    @property
    def address_is_dead(self) -> bool:
        """RFC 3463: subject 1 is the address, 2 the mailbox; others blame routing, policy or the sender."""
        if not (self.is_final and self.about_recipient) or self.code in _NOT_ABOUT_RECIPIENT:
            return False
        status = _ENHANCED_STATUS.search(self.message)
        return status is None or status[1] in ("0", "1", "2")


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer. `was_on_its_way`: the text had been begun, so the server may have it all the same."""

    why: str
    was_on_its_way: bool


Transfer = Taken | Answered | Lost


def checked_address(address: str) -> str:
    """In its one normal form. Raises BadAddress."""
    local, at, domain = address.strip().rpartition("@")
    try:
        # No domain is longer, and reading letters that are no ASCII takes time with the square of their number.
        ascii_domain = domain.encode("idna").decode("ascii").lower() if at and len(domain) <= _DOMAIN_MAX else ""
    except UnicodeError:
        ascii_domain = ""
    if not _DOMAIN.fullmatch(ascii_domain):
        raise BadAddress("address: not an e-mail address; write it like name@example.org")
    if len(local) > 64 or not _LOCAL_PART.fullmatch(local):
        raise BadAddress("address: before the @ only ASCII letters, digits and common signs work everywhere")
    return f"{local}@{ascii_domain}"


def mailbox(display_name: str, address: str) -> Address:
    return Address(display_name=header_text(display_name), addr_spec=address)


def header_text(text: str) -> str:
    """Python reads encoded words in a header it is given, and writes a line end that was hidden in one as it is."""
    return cut_characters(text.replace("=?", "= ?"), _HEADER_CHARACTERS_MAX)


class MailServer:
    """`transfer` answers whatever the server does. Without a host there is no `sender` and nothing can be sent."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Raises SenderError when the address in the settings is none."""
        sender_name, sender = parseaddr(settings.sender)
        try:
            self.sender = checked_address(sender) if settings.host else ""
        except BadAddress as error:
            raise SenderError(f"WATCHBILL_MAIL_FROM: {error}") from None
        self.sender_name = one_line(sender_name)
        self.domain = self.sender.rpartition("@")[2]
        self._settings = settings
        # Made once: loading the trusted authorities takes tens of milliseconds.
        self._tls_context = settings.tls_context or (ssl.create_default_context() if settings.host else None)

    @property
    def is_set_up(self) -> bool:
        return bool(self._settings.host)

    async def transfer(self, mail: bytes, *, recipient: str, within: timedelta) -> Transfer:
        begun = asyncio.Event()
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await self._transfer(mail, recipient=recipient, begun=begun)
        except TimeoutError:
            return Lost(f"the mail server did not finish in {within.total_seconds():g} s", begun.is_set())

    async def _transfer(self, mail: bytes, *, recipient: str, begun: asyncio.Event) -> Transfer:
        """`begun` is set when the text begins to leave."""
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
            await client.mail(self.sender)
            await client.rcpt(recipient)
            begun.set()
            accepted = await client.data(mail)
            # The mail is the server's now, whatever happens to the goodbye.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_GOODBYE_SECONDS_MAX)
        except aiosmtplib.SMTPResponseException as error:
            refused = isinstance(error, aiosmtplib.SMTPRecipientRefused)
            return Answered(error.code, self._said(error.message), error.message, refused, begun.is_set())
        except ssl.SSLError as error:
            return Lost(f"no secure connection to the mail server ({error.reason})", begun.is_set())
        except (aiosmtplib.SMTPException, OSError) as error:
            return Lost(f"mail server: {self._said(str(error))}", begun.is_set())
        finally:
            client.close()
            # A closed TLS connection waits for the other side's farewell, which a broken server never says.
            for transport in transports:
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
        return Taken(self._said(accepted.message) or "accepted")

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            # Said instead of the machine's own name, whose look-up can hang.
            local_hostname=self.domain,
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
