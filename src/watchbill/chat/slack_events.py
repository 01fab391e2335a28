"""What Slack sends, by a socket or by HTTP, in our words. Pure; what is of no interest becomes nothing."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from watchbill.chat.slack_text import plain
from watchbill.domain.warrooms.contract import Incoming, IncomingKind

_SAID = (None, "file_share", "thread_broadcast")
COMMAND, EVENT, INTERACTIVE = "slash_commands", "events_api", "interactive"
FORM_BLOCK, FORM_FIELD = "text", "value"


def parse(kind: str, payload: Mapping[str, Any]) -> Incoming | None:
    """`kind` as Socket Mode calls it."""
    if kind == EVENT:
        return _event(_mapping(payload.get("event")))
    if kind == COMMAND:
        return _command(payload)
    if kind == INTERACTIVE and payload.get("type") == "block_actions":
        return _pressed(payload)
    if kind == INTERACTIVE and payload.get("type") == "view_submission":
        return _form(payload)
    return None


def _event(event: Mapping[str, Any]) -> Incoming | None:
    if event.get("type") != "message":
        return None
    if event.get("subtype") == "message_changed":
        return _edit(event)
    if event.get("subtype") not in _SAID or _is_by_a_program(event):
        return None
    room, ref = _text(event, "channel"), _text(event, "ts")
    thread = _text(event, "thread_ts")
    return Incoming(
        kind=IncomingKind.MESSAGE,
        key=_key("message", room, ref),
        person=_text(event, "user"),
        room=room,
        ref=ref,
        thread_ref=thread if thread != ref else "",
        text=plain(_text(event, "text", 100_000), names={}),
        files=tuple(_files(event)),
    )


def _edit(event: Mapping[str, Any]) -> Incoming | None:
    """Only what a person changed: Slack sends the same when it adds a preview or counts answers."""
    message = _mapping(event.get("message"))
    edited = _mapping(message.get("edited"))
    if not edited or _is_by_a_program(message):
        return None
    room, ref = _text(event, "channel"), _text(message, "ts")
    return Incoming(
        kind=IncomingKind.EDIT,
        key=_key("edit", room, ref, _text(edited, "ts")),
        person=_text(message, "user"),
        room=room,
        ref=ref,
        text=plain(_text(message, "text", 100_000), names={}),
        files=tuple(_files(message)),
    )


def _command(form: Mapping[str, Any]) -> Incoming | None:
    person, room, text = _text(form, "user_id"), _text(form, "channel_id"), _text(form, "text", 20_000)
    if not person:
        return None
    return Incoming(
        kind=IncomingKind.COMMAND,
        key=_key("command", person, room, text, _text(form, "trigger_id")),
        person=person,
        room=room,
        text=plain(text, names={}),
        answer_to=_text(form, "response_url", 2000),
        trigger=_text(form, "trigger_id"),
    )


def _pressed(payload: Mapping[str, Any]) -> Incoming | None:
    actions = payload.get("actions")
    action = _mapping(actions[0]) if isinstance(actions, list) and actions else {}
    person = _text(_mapping(payload.get("user")), "id")
    name = _text(action, "action_id").rpartition("-")[0]
    if not person or not name:
        return None
    value = _text(action, "value", 2000)
    return Incoming(
        kind=IncomingKind.PRESSED,
        key=_key("pressed", person, name, value, _text(action, "action_ts")),
        person=person,
        room=_text(_mapping(payload.get("channel")), "id"),
        action=name,
        value=value,
        answer_to=_text(payload, "response_url", 2000),
        trigger=_text(payload, "trigger_id"),
    )


def _form(payload: Mapping[str, Any]) -> Incoming | None:
    view = _mapping(payload.get("view"))
    person = _text(_mapping(payload.get("user")), "id")
    values = _mapping(_mapping(view.get("state")).get("values"))
    field = _mapping(_mapping(values.get(FORM_BLOCK)).get(FORM_FIELD))
    try:
        carried = _mapping(orjson.loads(_text(view, "private_metadata", 3000)))
    except orjson.JSONDecodeError:
        return None
    if not person:
        return None
    return Incoming(
        kind=IncomingKind.FORM,
        key=_key("form", person, _text(view, "id")),
        person=person,
        room=_text(carried, "room"),
        text=_text(field, "value", 20_000),
        action=_text(view, "callback_id"),
        value=_text(carried, "value", 2000),
    )


def _is_by_a_program(message: Mapping[str, Any]) -> bool:
    return bool(message.get("bot_id")) or not message.get("user")


def _files(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    files = message.get("files")
    for one in files if isinstance(files, list) else ():
        found = _mapping(one)
        url = _text(found, "permalink", 1000)
        yield _text(found, "name", 200) or "file", url if url.startswith("https://") else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(values: Mapping[str, Any], name: str, longest: int = 255) -> str:
    value = values.get(name)
    return value[:longest] if isinstance(value, str) else ""


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
