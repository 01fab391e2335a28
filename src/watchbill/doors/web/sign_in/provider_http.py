"""How allauth reaches the identity provider: through the one door out, in the shape of the library it expects."""

import asyncio
import base64
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from allauth.socialaccount.providers.oauth2.client import OAuth2Error

from watchbill.config import config
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused
from watchbill.ground.network_guard import parse_networks


class ProviderAnswer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status_code = status
        self.headers = headers
        self.content = body

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise OAuth2Error("the provider's answer is not JSON") from error

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise OAuth2Error(f"the provider answered {self.status_code}")


class ProviderHttp:
    """No redirects, no private networks unless allowed, ten seconds in all."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def get(self, url: str, *, headers: dict[str, str] | None = None) -> ProviderAnswer:
        return self.request("GET", url, headers=headers)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: dict[str, str] | None = None,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        auth: Any = None,
    ) -> ProviderAnswer:
        sent = {"Accept": "application/json", **(headers or {})}
        if params:
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
        if data is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        if auth is not None:
            pair = f"{auth.username}:{auth.password}".encode()
            sent["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        try:
            return asyncio.run(_exchange(method, url, urlencode(data or {}).encode(), sent))
        except (OutboundRefused, OutboundFailed) as error:
            raise OAuth2Error(str(error)) from error


async def _exchange(method: str, url: str, content: bytes, headers: dict[str, str]) -> ProviderAnswer:
    async with HttpClient(allowed_networks=parse_networks(config().outbound_allow)) as client:
        answer = await client.request(method, url, content=content, headers=headers)
    return ProviderAnswer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.body)
