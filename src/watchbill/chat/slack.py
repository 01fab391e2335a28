"""Rooms in Slack: a channel for each incident, made by the organization's own app."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson

from watchbill.chat import slack_text
from watchbill.chat.slack_api import SCOPES, Reply, SlackApi, refused
from watchbill.chat.slack_events import FORM_BLOCK, FORM_FIELD
from watchbill.domain.errands.contract import Later
from watchbill.domain.warrooms.contract import (
    Busy,
    ChatMessage,
    Done,
    Incoming,
    Invitations,
    Invited,
    Invitee,
    InviteState,
    Limits,
    MessageWanted,
    NameTaken,
    Posted,
    Profile,
    Refused,
    RoomMade,
    RoomWanted,
    Trouble,
)
from watchbill.ground.http_client import HttpClient

_ANSWER_ORIGINS = ("https://hooks.slack.com", "https://hooks.slack-gov.com")
_EVENT_TYPE = "watchbill_message"
# Between Slack's clock and ours.
_CLOCKS_APART = timedelta(minutes=5)
# As many at once as Slack allows. Beyond the last page nothing is taken for looked at.
_PAGE, _PAGES_MAX = 999, 20
# The message that is answered was deleted, or nobody may answer it.
_NO_THREAD = ("thread_not_found", "message_not_found", "cannot_reply_to_message", "restricted_action_thread_locked")
_IN_ALREADY = frozenset({"already_in_channel", "cant_invite_self"})
_INVITE_WORDS = {
    "user_is_restricted": "a guest of Slack, who cannot be invited; invite them by hand",
    "cant_invite": "cannot be invited into this channel; invite them by hand",
    "ura_max_channels": "a guest of Slack in as many channels as a guest may be in",
    "user_not_found": "not known to Slack any more",
    "org_user_not_in_team": "in the organization's Slack, but not in this workspace; add them to it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The app as Slack knows it."""

    user_id: str
    team_id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    bot_token: str
    app_token: str = ""
    signing_secret: str = ""
    api_url: str = "https://slack.com/api"

    def lacks(self) -> Iterator[str]:
        """What cannot be right whatever Slack says."""
        if not self.bot_token and (self.app_token or self.signing_secret):
            yield "settings of Slack are there, and WATCHBILL_SLACK_BOT_TOKEN is empty: there are no rooms in Slack"
        if self.bot_token and not self.bot_token.startswith("xoxb-"):
            yield "WATCHBILL_SLACK_BOT_TOKEN is no bot token: those begin with xoxb-"
        if self.app_token and not self.app_token.startswith("xapp-"):
            yield "WATCHBILL_SLACK_APP_TOKEN is no app token: those begin with xapp-"


