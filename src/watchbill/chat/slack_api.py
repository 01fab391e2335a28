"""Calls of Slack's Web API, and what its answers mean.

Slack limits each method by itself: one that was told to wait rests here for all rooms, and the others go on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson

from watchbill.domain.errands.contract import Later
from watchbill.domain.warrooms.contract import Busy, Done, Refused
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused
from watchbill.ground.http_connection import HttpAnswer

# What the app needs, as its manifest in docs/how-to/connect-slack.md says.
SCOPES = (
    "channels:history",
    "channels:manage",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "groups:write",
    "pins:write",
    "users:read",
    "users:read.email",
)
_REST_MAX = timedelta(minutes=15)
# A page of messages, each as long as it may be.
_ANSWER_BYTES_MAX = 4 * 1024 * 1024
_NOT_NOW = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
_TOKEN = "Slack does not take the bot token ({error}): install the app again and set WATCHBILL_SLACK_BOT_TOKEN"
_GONE = "the channel is archived or gone in Slack ({error}): unarchive it there, then try again"
_WORDS: Mapping[str, str] = {
    "missing_scope": "the Slack app lacks the scope {needed}: add it under OAuth & Permissions, and install it again",
    "restricted_action": "the workspace does not allow it: a workspace admin gives the app the right to make channels",
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "account_inactive": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "is_archived": _GONE,
    "channel_not_found": _GONE,
    "not_in_channel": "the app was removed from the channel: invite it there again (/invite), then try again",
    "ekm_access_denied": "a workspace admin suspended the app's access: ask them to allow it",
}
_MESSAGE_GONE = "message_not_found"
_FOR_GOOD = (
    "invalid_name",
    "invalid_blocks",
    "msg_too_long",
    "msg_blocks_too_long",
    "no_text",
    "cant_update_message",
    "edit_window_closed",
    _MESSAGE_GONE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`error` is empty when it went well."""

    error: str
    data: Mapping[str, Any]
    scopes: str = ""


class SlackApi:
    def __init__(self, *, http: HttpClient, base_url: str, token: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._token = token
        self._rests: dict[str, datetime] = {}

    async def call(
        self, method: str, fields: Mapping[str, Any] | None = None, *, now: datetime, token: str = ""
    ) -> Reply | Later | Busy | Refused:
        """Values that are not text go as JSON. `token`: another one than the bot's."""
        until = self._rests.get(method)
        if until is not None and until > now:
            return Busy(why=f"Slack asked us to wait with {method}", after=until - now)
        form = {name: value if isinstance(value, str) else _json(value) for name, value in (fields or {}).items()}
        try:
            answer = await self._http.request(
                "POST",
                f"{self._base_url}/{method}",
                content=urlencode(form).encode(),
                headers={
                    "Authorization": f"Bearer {token or self._token}",
                    "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                },
                answer_bytes_max=_ANSWER_BYTES_MAX,
            )
        except OutboundRefused as error:
            return Refused(why=str(error))
        except OutboundFailed as error:
            return Later(why=str(error))
        return self._read(method, answer, now=now)

    async def answer(self, url: str, message: Mapping[str, Any]) -> Done | Later | Refused:
        """To an address that Slack gave for one answer."""
        headers = {"Content-Type": "application/json"}
        try:
            answer = await self._http.request("POST", url, content=orjson.dumps(message), headers=headers)
        except OutboundRefused as error:
            return Refused(why=str(error))
        except OutboundFailed as error:
            return Later(why=str(error))
        return Done() if answer.status == 200 else Refused(why=f"Slack answered {answer.status} to an answer")

    def _read(self, method: str, answer: HttpAnswer, *, now: datetime) -> Reply | Later | Busy:
        if answer.status == 429:
            return self._rest(method, answer, now=now)
        if answer.status != 200:
            return Later(why=f"Slack answered {answer.status} to {method}", after=_retry_after(answer))
        try:
            data = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            return Later(why=f"Slack's answer to {method} cannot be read")
        if not isinstance(data, dict) or "ok" not in data:
            return Later(why=f"Slack's answer to {method} cannot be read")
        error = "" if data["ok"] is True else str(data.get("error") or "unknown_error")
        if error in ("ratelimited", "rate_limited"):
            return self._rest(method, answer, now=now)
        if error in _NOT_NOW:
            return Later(why=f"Slack answered {error} to {method}", after=_retry_after(answer))
        return Reply(error=error, data=data, scopes=answer.headers.get("x-oauth-scopes", ""))

    def _rest(self, method: str, answer: HttpAnswer, *, now: datetime) -> Busy:
        after = _retry_after(answer) or timedelta(seconds=30)
        self._rests[method] = now + after
        return Busy(why=f"Slack asked us to wait with {method}", after=after)


def refused(method: str, reply: Reply) -> Refused:
    """What Slack's error means, with the remedy."""
    error = "".join(one for one in reply.error[:100] if one.isalnum() or one in "_-")
    words = _WORDS.get(error, "Slack answered {error} to {method}")
    needed = str(reply.data.get("needed") or "it asks for")[:100]
    why = words.format(error=error, needed=needed, method=method)
    return Refused(why=why, for_good=error.startswith(_FOR_GOOD), gone=error == _MESSAGE_GONE)


def _retry_after(answer: HttpAnswer) -> timedelta | None:
    value = answer.headers.get("retry-after", "").strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return min(max(timedelta(seconds=int(value[:6])), timedelta(seconds=1)), _REST_MAX)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
