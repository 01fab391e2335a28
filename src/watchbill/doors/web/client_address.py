"""The real client's address and scheme behind trusted proxies; headers of that kind from anybody else are dropped."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from watchbill.config import config
from watchbill.doors.forwarded import client_address, is_trusted, trusted_networks

_FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


class ClientAddress:
    """Outermost, so that throttle, audit record and links all see the same."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.trusted = trusted_networks(config().trusted_proxies)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        peer = str(request.META.get("REMOTE_ADDR") or "")
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR") or "")
        scheme = request.META.get("HTTP_X_FORWARDED_PROTO")
        for name in _FORWARDED:
            request.META.pop(name, None)
        request.META["REMOTE_ADDR"] = client_address(peer, forwarded, trusted=self.trusted)
        if scheme is not None and is_trusted(peer, self.trusted):
            request.META["HTTP_X_FORWARDED_PROTO"] = scheme
        return self.get_response(request)
