"""Signing in by the organization's own provider: one configured issuer, and only people who are here already."""

from datetime import timedelta
from typing import Any

import structlog
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest

from watchbill.domain.access.models import User
from watchbill.domain.people import account_actions
from watchbill.doors.web.sign_in.account_adapter import actor_of
from watchbill.doors.web.sign_in.provider_http import ProviderHttp
from watchbill.ground.clock import SystemClock

CLOCK_MARGIN = timedelta(minutes=5)

log = structlog.get_logger()


class OidcAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """The first time: an address that the issuer itself calls verified, of a person who is here and active.

        From then on the issuer's subject decides, whatever addresses change. `email_verified` must be true as a
        boolean in the claims: text, absence and addresses from elsewhere do not count.
        """
        _refuse_mixed_answers(sociallogin)
        if sociallogin.is_existing:
            return
        claims = _claims(sociallogin)
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            return
        user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        if user is None or SocialAccount.objects.filter(user=user, provider=sociallogin.account.provider).exists():
            return  # a second subject with the same address is another person until an admin says otherwise
        with transaction.atomic():
            sociallogin.account.user = user
            sociallogin.account.save()
            sociallogin.user = user
            account_actions.note_security_change(
                user,
                action="provider.linked",
                details={"provider": sociallogin.account.provider},
                actor=actor_of(request, user),
                now=SystemClock().now(),
            )

    def authenticate_by_email(self, sociallogin: Any) -> None:
        """Nobody is recognized by an address alone: `pre_social_login` decides who it is."""

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        log.warning("sign_in.provider_failed", error=str(error), cause=type(exception).__name__)

    def get_requests_session(self) -> ProviderHttp:
        return ProviderHttp()


def _refuse_mixed_answers(sociallogin: Any) -> None:
    """The identity token and the answer about the user are of one subject, and the token says until when it holds.

    Its issuer, audience and end were checked before; that it has an end at all, and began, was not.
    """
    data = sociallogin.account.extra_data
    token, info = data.get("id_token"), data.get("userinfo")
    if not isinstance(token, dict) or (info is not None and info.get("sub") != token.get("sub")):
        raise PermissionDenied("the provider gave no identity token, or one of another person")
    made, ends = token.get("iat"), token.get("exp")
    latest = SystemClock().now().timestamp() + CLOCK_MARGIN.total_seconds()
    if not isinstance(ends, int | float) or not isinstance(made, int | float) or made > latest:
        raise PermissionDenied("the provider's identity token does not say from when until when it holds")


def _claims(sociallogin: Any) -> dict[str, Any]:
    data = sociallogin.account.extra_data
    claims = data.get("userinfo") or data.get("id_token") or {}
    return claims if isinstance(claims, dict) else {}