class SlackHost:
    kind = "slack"
    label = "Slack"
    command = "/watchbill"
    limits = Limits(name_max=80, name_characters="a-z0-9_-", topic_max=slack_text.TOPIC_MAX, private_rooms=True)

    def __init__(self, *, http: HttpClient, settings: SlackSettings) -> None:
        self.settings = settings
        self.api = SlackApi(http=http, base_url=settings.api_url, token=settings.bot_token)
        self._me: Me | None = None
        self._ids: dict[str, str] = {}

    async def create_room(self, wanted: RoomWanted, *, now: datetime) -> RoomMade | NameTaken | Trouble:
        me = await self.me(now=now)
        if not isinstance(me, Me):
            return me
        fields = {"name": wanted.name, "is_private": wanted.private}
        reply = await self._call("conversations.create", fields, now=now, expected=("name_taken",))
        if not isinstance(reply, Reply):
            return reply
        if not reply.error:
            return _made(reply.data["channel"], me)
        if wanted.perhaps_made_since is None:
            return NameTaken()
        return await self._made_unnoticed(wanted, me, since=wanted.perhaps_made_since, now=now)

    async def set_topic(self, room_id: str, topic: str, *, now: datetime) -> Done | Trouble:
        fields = {"channel": room_id, "topic": slack_text.topic(topic)}
        return _done(await self._call("conversations.setTopic", fields, now=now))

    async def invite(self, room_id: str, people: Sequence[Invitee], *, now: datetime) -> Invitations | Trouble:
        ids: dict[str, str] = {}
        for one in people:
            found = one.external_id or self._ids.get(one.email) or await self._look_up(one.email, now=now)
            if not isinstance(found, str):
                return found
            ids[one.email] = found
        known = [identity for identity in ids.values() if identity]
        errors: Mapping[str, str] | Trouble = {}
        if known:
            errors = await self._invite(room_id, known, now=now)
        if not isinstance(errors, Mapping):
            return errors
        return Invitations(tuple(_invited(email, identity, errors) for email, identity in ids.items()))

    async def post(self, room_id: str, wanted: MessageWanted, *, now: datetime) -> Posted | Trouble:
        if wanted.perhaps_posted_since is not None:
            found = await self._posted_unnoticed(room_id, wanted, since=wanted.perhaps_posted_since, now=now)
            if found is not None:
                return found
        fields = {"channel": room_id, **_shown(wanted.message, key=wanted.key), "unfurl_links": False}
        reply: Reply | Trouble | None = None
        if wanted.thread_ref:
            in_thread = {**fields, "thread_ts": wanted.thread_ref}
            reply = await self._call("chat.postMessage", in_thread, now=now, expected=_NO_THREAD)
        if reply is None or (isinstance(reply, Reply) and reply.error):
            reply = await self._call("chat.postMessage", fields, now=now)
        return Posted(str(reply.data["ts"])) if isinstance(reply, Reply) else reply

    async def update(self, room_id: str, ref: str, message: ChatMessage, *, now: datetime) -> Done | Trouble:
        fields = {"channel": room_id, "ts": ref, **slack_text.payload(message)}
        return _done(await self._call("chat.update", fields, now=now))

    async def pin(self, room_id: str, ref: str, *, now: datetime) -> Done | Trouble:
        fields = {"channel": room_id, "timestamp": ref}
        return _done(await self._call("pins.add", fields, now=now, expected=("already_pinned",)))

    async def archive(self, room_id: str, *, now: datetime) -> Done | Trouble:
        expected = ("already_archived", "is_archived", "channel_not_found")
        return _done(await self._call("conversations.archive", {"channel": room_id}, now=now, expected=expected))

    async def reopen(self, room_id: str, *, now: datetime) -> Done | Trouble:
        fields = {"channel": room_id}
        return _done(await self._call("conversations.unarchive", fields, now=now, expected=("not_archived",)))

    async def profile(self, external_id: str, *, now: datetime) -> Profile | Trouble:
        me = await self.me(now=now)
        if not isinstance(me, Me):
            return me
        reply = await self._call("users.info", {"user": external_id}, now=now, expected=("user_not_found",))
        if not isinstance(reply, Reply):
            return reply
        return _profile(external_id, reply.data.get("user") or {}, me)

    async def answer(self, to: Incoming, text: str, *, aloud: bool, now: datetime) -> Done | Trouble:
        said = slack_text.within(text, slack_text.SECTION_MAX)
        if self._may_answer_to(to.answer_to):
            return await self.api.answer(
                to.answer_to, {"response_type": "ephemeral", "replace_original": False, "text": said}
            )
        if not to.room:
            return Refused(why="Slack gave no way to answer")
        fields = {"channel": to.room, "user": to.person, "text": said}
        return _done(await self._call("chat.postEphemeral", fields, now=now))

    async def ask_text(self, to: Incoming, *, title: str, label: str, now: datetime) -> Done | Trouble:
        view = {
            "type": "modal",
            "callback_id": to.action,
            "private_metadata": orjson.dumps({"value": to.value, "room": to.room}).decode(),
            "title": {"type": "plain_text", "text": slack_text.within(title, 24)},
            "submit": {"type": "plain_text", "text": "Post"},
            "blocks": [
                {
                    "type": "input",
                    "block_id": FORM_BLOCK,
                    "label": {"type": "plain_text", "text": slack_text.within(label, 150)},
                    "element": {"type": "plain_text_input", "action_id": FORM_FIELD, "multiline": True},
                }
            ],
        }
        return _done(await self._call("views.open", {"trigger_id": to.trigger, "view": view}, now=now))

    def _may_answer_to(self, url: str) -> bool:
        """The address comes with what somebody sent: it must be Slack's own."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        return origin in _ANSWER_ORIGINS or (bool(url) and self.settings.api_url.startswith(f"{origin}/"))

    async def complaints(self, *, now: datetime) -> Sequence[str]:
        reply = await self._call("auth.test", {}, now=now)
        if not isinstance(reply, Reply):
            return (reply.why,)
        has = {one.strip() for one in reply.scopes.split(",")}
        missing = [one for one in SCOPES if one not in has]
        found = []
        if missing:
            scopes = ", ".join(missing)
            found.append(f"the Slack app lacks {scopes}: add them under OAuth & Permissions, and install it again")
        return [*found, *await self._way_back_complaints(now=now)]

    async def me(self, *, now: datetime) -> Me | Trouble:
        if self._me is None:
            reply = await self._call("auth.test", {}, now=now)
            if not isinstance(reply, Reply):
                return reply
            url, user_id, team_id = (str(reply.data.get(name) or "") for name in ("url", "user_id", "team_id"))
            if not user_id or not team_id:
                return Later(why="Slack does not say whose bot token this is")
            self._me = Me(user_id=user_id, team_id=team_id, url=url.rstrip("/"))
        return self._me

    async def open_socket(self, *, now: datetime) -> str | Trouble:
        """Where to connect for what comes back; good for one connection, now."""
        reply = await self.api.call("apps.connections.open", {}, now=now, token=self.settings.app_token)
        if not isinstance(reply, Reply):
            return reply
        if reply.error:
            why = f"Slack does not take the app token ({reply.error}): make one with the scope connections:write"
            return Refused(why=f"{why} and set WATCHBILL_SLACK_APP_TOKEN")
        url = reply.data.get("url")
        return url if isinstance(url, str) and url else Later(why="Slack does not say where to connect")

    async def _way_back_complaints(self, *, now: datetime) -> Sequence[str]:
        if self.settings.app_token:
            url = await self.open_socket(now=now)
            return () if isinstance(url, str) else (url.why,)
        if self.settings.signing_secret:
            return ()
        return ("nothing comes back from Slack: set WATCHBILL_SLACK_APP_TOKEN, or WATCHBILL_SLACK_SIGNING_SECRET",)

    async def _call(
        self, method: str, fields: Mapping[str, Any], *, now: datetime, expected: Sequence[str] = ()
    ) -> Reply | Trouble:
        """A reply that went well, or whose error is one of those expected."""
        reply = await self.api.call(method, fields, now=now)
        if isinstance(reply, Reply) and reply.error and reply.error not in expected:
            return refused(method, reply)
        return reply

    async def _pages(
        self, method: str, fields: Mapping[str, Any], *, items: str, now: datetime, expected: Sequence[str] = ()
    ) -> AsyncIterator[Mapping[str, Any] | Trouble]:
        cursor = ""
        for _ in range(_PAGES_MAX):
            reply = await self._call(method, {**fields, "limit": _PAGE, "cursor": cursor}, now=now, expected=expected)
            if not isinstance(reply, Reply):
                yield reply
                return
            for item in reply.data.get(items) or ():
                yield item
            cursor = str((reply.data.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return
        yield Later(why=f"Slack lists more than {_PAGE * _PAGES_MAX} {items} in {method}: what was lost is not found")

    async def _made_unnoticed(
        self, wanted: RoomWanted, me: Me, *, since: datetime, now: datetime
    ) -> RoomMade | NameTaken | Trouble:
        """A channel that we made without hearing of it has the name, us as its creator, and is as young as the try.

        Whoever makes a channel is in it: so our own are listed, and not the workspace's thousands.
        """
        kinds = "private_channel" if wanted.private else "public_channel"
        fields = {"types": kinds, "exclude_archived": True}
        oldest = (since - _CLOCKS_APART).timestamp()
        async for one in self._pages("users.conversations", fields, items="channels", now=now):
            if isinstance(one, Later | Busy | Refused):
                return one
            if (
                one.get("name") == wanted.name
                and one.get("creator") == me.user_id
                and float(one.get("created") or 0) >= oldest
            ):
                return _made(one, me)
        return NameTaken()

    async def _posted_unnoticed(
        self, room_id: str, wanted: MessageWanted, *, since: datetime, now: datetime
    ) -> Posted | Trouble | None:
        """In its thread, or outside of it where it was posted there because the thread is gone."""
        oldest = f"{(since - _CLOCKS_APART).timestamp():.6f}"
        fields = {"channel": room_id, "oldest": oldest, "include_all_metadata": True}
        ways = [("conversations.history", fields)]
        if wanted.thread_ref:
            ways.insert(0, ("conversations.replies", {**fields, "ts": wanted.thread_ref}))
        for method, asked in ways:
            async for one in self._pages(method, asked, items="messages", now=now, expected=_NO_THREAD):
                if isinstance(one, Later | Busy | Refused):
                    return one
                carried = (one.get("metadata") or {}).get("event_payload") or {}
                if carried.get("key") == wanted.key:
                    return Posted(str(one["ts"]))
        return None

    async def _look_up(self, email: str, *, now: datetime) -> str | Trouble:
        """The person's id, "" when nobody in Slack has the address."""
        reply = await self._call("users.lookupByEmail", {"email": email}, now=now, expected=("users_not_found",))
        if not isinstance(reply, Reply):
            return reply
        if reply.error:
            return ""
        self._ids[email] = str(reply.data["user"]["id"])
        return self._ids[email]

    async def _invite(self, room_id: str, ids: Sequence[str], *, now: datetime) -> Mapping[str, str] | Trouble:
        """The errors, by person. With `force` the others are invited all the same."""
        fields = {"channel": room_id, "users": ",".join(ids), "force": True}
        reply = await self.api.call("conversations.invite", fields, now=now)
        if not isinstance(reply, Reply):
            return reply
        errors = reply.data.get("errors") or ()
        if reply.error and not errors:
            if len(ids) > 1 or reply.error not in {*_IN_ALREADY, *_INVITE_WORDS}:
                return refused("conversations.invite", reply)
            errors = [{"user": ids[0], "error": reply.error}]
        return {str(one.get("user")): str(one.get("error")) for one in errors}


