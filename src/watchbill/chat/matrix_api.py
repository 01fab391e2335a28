"""Calls of Matrix' client-server API, and what a homeserver's answers mean.

A homeserver counts what an account does, not which call it was: once it asks us to wait, all calls rest here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from watchbill.domain.errands.contract import Later
from watchbill.domain.warrooms.contract import Busy, Refused
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused
from watchbill.ground.http_connection import HttpAnswer
from watchbill.ground.text import cut_characters, one_line

CLIENT = "/_matrix/client/v3"
_REST, _REST_MAX = timedelta(seconds=30), timedelta(minutes=15)
# A page of events, each as long as it may be.
_ANSWER_BYTES_MAX = 16 * 1024 * 1024
_WORDS_MAX = 200
_TOKEN = "the homeserver does not take the access token ({error}): sign the account in again and set "
_TOKEN += "WATCHBILL_MATRIX_ACCESS_TOKEN"
_WORDS: Mapping[str, str] = {
    "M_UNKNOWN_TOKEN": _TOKEN,
    "M_MISSING_TOKEN": _TOKEN,
    "M_USER_DEACTIVATED": _TOKEN,
    "M_FORBIDDEN": "the homeserver does not allow it to Watchbill's account ({said}): see that the account is in the "
    "room and may do this there, then try again",
    "M_RESOURCE_LIMIT_EXCEEDED": "the homeserver is at a limit of its own ({said}): ask its admin",
    "M_CONSENT_NOT_GIVEN": "the homeserver wants its terms agreed to: sign in as Watchbill's account once and agree",
}
_FOR_GOOD = frozenset({"M_TOO_LARGE", "M_BAD_JSON", "M_INVALID_PARAM"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`error` is empty when it went well."""

    status: int
    error: str
    data: Mapping[str, Any]


class MatrixApi:
    def __init__(self, *, http: HttpClient, base_url: str, token: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._token = token
        self._rests_until: datetime | None = None

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        now: datetime,
        query: Mapping[str, str] | None = None,
        within: timedelta | None = None,
    ) -> Reply | Later | Busy | Refused:
        """`path` as `at` makes it; `within`: another time than usual. Later: nobody knows whether it was done."""
        if self._rests_until is not None and self._rests_until > now:
            return Busy(why="the homeserver asked us to wait", after=self._rests_until - now)
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = await self._http.request(
                method,
                f"{self._base_url}{path}" + (f"?{urlencode(query)}" if query else ""),
                content=orjson.dumps(body) if body is not None else b"",
                headers=headers,
                total_timeout=within,
                answer_bytes_max=_ANSWER_BYTES_MAX,
            )
        except OutboundRefused as error:
            return Refused(why=str(error))
        except OutboundFailed as error:
            return Later(why=str(error))
        return self._read(answer, now=now)

    def _read(self, answer: HttpAnswer, *, now: datetime) -> Reply | Later | Busy:
        data = _object(answer)
        error = str(data.get("errcode") or "")[:100] if data is not None else ""
        if answer.status == 429 or error == "M_LIMIT_EXCEEDED":
            after = _wait(answer, data or {})
            self._rests_until = now + after
            return Busy(why="the homeserver asked us to wait", after=after)
        if data is None or answer.status >= 500:
            return Later(why=f"the homeserver answered {answer.status}{_said(data or {})}")
        if answer.status >= 300:
            return Reply(status=answer.status, error=error or f"HTTP {answer.status}", data=data)
        return Reply(status=answer.status, error="", data=data)


def at(*parts: str, base: str = CLIENT) -> str:
    """A path; what comes from outside is quoted whole."""
    return "/".join([base, *(quote(part, safe="") for part in parts)])


def refused(reply: Reply) -> Refused:
    """What the homeserver's error means, with the remedy."""
    said = _said(reply.data).removeprefix(": ") or f"{reply.status}"
    error = "".join(one for one in reply.error if one.isalnum() or one in "_ ")
    words = _WORDS.get(reply.error, "the homeserver answered {error} ({said})")
    return Refused(why=words.format(error=error, said=said), for_good=reply.error in _FOR_GOOD)


def _object(answer: HttpAnswer) -> Mapping[str, Any] | None:
    try:
        data = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    return data if isinstance(data, dict) else None


def _said(data: Mapping[str, Any]) -> str:
    said = data.get("error")
    return f": {cut_characters(one_line(said), _WORDS_MAX)}" if isinstance(said, str) and said.strip() else ""


def _wait(answer: HttpAnswer, data: Mapping[str, Any]) -> timedelta:
    """As the header says, or as servers said before there was one: milliseconds in the answer."""
    value, milliseconds = answer.headers.get("retry-after", "").strip(), data.get("retry_after_ms")
    wait = _REST
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=int(value[:6]))
    elif isinstance(milliseconds, int) and not isinstance(milliseconds, bool):
        wait = timedelta(milliseconds=min(max(milliseconds, 0), 10**9))
    return min(max(wait, timedelta(seconds=1)), _REST_MAX)
