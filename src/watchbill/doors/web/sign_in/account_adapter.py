"""What allauth asks us while somebody signs in: may they try, who are they, what is recorded."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from watchbill.domain.access.models import User
from watchbill.domain.access.reads import sign_in_blocked_until
from watchbill.domain.access.sign_in_rules import network_of
from watchbill.domain.audit.contract import Actor
from watchbill.domain.people import account_actions
from watchbill.doors.callers import address_of
from watchbill.doors.web.sessions import STARTED_AT
from watchbill.doors.web.sign_in import throttle
from watchbill.ground.clock import SystemClock
from watchbill.ground.refusals import ChangeRefused

_clock = SystemClock()


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {  # noqa: RUF012 - allauth's own shape
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "Address and password do not fit together. Check both, or ask an admin for a link "
        "to set a new password.",
        "incorrect_password": "That is not your password.",
        "incorrect_code": "That code is wrong or was used. Wait for the next one and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only a path of this instance: no other host, and nothing that a browser could read as one."""
        return is_own_path(url)

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        return HttpResponseRedirect(reverse("socialaccount_login_cancelled"))

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or "0.0.0.0"  # noqa: S104 - shown as "unknown", not bound

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        blocked = sign_in_blocked_until(
            email=throttle.subject_of(request, credentials.get("email", "")),
            source=network_of(address_of(request)),
            now=_clock.now(),
        )
        if blocked is not None:
            raise ValidationError(throttle.text(blocked, now=_clock.now()), code="too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Somebody who is disabled gets the same answer as a wrong password."""
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None and not user.is_active:
            self.authentication_failed(request, **credentials)
            return None
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        email = throttle.subject_of(request, credentials.get("email", ""))
        throttle.note_failure(request, email, now=_clock.now())

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """By the person's own address; allauth would look for one in a table that we do not fill."""
        request = self.request
        found = self.authenticate(request, email=user.get_username(), password=password)
        return found is not None and found.pk == user.pk

    @transaction.atomic
    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        now = _clock.now()
        request.session[STARTED_AT] = now.timestamp()
        if isinstance(user, User):
            steps = [record.get("type", record["method"]) for record in _steps(request)]
            account_actions.note_sign_in(user, how=" and ".join(steps), actor=actor_of(request, user), now=now)

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """The other sessions end; allauth starts the present one anew with the new password's mark."""
        if not isinstance(user, User):
            raise TypeError("accounts are people of the access room")
        actor = actor_of(self.request, user)
        account_actions.change_password(user.id, password, actor=actor, now=_clock.now())
        user.refresh_from_db(fields=["password"])

    def clean_password(self, password: str, user: AbstractBaseUser | None = None) -> str:
        try:
            if isinstance(user, User):
                account_actions.check_password(password, user=user)
        except ChangeRefused as error:
            raise ValidationError(error.reason) from error
        return password


def actor_of(request: HttpRequest, user: User) -> Actor:
    return Actor(kind="person", id=user.id, label=str(user), via="web", source_address=address_of(request))


def is_own_path(url: str | None) -> bool:
    if not url or not url.startswith("/") or url.startswith("//") or "\\" in url:
        return False
    if any(ord(character) < 0x21 or ord(character) == 0x7F for character in url):
        return False
    return url_has_allowed_host_and_scheme(url, allowed_hosts=None)


def _steps(request: HttpRequest) -> list[dict[str, Any]]:
    held = request.session.get("account_authentication_methods", [])
    return [step for step in held if isinstance(step, dict) and "method" in step]
