"""Mail to subscribers of the status page: one for each, over the mail server that carries pages too."""

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
from watchbill.domain.status_page.contract import Letter, NotSent, Outcome, Refused, Sent, Unsure
from watchbill.ground.text import block, one_line

# Below what an errand's step may take, so that the outcome is always known.
_TIMEOUT = timedelta(seconds=20)
_CONNECTIONS_MAX = 4
_BUTTON = "display:inline-block;padding:12px 20px;border-radius:6px;background:#1f4fd8;color:#ffffff;font-weight:600"


class SubscriberMailer:
    def __init__(self, settings: SmtpSettings, *, timeout: timedelta = _TIMEOUT) -> None:
        self._server = MailServer(settings)
        self._timeout = timeout
        # Few, so that ten thousand subscribers do not take the mail server from the pages.
        self._connections = asyncio.Semaphore(_CONNECTIONS_MAX)

    @property
    def is_set_up(self) -> bool:
        return self._server.is_set_up

    async def send_letter(self, letter: Letter, *, now: datetime) -> Outcome:
        try:
            recipient = checked_address(letter.address)
        except BadAddress as error:
            return Refused(why=str(error), address_is_dead=True)
        mail = self._compose(letter, recipient, now=now).as_bytes()
        async with self._connections:
            return _outcome(await self._server.transfer(mail, recipient=recipient, within=self._timeout))

    def _compose(self, letter: Letter, to: str, *, now: datetime) -> EmailMessage:
        sender, domain = self._server.sender, self._server.domain
        mail = EmailMessage(policy=POLICY)
        mail["From"] = mailbox(one_line(letter.page), sender)
        mail["To"] = to
        mail["Subject"] = header_text(one_line(f"[{letter.page}] {letter.subject}"))
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<status.{letter.notice_id}@{domain}>"
        if letter.thread:
            mail["References"] = mail["In-Reply-To"] = f"<status.{letter.thread}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["X-Watchbill"] = "status-page"
        if letter.leave_url:
            # RFC 8058: the mail program posts there by itself, when its reader presses its own button.
            mail["List-Unsubscribe"] = f"<{letter.leave_url}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(_text(letter))
        mail.add_alternative(_html(letter), subtype="html")
        return mail


def _outcome(answer: Transfer) -> Outcome:
    if isinstance(answer, Taken):
        return Sent()
    if isinstance(answer, Lost):
        return Unsure(answer.why) if answer.was_on_its_way else NotSent(answer.why)
    why = f"mail server answered {answer.code} {answer.said}"
    return Refused(why=why, address_is_dead=answer.address_is_dead) if answer.is_about_this_mail else NotSent(why)


def _text(letter: Letter) -> str:
    label, address = letter.button
    parts = [one_line(letter.subject), *(block(one) for one in letter.paragraphs), f"{label}: {address}"]
    if letter.leave_page_url:
        parts.append(f"Unsubscribe: {letter.leave_page_url}")
    return "\n\n".join(parts) + "\n"


def _html(letter: Letter) -> str:
    label, address = letter.button
    paragraphs = "".join(f"<p>{escape(block(one))}</p>".replace("\n", "<br>") for one in letter.paragraphs)
    leave = ""
    if letter.leave_page_url:
        leave = f'<p><small><a href="{escape(letter.leave_page_url)}">Unsubscribe</a></small></p>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(one_line(letter.subject))}</title></head>"
        '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;margin:16px">'
        f'<h1 style="font-size:20px">{escape(one_line(letter.subject))}</h1>{paragraphs}'
        f'<p><a href="{escape(address)}" style="{_BUTTON}">{escape(label)}</a></p>{leave}</body></html>\n'
    )
