"""What a homeserver tells of a room, in our words. Pure; what is of no interest becomes nothing."""

import hashlib
from collections.abc import Mapping
from typing import Any

from watchbill.chat.matrix_text import asked_for, without_quotation
from watchbill.domain.warrooms.contract import Incoming, IncomingKind

MESSAGE, ENCRYPTED = "m.room.message", "m.room.encrypted"
_WRITTEN = frozenset({"m.text", "m.emote"})
_FILES = frozenset({"m.file", "m.image", "m.audio", "m.video"})
_UNREADABLE = "[encrypted: Watchbill cannot read it. Rooms of incidents must not be encrypted; write it again without.]"


def parse(event: Mapping[str, Any], room: str, *, me: str, link_url: str) -> Incoming | None:
    """`me`: our own account. Notices are of other programs, and never answered."""
    person, ref = _text(event, "sender"), _text(event, "event_id")
    if not person or person == me or not ref:
        return None
    content = _mapping(event.get("content"))
    if event.get("type") == ENCRYPTED:
        return _said(content, room, person=person, ref=ref, text=_UNREADABLE)
    if event.get("type") != MESSAGE:
        return None
    relates = _mapping(content.get("m.relates_to"))
    if relates.get("rel_type") == "m.replace":
        return _edit(content, relates, room, person=person, ref=ref)
    kind = _text(content, "msgtype")
    if kind in _FILES:
        name = _text(content, "filename", 200) or _text(content, "body", 200) or "file"
        caption = _text(content, "body", 20_000) if content.get("filename") else ""
        file = (name, f"{link_url}{room}/{ref}")
        return _said(content, room, person=person, ref=ref, text="" if caption == name else caption, files=(file,))
    if kind not in _WRITTEN:
        return None
    text = _written(content)
    asked = asked_for(text)
    if asked is not None and kind == "m.text":
        return Incoming(
            kind=IncomingKind.COMMAND, key=_key("command", room, ref), person=person, room=room, ref=ref, text=asked
        )
    return _said(content, room, person=person, ref=ref, text=text)


def _said(
    content: Mapping[str, Any],
    room: str,
    *,
    person: str,
    ref: str,
    text: str,
    files: tuple[tuple[str, str], ...] = (),
) -> Incoming:
    relates = _mapping(content.get("m.relates_to"))
    thread = _text(relates, "event_id") if relates.get("rel_type") == "m.thread" else ""
    answered = _text(_mapping(relates.get("m.in_reply_to")), "event_id")
    return Incoming(
        kind=IncomingKind.MESSAGE,
        key=_key("message", room, ref),
        person=person,
        room=room,
        ref=ref,
        thread_ref=thread or answered,
        text=text,
        files=files,
    )


def _edit(
    content: Mapping[str, Any], relates: Mapping[str, Any], room: str, *, person: str, ref: str
) -> Incoming | None:
    """A homeserver lets people replace their own events only, and so do we: whose it was stands in the record."""
    new = _mapping(content.get("m.new_content"))
    if _text(new, "msgtype") not in _WRITTEN:
        return None
    return Incoming(
        kind=IncomingKind.EDIT,
        key=_key("edit", room, ref),
        person=person,
        room=room,
        ref=_text(relates, "event_id"),
        text=_written(new),
    )


def _written(content: Mapping[str, Any]) -> str:
    body = _text(content, "body", 100_000)
    if _mapping(_mapping(content.get("m.relates_to")).get("m.in_reply_to")):
        body = without_quotation(body)
    return f"* {body}" if content.get("msgtype") == "m.emote" else body


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(values: Mapping[str, Any], name: str, longest: int = 255) -> str:
    value = values.get(name)
    return value[:longest] if isinstance(value, str) else ""


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
