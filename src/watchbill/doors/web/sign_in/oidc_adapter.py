"""Signing in by the organization's own provider: one configured issuer, and only people who are here already."""

from typing import Any

import structlog
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from watchbill.domain.access.models import User
from watchbill.doors.web.sign_in.provider_http import ProviderHttp

log = structlog.get_logger()


class OidcAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: Any) -> Any:
        """The first time: an address that the issuer itself calls verified, of a person who is here and active.

        From then on the issuer's subject decides, whatever addresses change. `email_verified` must be true as a
        boolean in the claims: text, absence and addresses from elsewhere do not count.
        """
        claims = _claims(sociallogin)
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            return None
        user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        return (user, user.email) if user is not None else None

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The sign-in that follows is recorded with its method."""

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        log.warning("sign_in.provider_failed", error=str(error), cause=type(exception).__name__)

    def get_requests_session(self) -> ProviderHttp:
        return ProviderHttp()


def _claims(sociallogin: Any) -> dict[str, Any]:
    data = sociallogin.account.extra_data
    claims = data.get("userinfo") or data.get("id_token") or {}
    return claims if isinstance(claims, dict) else {}
