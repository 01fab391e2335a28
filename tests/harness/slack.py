"""Slack faked at the wire: its Web API as far as rooms need it, strict about what it is sent.

Whatever real Slack would refuse is refused with Slack's own words, and kept in `faults` so that a story fails on it.
"""

import asyncio
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qs

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.harness.carriers import Answer, LoopThread, read_request, say

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-for-tests", "xapp-for-tests", "shhh-for-tests"
TEAM, BOT = "T0001", "U0BOT"
_MENTION = re.compile(r"<(?!https?://)[^>]*>")
# Which scopes each method takes, by public and private channel where that matters.
_SCOPES = {
    "conversations.create": ("channels:manage", "groups:write"),
    "conversations.setTopic": ("channels:manage", "groups:write"),
    "conversations.invite": ("channels:manage", "groups:write"),
    "conversations.archive": ("channels:manage", "groups:write"),
    "conversations.unarchive": ("channels:manage", "groups:write"),
    "users.conversations": ("channels:read", "groups:read"),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.replies": ("channels:history", "groups:history"),
    "chat.postMessage": ("chat:write", "chat:write"),
    "chat.update": ("chat:write", "chat:write"),
    "chat.postEphemeral": ("chat:write", "chat:write"),
    "pins.add": ("pins:write", "pins:write"),
    "users.info": ("users:read", "users:read"),
    "users.lookupByEmail": ("users:read.email", "users:read.email"),
    "views.open": (None, None),
    "auth.test": (None, None),
}
ALL_SCOPES = frozenset(scope for pair in _SCOPES.values() for scope in pair if scope is not None) | {"commands"}


@dataclass
class Channel:
    id: str
    name: str
    is_private: bool
    created: int
    creator: str = BOT
    topic: str = ""
    archived: bool = False
    members: list[str] = field(default_factory=lambda: [BOT])
    messages: list[dict[str, Any]] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [said(one) for one in self.messages]


def said(message: dict[str, Any]) -> str:
    """What a reader sees of the blocks, or the text where there are none."""
    parts = []
    for block in message.get("blocks") or ():
        if "text" in block:
            parts.append(block["text"]["text"])
        parts += [f"[{one['text']['text']}]" for one in block.get("elements", ()) if one.get("type") == "button"]
    return "\n".join(parts) or message["text"]


class SlackError(Exception):
    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.more = more


