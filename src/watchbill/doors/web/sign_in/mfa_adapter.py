"""Second factors: their secrets are sealed, and every change to them is in the audit record."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter

from watchbill.config import config, secret_key
from watchbill.domain.access.models import User
from watchbill.domain.people import account_actions
from watchbill.doors.web.sign_in.account_adapter import actor_of
from watchbill.ground import secrets
from watchbill.ground.clock import SystemClock

_PURPOSE = "second factor"
# allauth names the event by the mail it would send.
_ACTIONS = {
    "mfa/email/totp_activated": "totp.activated",
    "mfa/email/totp_deactivated": "totp.removed",
    "mfa/email/recovery_codes_generated": "recovery_codes.generated",
    "mfa/email/webauthn_added": "passkey.added",
    "mfa/email/webauthn_removed": "passkey.removed",
}


class MfaAdapter(DefaultMFAAdapter):
    error_messages = {  # noqa: RUF012 - allauth's own shape
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is wrong or was used. Wait for the next one and try again.",
    }

    def encrypt(self, text: str) -> str:
        return secrets.seal(text, secret_key=secret_key(), purpose=_PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.unseal(encrypted_text, secret_key=secret_key(), purpose=_PURPOSE)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return {**entity, "name": "Watchbill"}

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        account_actions.note_security_change(
            user,
            action=_ACTIONS[template_prefix],
            details={},
            actor=actor_of(context.request, user),
            now=SystemClock().now(),
        )


def is_https() -> bool:
    return config().base_url.startswith("https://")
