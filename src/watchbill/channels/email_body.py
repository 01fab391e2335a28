"""The two bodies of a mail: plain text, and HTML that needs no image, no script and no style sheet."""

from html import escape

from watchbill.channels.wording import headline, is_urgent, local_time, name, title, unlisted
from watchbill.domain.paging.contract import AlertLine, Message
from watchbill.ground.text import cut_characters, one_line

_REASON_CHARACTERS_MAX = 500
_NOTE_CHARACTERS_MAX = 1000
_BUTTON = "display:inline-block;padding:14px 24px;border-radius:6px;background:#1f4fd8;color:#ffffff;font-weight:600"
_CELL = "padding:6px 12px 6px 0;vertical-align:top;text-align:left"


def text_body(message: Message, *, alerts_max: int) -> str:
    if message.note is not None:
        return "\n\n".join((headline(message), _note(message), f"Your contacts: {message.open_url}")) + "\n"
    listed = message.alerts[:alerts_max]
    parts = [headline(message)]
    if message.is_question:
        parts.append("Decide it here:")
    elif is_urgent(message):
        parts.append("Urgent: open this page and acknowledge:")
    else:
        parts.append("Open this page to acknowledge:")
    parts.append(message.open_url if message.is_question else message.acknowledge_url)
    parts.append("\n\n".join(_text_of(alert, message.time_zone) for alert in listed))
    if more := unlisted(message, len(listed)):
        parts.append(more)
    parts.append(f"Why you: {_reason(message)}")
    if message.is_question:
        parts.append(f"To end this page without deciding: {message.acknowledge_url}")
    parts.append(f"All details: {message.open_url}")
    return "\n\n".join(parts) + "\n"


def _text_of(alert: AlertLine, time_zone: str) -> str:
    return "\n".join(
        (
            f"#{alert.number} {title(alert)}",
            f"  service {name(alert.service)}, {name(alert.severity)}, since {local_time(alert.opened_at, time_zone)}",
            f"  {alert.open_url}",
        )
    )


def html_body(message: Message, *, alerts_max: int) -> str:
    if message.note is not None:
        return _html_page(
            message,
            f'<p>{escape(_note(message))}</p><p><a href="{escape(message.open_url)}">Your contacts</a></p>',
        )
    listed = message.alerts[:alerts_max]
    rows = "".join(_row_of(alert, message.time_zone) for alert in listed)
    more = unlisted(message, len(listed))
    first_url = message.open_url if message.is_question else message.acknowledge_url
    first_words = "Open and decide" if message.is_question else "Open and acknowledge"
    return _html_page(
        message,
        f'<p><a href="{escape(first_url)}" style="{_BUTTON}">{first_words}</a></p>'
        f'<table style="border-collapse:collapse"><tr><th style="{_CELL}">Alert</th><th style="{_CELL}">Service</th>'
        f'<th style="{_CELL}">Severity</th><th style="{_CELL}">Since</th></tr>{rows}</table>'
        + (f"<p>{escape(more)}</p>" if more else "")
        + f"<p>Why you: {escape(_reason(message))}</p>"
        + (f'<p><a href="{escape(message.acknowledge_url)}">End this page</a></p>' if message.is_question else "")
        + f'<p><a href="{escape(message.open_url)}">All details</a></p>',
    )


def _html_page(message: Message, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(headline(message))}</title></head>"
        '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;margin:16px">'
        f'<h1 style="font-size:20px">{escape(headline(message))}</h1>'
        f"{body}</body></html>\n"
    )


def _row_of(alert: AlertLine, time_zone: str) -> str:
    cells = (
        f'<a href="{escape(alert.open_url)}">#{alert.number}</a> {escape(title(alert))}',
        escape(name(alert.service)),
        escape(name(alert.severity)),
        escape(local_time(alert.opened_at, time_zone)),
    )
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _note(message: Message) -> str:
    return cut_characters(one_line(message.note.text), _NOTE_CHARACTERS_MAX) if message.note else ""


def _reason(message: Message) -> str:
    return cut_characters(one_line(message.reason), _REASON_CHARACTERS_MAX)
