"""Who may see a page or press a button: every view names the permission it needs, or says why it needs none."""

import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from watchbill.domain.access.models import User
from watchbill.domain.access.rules import PERMISSIONS, ActionUnknown
from watchbill.domain.access.sign_in_rules import network_of
from watchbill.doors import limits
from watchbill.doors.callers import Caller, address_of, caller_of
from watchbill.doors.web.sign_in.throttle import known_browser

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def requires(action: str) -> Callable[[View[P]], View[P]]:
    """Signed in, and there is something the person may do this to. What it is done to, the view checks itself:

    `caller(request).check("service.change", team_ids=[service.team_id])`.
    """
    if action not in PERMISSIONS:
        raise ActionUnknown(f"{action!r} is not in the table of permissions; add a line to access/rules.py")

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            caller(request).check_could(action)
            return view(request, *args, **kwargs)

        guarded.permission = action  # type: ignore[attr-defined]  # read by the test that every view has one
        return guarded

    return guard


def limited(view: View[P]) -> View[P]:
    """A form that needs no sign-in: so many tries for one network; a browser that is known here counts by itself."""

    @wraps(view)
    def counted(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method == "POST":
            key = known_browser(request) or network_of(address_of(request))
            wait = limits.OPEN_FORMS.take(key, at=time.monotonic())
            if wait:
                seconds = math.ceil(wait)
                words = f"Too many tries from your network. Try again in {seconds} seconds."
                return HttpResponse(words, status=429, content_type="text/plain", headers={"Retry-After": str(seconds)})
        return view(request, *args, **kwargs)

    return counted


def fresh_proof(view: View[P]) -> View[P]:
    """A change that asks first whether it is still the same person; afterwards it is done as it was typed."""

    @wraps(view)
    def proven(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method == "POST":
            check_fresh_proof(request)
        return view(request, *args, **kwargs)

    return proven


def check_fresh_proof(request: HttpRequest) -> None:
    """Raises allauth's ReauthenticationRequired, which leads to the question and back. For ten minutes once is enough.

    Somebody who has neither a password nor a second factor here signs in by the organization's provider alone, and
    has nothing that could be asked for.
    """
    raise_if_reauthentication_required(request, app="account")


def open_to_all(why: str) -> Callable[[View[P]], View[P]]:
    """For the few addresses that need no sign-in; `why` says what protects them instead."""

    def guard(view: View[P]) -> View[P]:
        view.permission = f"open to all: {why}"  # type: ignore[attr-defined]  # as above
        return view

    return guard


def caller(request: HttpRequest) -> Caller:
    """Who is signed in; found once per request."""
    held: Caller | None = getattr(request, "watchbill_caller", None)
    if held is None:
        user = request.user
        if not isinstance(user, User) or not user.is_authenticated:
            raise PermissionError("nobody is signed in: the guard of this view is missing")
        held = caller_of(user, holder=None, source_address=address_of(request))
        request.watchbill_caller = held  # type: ignore[attr-defined]  # Django's request carries what a door needs
    return held


def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Back here afterwards, unless it was a change: that is not repeated. A fragment sends the whole page away."""
    if request.headers.get("HX-Request"):
        page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
        return HttpResponse(status=401, headers={"HX-Redirect": _sign_in_then(page)})
    if request.method not in ("GET", "HEAD"):
        return HttpResponseRedirect("/sign-in")
    return HttpResponseRedirect(_sign_in_then(request.get_full_path()))


def _sign_in_then(page: str) -> str:
    return "/sign-in?" + urlencode({"next": page})
