"""Zoom meetings by a server-to-server OAuth app.

Zoom knows no idempotency key: after a lost answer its list of scheduled meetings is searched for our marker.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from watchbill.bridges.oauth import OAuthApi, TokenRequest
from watchbill.domain.bridges.contract import Made, NotMade, NotThere, Outcome, Unknown, Wanted
from watchbill.ground.http_client import HttpClient

_SCHEDULED = 2
_MINUTES = 60
# So that a page stays below what an answer may weigh.
_PAGE = 50
_PAGES_MAX = 20
_TOPIC_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoomSettings:
    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    user: str = "me"
    url: str = "https://zoom.us"
    api_url: str = "https://api.zoom.us"


class ZoomMaker:
    kind = "zoom"
    can_look = True

    def __init__(self, settings: ZoomSettings, *, http: HttpClient) -> None:
        self._settings = settings
        self._api = OAuthApi(http=http, host="Zoom", request_token=self._token_request)
        self._meetings = f"{settings.api_url.rstrip('/')}/v2/users/{quote(settings.user, safe='@')}/meetings"

    async def make(self, wanted: Wanted, *, now: datetime) -> Outcome:
        body = {
            "topic": wanted.topic[:_TOPIC_MAX],
            # Scheduled: a meeting that begins at once is in no list, so it could not be found again.
            "type": _SCHEDULED,
            "start_time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "duration": _MINUTES,
            "settings": {"join_before_host": True, "jbh_time": 0, "waiting_room": False},
        }
        found = await self._api.call("POST", self._meetings, body=body, now=now)
        return _made(found) if isinstance(found, dict) else found

    async def look(self, wanted: Wanted, *, now: datetime) -> Made | NotThere | Unknown:
        page = ""
        for _ in range(_PAGES_MAX):
            asked = {"type": "scheduled", "page_size": str(_PAGE), **({"next_page_token": page} if page else {})}
            found = await self._api.call("GET", f"{self._meetings}?{urlencode(asked)}", now=now)
            if not isinstance(found, dict):
                return Unknown(why=found.why)
            rows = found.get("meetings")
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict) and wanted.marker in str(row.get("topic", "")):
                    return await self._one(row, now=now)
            page = str(found.get("next_page_token") or "")
            if not page:
                return NotThere()
        return Unknown(why="Zoom lists more scheduled meetings than can be searched; delete old ones")

    async def _one(self, row: Mapping[str, Any], *, now: datetime) -> Made | Unknown:
        """Lists leave the passcode out."""
        url = f"{self._settings.api_url.rstrip('/')}/v2/meetings/{quote(str(row.get('id', '')), safe='')}"
        found = await self._api.call("GET", url, now=now)
        made = _made(found) if isinstance(found, dict) else found
        return made if isinstance(made, Made) else Unknown(why=made.why)

    async def check(self, *, now: datetime) -> str:
        token = await self._api.token(now=now)
        return token.why if isinstance(token, NotMade) else ""

    def _token_request(self, _now: datetime) -> TokenRequest:
        pair = f"{self._settings.client_id}:{self._settings.client_secret}"
        return TokenRequest(
            url=f"{self._settings.url.rstrip('/')}/oauth/token",
            form={"grant_type": "account_credentials", "account_id": self._settings.account_id},
            headers={"Authorization": f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"},
        )


def _made(found: Mapping[str, Any]) -> Made | Unknown:
    """`start_url` makes whoever opens it the host; it is not kept."""
    url = found.get("join_url")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")) or len(url) > 1000:
        return Unknown(why="Zoom answered without a link to join by")
    return Made(url=url, reference=str(found.get("id", ""))[:200], passcode=str(found.get("password") or "")[:60])
