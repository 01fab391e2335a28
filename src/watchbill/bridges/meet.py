"""Google Meet spaces, by a service account that acts for a person, or by a person's refresh token.

A space is a room and no call: one that nobody was shown stays empty. Google keeps no list of them.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from watchbill.bridges.oauth import OAuthApi, TokenRequest
from watchbill.domain.bridges.contract import Made, NotMade, NotThere, Outcome, Unknown, Wanted
from watchbill.ground.http_client import HttpClient

_SCOPE = "https://www.googleapis.com/auth/meetings.space.created"
_LASTS = timedelta(minutes=30)


class MeetSettingsRefused(ValueError):
    """The key file is none; the text says what to do and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    email: str
    key: RSAPrivateKey = field(repr=False)

    @classmethod
    def read(cls, text: str) -> "ServiceAccount":
        """Raises MeetSettingsRefused."""
        try:
            data = orjson.loads(text)
            key = load_pem_private_key(data["private_key"].encode(), password=None)
            email = data["client_email"]
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError, UnsupportedAlgorithm):
            raise MeetSettingsRefused("the service account is no key file of Google; give the whole JSON") from None
        if not isinstance(key, RSAPrivateKey) or not isinstance(email, str):
            raise MeetSettingsRefused("the service account's key is no RSA key; make a new one at Google")
        return cls(email, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetSettings:
    """Either `service_account` (a key file's text) and `user`, or the three of an OAuth app."""

    service_account: str = field(default="", repr=False)
    user: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    api_url: str = "https://meet.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"


class MeetMaker:
    kind = "google-meet"
    can_look = False

    def __init__(self, settings: MeetSettings, *, http: HttpClient) -> None:
        """Raises MeetSettingsRefused for a service account that is none."""
        self._settings = settings
        self._account = ServiceAccount.read(settings.service_account) if settings.service_account else None
        self._api = OAuthApi(http=http, host="Google", request_token=self._token_request)

    async def make(self, wanted: Wanted, *, now: datetime) -> Outcome:
        url = f"{self._settings.api_url.rstrip('/')}/v2/spaces"
        found = await self._api.call("POST", url, body={"config": {"accessType": "TRUSTED"}}, now=now)
        return _made(found) if isinstance(found, dict) else found

    async def look(self, wanted: Wanted, *, now: datetime) -> Made | NotThere | Unknown:
        return Unknown(why="Google keeps no list of spaces")

    async def check(self, *, now: datetime) -> str:
        token = await self._api.token(now=now)
        return token.why if isinstance(token, NotMade) else ""

    def _token_request(self, now: datetime) -> TokenRequest:
        given = self._settings
        if self._account is not None:
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": assertion(self._account, user=given.user, audience=given.token_url, now=now),
            }
        else:
            form = {
                "grant_type": "refresh_token",
                "client_id": given.client_id,
                "client_secret": given.client_secret,
                "refresh_token": given.refresh_token,
            }
        return TokenRequest(url=given.token_url, form=form, headers={})


def assertion(account: ServiceAccount, *, user: str, audience: str, now: datetime) -> str:
    """A JSON web token by which the service account says that it acts for `user` (RFC 7523)."""
    issued = int(now.timestamp())
    claims = {
        "iss": account.email,
        "scope": _SCOPE,
        "aud": audience,
        "iat": issued,
        "exp": issued + int(_LASTS.total_seconds()),
        **({"sub": user} if user else {}),
    }
    signed = b".".join(_part(orjson.dumps(one)) for one in ({"alg": "RS256", "typ": "JWT"}, claims))
    return b".".join((signed, _part(account.key.sign(signed, PKCS1v15(), SHA256())))).decode("ascii")


def _part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _made(found: Mapping[str, Any]) -> Made | Unknown:
    url = found.get("meetingUri")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")) or len(url) > 1000:
        return Unknown(why="Google answered without a link to join by")
    return Made(url=url, reference=str(found.get("name", ""))[:200])
