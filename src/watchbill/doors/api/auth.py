"""Who calls the API: a token in the Authorization header, or a signed-in browser with its form token (CSRF)."""

import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest
from ninja.errors import Throttled
from ninja.security import SessionAuth
from ninja.security.http import HttpAuthBase

from watchbill.domain.access.models import User
from watchbill.domain.access.reads import authenticate_token
from watchbill.domain.access.rules import PERMISSIONS, ActionUnknown, could
from watchbill.domain.access.sign_in_rules import network_of
from watchbill.doors import limits
from watchbill.doors.callers import Caller, address_of, caller_of
from watchbill.ground.clock import SystemClock

P = ParamSpec("P")
R = TypeVar("R")


def handles(request: HttpRequest) -> bool:
    """Acknowledge and resolve: what must get through whatever else is going on."""
    return request.method == "POST" and request.path.rstrip("/").endswith(("/acknowledge", "/resolve"))


def check_address(request: HttpRequest) -> None:
    """Before the token is looked up. Raises Throttled."""
    if not handles(request):
        _take(limits.API_ADDRESS, network_of(address_of(request)))


def check_caller(request: HttpRequest, who: Caller, *, token: str) -> None:
    """What a person acknowledges with is kept for what may acknowledge: a token that may only read, and asks for it
    without end, has its own allowance to waste. Raises Throttled."""
    user_id = str(who.user.id)
    if handles(request):
        if could(who.person, "alert.acknowledge").allowed:
            _take(limits.API_HANDLING, user_id)
            return
        _take(limits.API_ADDRESS, network_of(address_of(request)))
    if token:
        _take(limits.API_TOKEN, f"{user_id} {token}")
    _take(limits.API_USER, user_id)


def check_stranger(request: HttpRequest) -> None:
    """After no caller was found. Raises Throttled."""
    _take(limits.API_STRANGER, network_of(address_of(request)))


def _take(buckets: limits.Buckets, key: str) -> None:
    wait = buckets.take(key, at=time.monotonic())
    if wait:
        raise Throttled(wait=math.ceil(wait))


class TokenAuth(HttpAuthBase):
    """`Authorization: Bearer wb_…`; `Token` and `GenieKey` are understood too, because clients use them."""

    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Caller | None:
        check_address(request)
        holder = authenticate_token(request.headers.get("Authorization", ""), now=SystemClock().now())
        if holder is None:
            return None
        who = caller_of(holder.user, holder=holder, source_address=address_of(request))
        check_caller(request, who, token=holder.name)
        return who


class BrowserAuth(SessionAuth):
    """The session of the screens; changes need the form token as well. A request with a token uses that alone."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        user = request.user
        if "Authorization" in request.headers or not isinstance(user, User) or not user.is_authenticated:
            check_stranger(request)
            return None
        who = caller_of(user, holder=None, source_address=address_of(request))
        check_caller(request, who, token="")
        return who


# For `NinjaAPI(auth=AUTH)`: the first that knows the caller wins, and `request.auth` is a Caller.
AUTH = [TokenAuth(), BrowserAuth()]


def caller(request: HttpRequest) -> Caller:
    held = getattr(request, "auth", None)
    if not isinstance(held, Caller):
        raise PermissionError("nobody is known here: the operation was declared without auth")
    return held


def requires(
    action: str,
) -> Callable[[Callable[Concatenate[HttpRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """Below ninja's own decorator. Raises callers.Forbidden; the thing itself is checked in the operation."""
    if action not in PERMISSIONS:
        raise ActionUnknown(f"{action!r} is not in the table of permissions; add a line to access/rules.py")

    def guard(view: Callable[Concatenate[HttpRequest, P], R]) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            caller(request).check_could(action)
            return view(request, *args, **kwargs)

        marked: Any = guarded
        marked.permission = action  # read by the test that every operation has one
        return guarded

    return guard
