"""Texts as Slack reads them, and back. Nothing that comes from outside may call, link or break out of its place."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from watchbill.domain.warrooms.contract import Block, Buttons, ChatMessage, Facts, Heading, Links, Words
from watchbill.ground.text import block, one_line

# Slack counts characters after escaping.
SECTION_MAX, HEADER_MAX, BUTTON_MAX, VALUE_MAX, TOPIC_MAX = 3000, 150, 75, 2000, 250
_BLOCKS_MAX, _SUMMARY_MAX = 50, 3000
_MARKED = re.compile(r"<([^<>]{1,2000})>")


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def within(text: str, limit: int) -> str:
    """Escaped, and cut so that what is escaped fits."""
    whole = escaped(text)
    if len(whole) <= limit:
        return whole
    kept, length = [], 1
    for character in text:
        length += len(escaped(character))
        if length > limit:
            break
        kept.append(character)
    return escaped("".join(kept).rstrip()) + "…"


def topic(text: str) -> str:
    return within(one_line(text), TOPIC_MAX)


def payload(message: ChatMessage) -> dict[str, Any]:
    """The fields `text` and `blocks`."""
    blocks = [one for part in message.blocks for one in _blocks(part)]
    return {"text": within(one_line(message.summary), _SUMMARY_MAX), "blocks": blocks[:_BLOCKS_MAX]}


def plain(text: str, *, names: Mapping[str, str]) -> str:
    """What somebody wrote in Slack, as plain text. `names`: of people, by their ids."""
    return html.unescape(_MARKED.sub(lambda found: _unmarked(found.group(1), names), text))


def _blocks(part: Block) -> Iterator[dict[str, Any]]:
    match part:
        case Heading():
            # A header is plain text: nothing in it is obeyed.
            yield {"type": "header", "text": _plain_text(part.text, HEADER_MAX)}
        case Words():
            lead = f"*{within(one_line(part.lead).replace('*', '·'), 300)}*\n" if part.lead else ""
            for piece in _pieces(lead, block(part.text)):
                yield _section(piece)
        case Facts():
            lines = (f"*{within(one_line(label), 100)}:* {within(one_line(value), 400)}" for label, value in part.lines)
            yield from (_section(piece) for piece in _joined(lines))
        case Links():
            lines = (f"<{_address(url)}|{within(one_line(label), 200)}>" for label, url in part.lines)
            yield from (_section(piece) for piece in _joined(lines))
        case Buttons():
            yield {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": f"{one.action.value}-{index}",
                        "text": _plain_text(one.label, BUTTON_MAX),
                        "value": one.value[:VALUE_MAX],
                    }
                    for index, one in enumerate(part.buttons)
                ],
            }


def _section(text: str) -> dict[str, Any]:
    # Verbatim: names and channels in the text are not looked for.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _plain_text(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": within(one_line(text), limit), "emoji": False}


def _pieces(lead: str, text: str) -> Iterator[str]:
    """Escaped pieces of a long text, none of them cut inside an escape."""
    piece = lead
    for character in text:
        one = escaped(character)
        if len(piece) + len(one) > SECTION_MAX:
            yield piece
            piece = ""
        piece += one
    yield piece or " "


def _joined(lines: Iterator[str]) -> Iterator[str]:
    piece = ""
    for line in lines:
        if len(piece) + len(line) + 1 > SECTION_MAX:
            yield piece
            piece = ""
        piece = f"{piece}\n{line}" if piece else line
    if piece:
        yield piece


def _address(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C").replace(" ", "%20")


def _unmarked(inside: str, names: Mapping[str, str]) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return f"@{label or names.get(target[1:], target[1:])}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    target = target.removeprefix("mailto:")
    return f"{label} ({target})" if label and label not in (target, html.unescape(target)) else target