def _done(reply: Reply | Trouble) -> Done | Trouble:
    return Done() if isinstance(reply, Reply) else reply


def _made(channel: Mapping[str, Any], me: Me) -> RoomMade:
    return RoomMade(id=str(channel["id"]), url=f"{me.url}/archives/{channel['id']}")


def _shown(message: ChatMessage, *, key: str) -> dict[str, Any]:
    metadata = {"event_type": _EVENT_TYPE, "event_payload": {"key": key}}
    return {**slack_text.payload(message), "metadata": metadata}


def _invited(email: str, identity: str, errors: Mapping[str, str]) -> Invited:
    error = errors.get(identity, "")
    if not identity:
        why = "nobody in Slack has this address; invite them by hand"
        return Invited(email=email, external_id="", state=InviteState.UNKNOWN, why=why)
    if not error or error in _IN_ALREADY:
        return Invited(email=email, external_id=identity, state=InviteState.IN)
    why = _INVITE_WORDS.get(error, f"Slack answered {error[:80]}")
    return Invited(email=email, external_id=identity, state=InviteState.REFUSED, why=why)


def _profile(external_id: str, user: Mapping[str, Any], me: Me) -> Profile:
    """The address counts only where it is one of the workspace's own members', confirmed: others choose theirs."""
    shown = user.get("profile") or {}
    foreign = any(user.get(flag) for flag in ("deleted", "is_bot", "is_stranger", "is_restricted"))
    vouched = not foreign and user.get("team_id") == me.team_id and user.get("is_email_confirmed") is True
    name = str(shown.get("display_name") or shown.get("real_name") or user.get("name") or external_id)
    return Profile(external_id=external_id, name=name[:200], email=str(shown.get("email") or "") if vouched else "")
