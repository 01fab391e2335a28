"""Texts as Matrix' clients read them, and back. Nothing from outside may call, link or break out of its place."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from watchbill.domain.warrooms.contract import (
    Block,
    Button,
    ButtonAction,
    Buttons,
    ChatMessage,
    Facts,
    Heading,
    Links,
    Words,
)
from watchbill.ground.text import block, cut_bytes, cut_characters, one_line

COMMAND = "!watchbill"
TOPIC_MAX, _SUMMARY_MAX = 500, 1000
# An event may have 65,536 bytes, and more than this text stands in it.
_BODY_BYTES_MAX, _CONTENT_BYTES_MAX = 45_000, 60_000
_QUOTED = re.compile(r"\A(?:>[^\n]*\n)+\n?")
_WORDS: Mapping[ButtonAction, str] = {
    ButtonAction.ACKNOWLEDGE: "ack",
    ButtonAction.TAKE_ROLE: "role",
    ButtonAction.POST_UPDATE: "update <text>",
}


def content(message: ChatMessage) -> dict[str, Any]:
    """What stands in the event, as text and as HTML. The empty mentions say that it calls nobody, whatever it names."""
    body = "\n".join(line for part in message.blocks for line in _plain(part))
    shown = "".join(line for part in message.blocks for line in _markup(part))
    plain = {"msgtype": "m.text", "body": cut_bytes(body, _BODY_BYTES_MAX), "m.mentions": {}}
    whole = {**plain, "format": "org.matrix.custom.html", "formatted_body": shown}
    return whole if len(orjson.dumps(whole)) <= _CONTENT_BYTES_MAX else plain


def summary(message: ChatMessage) -> str:
    return cut_characters(one_line(message.summary), _SUMMARY_MAX)


def words(text: str) -> dict[str, Any]:
    """A plain answer of ours; a notice, so that other programs do not answer it."""
    return {"msgtype": "m.notice", "body": cut_bytes(block(text), _BODY_BYTES_MAX), "m.mentions": {}}


def without_quotation(body: str) -> str:
    """An answer without what it answers, which some clients repeat before it."""
    return _QUOTED.sub("", body)


def asked_for(body: str) -> str | None:
    """What stands behind our command; None when it is none."""
    first, _, rest = body.strip().partition(" ")
    if first.lower() != COMMAND:
        first, _, rest = body.strip().partition("\n")
    return rest.strip() if first.lower() == COMMAND else None


def _plain(part: Block) -> Iterator[str]:
    match part:
        case Heading():
            yield one_line(part.text)
        case Words():
            if part.lead:
                yield f"{one_line(part.lead)}:"
            yield block(part.text)
        case Facts():
            yield from (f"{one_line(label)}: {one_line(value)}" for label, value in part.lines)
        case Links():
            yield from (f"{one_line(label)}: {_address(url)}" for label, url in part.lines)
        case Buttons():
            yield f"Say here: {', '.join(_said(one) for one in part.buttons)}"


def _markup(part: Block) -> Iterator[str]:
    match part:
        case Heading():
            yield f"<h4>{_escaped(one_line(part.text))}</h4>"
        case Words():
            lead = f"<strong>{_escaped(one_line(part.lead))}</strong><br>" if part.lead else ""
            yield f"<p>{lead}{_lines(block(part.text))}</p>"
        case Facts():
            rows = (
                f"<strong>{_escaped(one_line(label))}:</strong> {_escaped(one_line(value))}"
                for label, value in part.lines
            )
            yield f"<p>{'<br>'.join(rows)}</p>"
        case Links():
            rows = (f'<a href="{_escaped(_address(url))}">{_escaped(one_line(label))}</a>' for label, url in part.lines)
            yield f"<p>{'<br>'.join(rows)}</p>"
        case Buttons():
            rows = (f"<code>{_escaped(_said(one))}</code>" for one in part.buttons)
            yield f"<p>Say here: {', '.join(rows)}</p>"


def _said(button: Button) -> str:
    """There are no buttons, but the same can be written."""
    named = f" {button.value.rpartition('/')[2]}" if button.action is ButtonAction.TAKE_ROLE else ""
    return f"{COMMAND} {_WORDS[button.action]}{named}"


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)


def _lines(text: str) -> str:
    return _escaped(text).replace("\n", "<br>")


def _address(url: str) -> str:
    return url.replace("<", "%3C").replace(">", "%3E").replace('"', "%22").replace(" ", "%20")