class FakeSlack(LoopThread):
    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self.now = now
        self._sockets: Server | None = None
        self._talking: list[ServerConnection] = []
        self._changed = threading.Condition()
        self._tickets = self._envelopes = 0
        self.clear()

    def clear(self) -> None:
        self.scopes = set(ALL_SCOPES)
        self.users: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, Channel] = {}
        self.calls: list[tuple[str, dict[str, Any], datetime]] = []
        self.faults: list[str] = []
        self.down = False
        self.unarchives = True
        self.lost: dict[str, int] = defaultdict(int)  # done, but the answer never arrives
        self.lost_when_done: dict[str, int] = defaultdict(int)  # the same, of those that were done
        self.errors: dict[str, list[str]] = defaultdict(list)
        self.limited: dict[str, tuple[datetime, int]] = {}
        self.answers: list[dict[str, Any]] = []  # to commands and buttons
        self.forms: list[dict[str, Any]] = []
        self.acknowledged: list[str] = []
        self.acknowledgements_lost = self._opened = 0
        self.unacknowledged: dict[str, dict[str, Any]] = {}
        self._valid: set[str] = set()
        self._ids = 0
        self._sent = 0

    def start(self) -> None:
        super().start()
        self._server = cast(asyncio.Server, self.run(self._listen()))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.api_url = f"{self.url}/api"

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=4 * 1024 * 1024)

    def stop(self) -> None:
        self.run(self._close())
        super().stop()

    async def _close(self) -> None:
        self._server.close()
        if self._sockets is not None:
            self._sockets.close()
            await self._sockets.wait_closed()

    # What stories set up and look at

    def has(self, name: str, email: str, **more: Any) -> str:
        """Somebody in the workspace; their id."""
        identity = f"U{len(self.users) + 1:04}"
        profile = {"email": email, "display_name": name, "real_name": name}
        user = {"id": identity, "name": name, "team_id": TEAM, "is_email_confirmed": True, "profile": profile}
        self.users[identity] = user | more
        return identity

    def limits(self, method: str, *, until: datetime, seconds: int) -> None:
        """429 with `Retry-After` until then; a call before that is a fault."""
        self.limited[method] = (until, seconds)

    def channel(self, name: str) -> Channel:
        [found] = [one for one in self.channels.values() if one.name == name]
        return found

    def called(self, method: str) -> list[dict[str, Any]]:
        return [fields for name, fields, _ in self.calls if name == method]

    # The wire

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not self.down and (request := await read_request(reader, 0)):
                if self.down or not await say(await self._answer(request), writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, request: Any) -> Answer:
        if request.path.startswith("/answer/"):
            self.answers.append({"to": request.path, **json.loads(request.body)})
            return Answer(body=b"ok")
        method = request.path.removeprefix("/api/")
        fields = {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}
        self.calls.append((method, fields, self.now()))
        limited = self.limited.get(method)
        if limited is not None and self.now() < limited[0]:
            return Answer(
                429, json.dumps({"ok": False, "error": "ratelimited"}).encode(), {"Retry-After": str(limited[1])}
            )
        try:
            data = await self._method(method, request.headers, fields)
        except SlackError as error:
            data = {"ok": False, "error": str(error), **error.more}
        if data.get("ok", True) and self.lost_when_done[method] > 0:
            self.lost_when_done[method] -= 1
            return Answer.drop()
        if self.lost[method] > 0:
            self.lost[method] -= 1
            return Answer.drop()
        return Answer(body=json.dumps({"ok": True, **data}).encode(), headers={"X-OAuth-Scopes": ",".join(self.scopes)})

    async def _method(self, method: str, headers: dict[str, str], fields: dict[str, Any]) -> dict[str, Any]:
        if method == "apps.connections.open":
            self._check(headers.get("authorization") == f"Bearer {APP_TOKEN}", "invalid_auth")
            if self.errors[method]:
                raise SlackError(self.errors[method].pop(0))
            return {"url": await self.socket_url()}
        if method not in _SCOPES:
            self.faults.append(f"unknown method {method}")
            raise SlackError("unknown_method")
        if headers.get("authorization") != f"Bearer {BOT_TOKEN}":
            raise SlackError("invalid_auth")
        if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            self.faults.append(f"{method} wants a form")
        if self.errors[method]:
            raise SlackError(self.errors[method].pop(0))
        private = self._is_private(method, fields)
        needed = _SCOPES[method][1 if private else 0]
        if needed is not None and needed not in self.scopes:
            raise SlackError("missing_scope", needed=needed, provided=",".join(self.scopes))
        name = re.sub(r"[.A-Z]", lambda one: "_" + one.group().lower().strip("."), method)
        return cast(dict[str, Any], getattr(self, f"_{name}")(fields))

    # Socket Mode

    async def socket_url(self) -> str:
        if self._sockets is None:
            self._sockets = await serve(self._talk, "127.0.0.1", 0)
        port = next(iter(self._sockets.sockets)).getsockname()[1]
        self._tickets += 1
        self._valid.add(f"{self._tickets}")
        return f"ws://127.0.0.1:{port}/link?ticket={self._tickets}"

    async def _talk(self, connection: ServerConnection) -> None:
        """A ticket is good for one connection. What was not acknowledged is sent again over the next one."""
        assert connection.request is not None
        ticket = connection.request.path.partition("ticket=")[2]
        if ticket not in self._valid:
            self.faults.append("a ticket was used twice")
            return
        self._valid.discard(ticket)
        await connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        self._talking.append(connection)
        self._opened += 1
        self._tell()
        try:
            for envelope in list(self.unacknowledged.values()):
                await connection.send(json.dumps(envelope))
            async for frame in connection:
                self._acknowledge(json.loads(frame)["envelope_id"])
        except ConnectionClosed:
            pass
        finally:
            self._talking.remove(connection)
            self._tell()

    def _acknowledge(self, envelope: str) -> None:
        if envelope not in self.unacknowledged:
            self.faults.append(f"acknowledged twice, or never sent: {envelope}")
        if self.acknowledgements_lost > 0:
            self.acknowledgements_lost -= 1
        else:
            self.unacknowledged.pop(envelope, None)
        self.acknowledged.append(envelope)
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def waits_until(self, holds: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, timeout=60)

    def sends(self, kind: str, payload: dict[str, Any]) -> str:
        """Over the socket, now or when there is one; the envelope's id."""
        self._envelopes += 1
        identity = f"envelope-{self._envelopes}"
        envelope = {"envelope_id": identity, "type": kind, "payload": payload, "accepts_response_payload": False}
        self.run(self._send(envelope))
        return identity

    async def _send(self, envelope: dict[str, Any]) -> None:
        self.unacknowledged[envelope["envelope_id"]] = envelope
        for connection in self._talking[:1]:
            await connection.send(json.dumps(envelope))

    def disconnects(self, *, politely: bool) -> None:
        async def end() -> None:
            for connection in list(self._talking):
                if politely:
                    await connection.send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
                else:
                    connection.transport.abort()

        self.run(end())

    @property
    def connections(self) -> int:
        """How many were opened since the beginning."""
        return self._opened

    def _is_private(self, method: str, fields: dict[str, Any]) -> bool:
        if method == "conversations.create":
            return fields.get("is_private") == "true"
        if method == "users.conversations":
            return fields.get("types") == "private_channel"
        channel = self.channels.get(fields.get("channel", ""))
        return channel is not None and channel.is_private

    def _check(self, holds: bool, error: str) -> None:
        """What a well-made client never does."""
        if not holds:
            self.faults.append(error)
            raise SlackError(error)

    def _known(self, fields: dict[str, Any], *, open_: bool = True) -> Channel:
        channel = self.channels.get(fields.get("channel", ""))
        if channel is None:
            raise SlackError("channel_not_found")
        if open_ and channel.archived:
            raise SlackError("is_archived")
        return channel

    # The methods, by the names that Slack gives them

    def _auth_test(self, _fields: dict[str, Any]) -> dict[str, Any]:
        return {"url": "https://acme.slack.com/", "team_id": TEAM, "user_id": BOT, "bot_id": "B0001"}

    def _conversations_create(self, fields: dict[str, Any]) -> dict[str, Any]:
        name = fields.get("name", "")
        self._check(bool(name), "invalid_name_required")
        self._check(len(name) <= 80, "invalid_name_maxlength")
        self._check(re.fullmatch(r"[a-z0-9_-]+", name) is not None, "invalid_name_specials")
        if any(one.name == name and not one.archived for one in self.channels.values()):
            raise SlackError("name_taken")
        self._ids += 1
        made = Channel(f"C{self._ids:04}", name, fields.get("is_private") == "true", int(self.now().timestamp()))
        self.channels[made.id] = made
        return {"channel": self._channel_out(made)}

    def _channel_out(self, one: Channel) -> dict[str, Any]:
        return {"id": one.id, "name": one.name, "creator": one.creator, "created": one.created}

    def _users_conversations(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Those that the app is in."""
        self._check(0 < int(fields["limit"]) < 1000, "invalid_limit")
        private = fields["types"] == "private_channel"
        found = [
            one
            for one in self.channels.values()
            if one.is_private == private and not one.archived and BOT in one.members
        ]
        at = int(fields.get("cursor") or 0)
        page = found[at : at + 2]  # small pages, so that cursors are used
        more = str(at + 2) if at + 2 < len(found) else ""
        return {"channels": [self._channel_out(one) for one in page], "response_metadata": {"next_cursor": more}}

    def _conversations_set_topic(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._known(fields)
        self._check(len(fields["topic"]) <= 250, "too_long")
        self._check_text(fields["topic"])
        channel.topic = fields["topic"]
        return {}

    def _conversations_invite(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._known(fields)
        errors = []
        for user in fields["users"].split(","):
            if user not in self.users:
                errors.append({"user": user, "ok": False, "error": "user_not_found"})
            elif self.users[user].get("is_restricted"):
                errors.append({"user": user, "ok": False, "error": "user_is_restricted"})
            elif user in channel.members:
                errors.append({"user": user, "ok": False, "error": "already_in_channel"})
            elif fields.get("force") == "true" or len(fields["users"].split(",")) == 1:
                channel.members.append(user)
        if errors and len(errors) == len(fields["users"].split(",")):
            raise SlackError(errors[0]["error"], errors=errors)
        return {"channel": self._channel_out(channel), "errors": errors}

    def _conversations_archive(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._known(fields, open_=False)
        if channel.archived:
            raise SlackError("already_archived")
        channel.archived = True
        return {}

    def _conversations_unarchive(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._known(fields, open_=False)
        if not self.unarchives:
            raise SlackError("not_in_channel")
        channel.archived = False
        return {}

    def _conversations_history(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._known(fields, open_=False)
        found = [one for one in channel.messages if float(one["ts"]) > float(fields.get("oldest") or 0)]
        found = [one for one in found if not one.get("thread_ts") or one["thread_ts"] == one["ts"]]
        return {"messages": self._with_metadata(found[::-1], fields)}

    def _conversations_replies(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._known(fields, open_=False)
        self._check_thread(channel, fields["ts"])
        found = [one for one in channel.messages if fields["ts"] in (one["ts"], one.get("thread_ts"))]
        return {"messages": self._with_metadata(found, fields)}

    def _check_thread(self, channel: Channel, ts: str) -> None:
        if not any(one["ts"] == ts for one in channel.messages):
            raise SlackError("thread_not_found")  # people delete messages, so this is nobody's fault

    def _with_metadata(self, found: list[dict[str, Any]], fields: dict[str, Any]) -> list[dict[str, Any]]:
        if fields.get("include_all_metadata") == "true":
            return found
        return [{name: value for name, value in one.items() if name != "metadata"} for one in found]

    def _chat_post_message(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._known(fields)
        message = self._checked_message(fields)
        self._sent += 1
        message["ts"] = f"{self.now().timestamp():.0f}.{self._sent:06}"
        if "thread_ts" in fields:
            self._check_thread(channel, fields["thread_ts"])
            message["thread_ts"] = fields["thread_ts"]
        if "metadata" in fields:
            message["metadata"] = json.loads(fields["metadata"])
            self._check(set(message["metadata"]) == {"event_type", "event_payload"}, "invalid_metadata_format")
        message["user"] = BOT
        channel.messages.append(message)
        return {"ts": message["ts"], "channel": channel.id, "message": message}

    def _chat_update(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._known(fields)
        found = next((one for one in channel.messages if one["ts"] == fields["ts"]), None)
        if found is None:
            raise SlackError("message_not_found")
        self._check(found["user"] == BOT, "cant_update_message")
        found.update(self._checked_message(fields))
        return {"ts": found["ts"]}

    def _chat_post_ephemeral(self, fields: dict[str, Any]) -> dict[str, Any]:
        self._known(fields)
        self._check_text(fields["text"])
        self.answers.append({"to": fields["user"], "text": fields["text"]})
        return {}

    def _pins_add(self, fields: dict[str, Any]) -> dict[str, Any]:
        channel = self._known(fields)
        if fields["timestamp"] in channel.pins:
            raise SlackError("already_pinned")
        self._check(any(one["ts"] == fields["timestamp"] for one in channel.messages), "message_not_found")
        channel.pins.append(fields["timestamp"])
        return {}

    def _users_info(self, fields: dict[str, Any]) -> dict[str, Any]:
        if fields["user"] not in self.users:
            raise SlackError("user_not_found")
        return {"user": self.users[fields["user"]]}

    def _users_lookup_by_email(self, fields: dict[str, Any]) -> dict[str, Any]:
        found = [one for one in self.users.values() if one["profile"]["email"] == fields["email"]]
        if not found:
            raise SlackError("users_not_found")
        return {"user": found[0]}

    def _views_open(self, fields: dict[str, Any]) -> dict[str, Any]:
        view = json.loads(fields["view"])
        self._check(len(view["title"]["text"]) <= 24, "invalid_arguments")
        self._check(len(view.get("private_metadata", "")) <= 3000, "invalid_arguments")
        self._check(bool(fields.get("trigger_id")), "invalid_arguments")
        self.forms.append(view | {"trigger_id": fields["trigger_id"]})
        return {"view": view}

    def _checked_message(self, fields: dict[str, Any]) -> dict[str, Any]:
        text, blocks = fields.get("text", ""), json.loads(fields.get("blocks", "[]"))
        self._check(bool(text or blocks), "no_text")
        self._check(len(text) <= 40_000, "msg_too_long")
        self._check(len(blocks) <= 50, "invalid_blocks")
        self._check_text(text)
        for block in blocks:
            self._check_block(block)
        return {"text": text, "blocks": blocks}

    def _check_block(self, block: dict[str, Any]) -> None:
        kind = block["type"]
        self._check(kind in ("header", "section", "actions"), "invalid_blocks")
        if kind == "actions":
            names = [one["action_id"] for one in block["elements"]]
            self._check(1 <= len(names) <= 25 and len(set(names)) == len(names), "invalid_blocks")
            for one in block["elements"]:
                fits = len(one["text"]["text"]) <= 75 and len(one["value"]) <= 2000 and len(one["action_id"]) <= 255
                self._check(fits, "invalid_blocks")
            return
        text, longest = block["text"], 150 if kind == "header" else 3000
        self._check(0 < len(text["text"]) <= longest, "invalid_blocks")
        self._check(text["type"] == ("plain_text" if kind == "header" else "mrkdwn"), "invalid_blocks")
        self._check_text(text["text"])

    def _check_text(self, text: str) -> None:
        """Nothing that calls people: only links may stand in angle brackets."""
        if _MENTION.search(text):
            self.faults.append(f"a mention got through: {text}")
        if re.search(r"&(?!amp;|lt;|gt;)", text):
            self.faults.append(f"an ampersand is not escaped, or an escape is cut: {text}")
