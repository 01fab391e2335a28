"""allauth's screens, each with its permission and what we add to it."""

from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import views as totp
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render

from watchbill.config import config
from watchbill.domain.access.models import User
from watchbill.domain.people import account_actions
from watchbill.doors.web.guards import limited, open_to_all, requires
from watchbill.doors.web.headers import CONTENT_SECURITY_POLICY
from watchbill.doors.web.sign_in import throttle
from watchbill.doors.web.sign_in.account_adapter import actor_of
from watchbill.ground.clock import SystemClock

View = Callable[..., HttpResponseBase]
_FACTORS = {"totp": "authenticator_app", "webauthn": "passkey", "recovery_codes": "recovery_codes"}


def part_of_signing_in(view: View) -> View:
    return open_to_all("part of signing in")(limited(view))


def own_security(view: View) -> View:
    return requires("security.change_own")(view)


def own_second_factor(view: View) -> View:
    """What was added or removed is recorded in the transaction that did it."""

    def recording(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if request.method != "POST" or not isinstance(user, User):
            return view(request, *args, **kwargs)
        with transaction.atomic():
            before = _second_factors(user)
            response = view(request, *args, **kwargs)
            after = _second_factors(user)
            actions = [f"{_FACTORS[after[new]]}.added" for new in after.keys() - before.keys()]
            actions += [f"{_FACTORS[before[old]]}.removed" for old in before.keys() - after.keys()]
            for action in sorted(actions):
                account_actions.note_security_change(
                    user, action=action, details={}, actor=actor_of(request, user), now=SystemClock().now()
                )
        return response

    return own_security(recording)


def _second_factors(user: User) -> dict[int, str]:
    return dict(Authenticator.objects.filter(user=user).values_list("id", "type"))


def marked(view: View) -> View:
    """A browser in which somebody got through is remembered, so that nobody can lock that person out of it."""

    def remembering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        user = request.user
        if request.method == "POST" and isinstance(user, User) and user.is_authenticated:
            secure = config().base_url.startswith("https://")
            throttle.remember_browser(request, response, user.email, secure=secure)
        return response

    return remembering


def activate_totp(request: HttpRequest) -> HttpResponseBase:
    """The QR code is an image within the page."""
    response: HttpResponseBase = totp.activate_totp(request)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
        "img-src 'self'", "img-src 'self' data:"
    )
    return response


def to_provider(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """By a page in between: browsers refuse a form whose answer leads to another site (`form-action 'self'`)."""
    if request.GET.get("process", "login") != "login":
        raise Http404("linking happens at the first sign-in, by the verified address alone")
    response: HttpResponseBase = oidc.login(request, provider_id)
    if isinstance(response, HttpResponseRedirect) and "://" in response.url:
        return render(request, "sign_in/leaving.html", {"address": response.url})
    return response


def sign_out(request: HttpRequest) -> HttpResponseBase:
    response: HttpResponseBase = account.logout(request)
    return response
