"""Second factors: their secrets are sealed with the instance's key."""

from allauth.mfa.adapter import DefaultMFAAdapter

from watchbill.config import secret_key
from watchbill.ground import secrets

_PURPOSE = "second factor"


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
