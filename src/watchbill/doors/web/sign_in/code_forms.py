"""The second step: a code of the authenticator app or a recovery code, with its own count of wrong tries."""

from typing import Any

from allauth.core import context
from allauth.mfa.base import forms
from django.core.exceptions import ValidationError

from watchbill.domain.access.reads import code_blocked_until
from watchbill.domain.access.sign_in_rules import network_of
from watchbill.doors.callers import address_of
from watchbill.doors.web.sign_in import throttle
from watchbill.ground.clock import SystemClock


class _Counted:
    user: Any

    def clean_code(self) -> str:
        request, now = context.request, SystemClock().now()
        subject = throttle.code_subject(self.user.pk)
        blocked = code_blocked_until(subject=subject, source=network_of(address_of(request)), now=now)
        if blocked is not None:
            raise ValidationError(throttle.text(blocked, now=now), code="too_many_login_attempts")
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # of the form it is mixed into
        except ValidationError:
            throttle.note_failure(request, subject, now=now)
            raise
        return code


class AuthenticateForm(_Counted, forms.AuthenticateForm):
    pass


class ReauthenticateForm(_Counted, forms.ReauthenticateForm):
    pass
