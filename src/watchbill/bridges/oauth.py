"""Calls to an API that wants a short-lived token: asked for, kept until it ends, asked for again when it is refused."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson

from watchbill.domain.bridges.contract import NotMade, Unknown
from watchbill.ground.http_client import FailureKind, HttpClient, OutboundFailed, OutboundRefused
from watchbill.ground.http_connection import HttpAnswer
from watchbill.ground.text import cut_characters, one_line

_EARLY = timedelta(seconds=60)
_RETRY_AFTER_MAX = timedelta(minutes=15)
_WORDS_MAX = 200
# What the other side surely did not do; after any other failure nobody knows.
_NOT_DONE = frozenset({429, 503})
_UNKNOWN = frozenset({408, 425})


@dataclass(frozen=True, slots=True)
class Token:
    value: str = field(repr=False)
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    url: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


class OAuthApi:
    """`host` is what people call the other side. `request_token` says how a token is asked for at a time."""

    def __init__(self, *, http: HttpClient, host: str, request_token: Callable[[datetime], TokenRequest]) -> None:
        self._http = http
        self._host = host
        self._request_token = request_token
        self._token: Token | None = None

    async def call(
        self, method: str, url: str, *, body: Mapping[str, Any] | None = None, now: datetime
    ) -> dict[str, Any] | NotMade | Unknown:
        """The answer's object; NotMade when surely nothing was done."""
        token = await self.token(now=now)
        if isinstance(token, NotMade):
            return token
        answer = await self._asked(partial(self._send, method, url, body, token))
        if isinstance(answer, HttpAnswer) and answer.status == 401:
            self._token = None  # it ended earlier than was said, or was taken back
            token = await self.token(now=now)
            if isinstance(token, NotMade):
                return token
            answer = await self._asked(partial(self._send, method, url, body, token))
        return self._understood(answer, now=now) if isinstance(answer, HttpAnswer) else answer

    async def token(self, *, now: datetime) -> str | NotMade:
        if self._token is not None and now < self._token.ends_at:
            return self._token.value
        wanted = self._request_token(now)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **wanted.headers}
        content = urlencode(wanted.form).encode()
        answer = await self._asked(lambda: self._http.request("POST", wanted.url, content=content, headers=headers))
        if isinstance(answer, Unknown):
            return NotMade(why=answer.why)
        if isinstance(answer, NotMade):
            return answer
        found = self._understood(answer, now=now)
        if isinstance(found, dict):
            return self._kept(found, now=now)
        after = found.after if isinstance(found, NotMade) else None
        is_final = isinstance(found, NotMade) and found.for_good
        return NotMade(why=f"no token: {found.why}", for_good=is_final, after=after)

    def _kept(self, found: Mapping[str, Any], *, now: datetime) -> str | NotMade:
        value, seconds = found.get("access_token"), found.get("expires_in")
        if not isinstance(value, str) or not value.isascii() or not value:
            return NotMade(why=f"{self._host} gave no token in its answer")
        lasts = timedelta(seconds=min(max(seconds, 0), 86_400)) if isinstance(seconds, int) else timedelta()
        self._token = Token(value, now + lasts - _EARLY)
        return value

    async def _send(self, method: str, url: str, body: Mapping[str, Any] | None, token: str) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if body is None:
            return await self._http.request(method, url, headers=headers)
        headers["Content-Type"] = "application/json"
        return await self._http.request(method, url, content=orjson.dumps(body), headers=headers)

    async def _asked(self, send: Callable[[], Awaitable[HttpAnswer]]) -> HttpAnswer | NotMade | Unknown:
        try:
            return await send()
        except OutboundRefused as error:
            return NotMade(why=str(error), for_good=True)
        except OutboundFailed as error:
            surely = error.kind is FailureKind.CONNECT
            return NotMade(why=str(error)) if surely else Unknown(why=str(error))

    def _understood(self, answer: HttpAnswer, *, now: datetime) -> dict[str, Any] | NotMade | Unknown:
        data = _object(answer)
        if 200 <= answer.status < 300:
            if data is None:
                return Unknown(why=f"{self._host} answered {answer.status} with something that cannot be read")
            return data
        why = f"{self._host} answered {answer.status}{_words(data)}"
        if answer.status in _NOT_DONE:
            return NotMade(why=why, after=_retry_after(answer, now=now))
        if answer.status >= 500 or answer.status in _UNKNOWN:
            return Unknown(why=why)
        return NotMade(why=why, for_good=True)


def _object(answer: HttpAnswer) -> dict[str, Any] | None:
    try:
        data = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    return data if isinstance(data, dict) else None


def _words(data: Mapping[str, Any] | None) -> str:
    """What the other side says about it: `message` (Zoom), `error.message` or `error_description` (Google)."""
    if data is None:
        return ""
    inner = data.get("error")
    parts = [data.get("message"), data.get("reason"), data.get("error_description")]
    parts.append(inner.get("message") if isinstance(inner, dict) else inner)
    said = next((part for part in parts if isinstance(part, str) and part.strip()), "")
    return f": {cut_characters(one_line(said), _WORDS_MAX)}" if said else ""


def _retry_after(answer: HttpAnswer, *, now: datetime) -> timedelta | None:
    """Seconds, a date of HTTP, or (Zoom, for a day's limit) an ISO instant; never more than 15 minutes."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        wish = timedelta(seconds=int(value[:9]))
    else:
        instant = _instant(value)
        if instant is None:
            return None
        wish = instant - now
    return min(max(wish, timedelta()), _RETRY_AFTER_MAX)


def _instant(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(value)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
