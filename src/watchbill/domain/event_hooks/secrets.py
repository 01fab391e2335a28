"""The secret of an endpoint: made by us, shown once, sealed; the one before it signs along for a day."""

from datetime import datetime

from watchbill.domain.event_hooks.models import EventHook
from watchbill.ground import secrets

# Bound to every sealed secret of an endpoint.
PURPOSE = "event-hook-secret"


def new_secret(*, secret_key: str) -> tuple[str, str]:
    """The secret, and how it is kept."""
    secret = secrets.new_token("whs")
    return secret, secrets.seal(secret, secret_key=secret_key, purpose=PURPOSE)


def secrets_of(hook: EventHook, *, secret_key: str, now: datetime) -> tuple[str, ...]:
    sealed = [hook.sealed_secret]
    if hook.former_secret and hook.former_until is not None and now < hook.former_until:
        sealed.append(hook.former_secret)
    return tuple(secrets.unseal(one, secret_key=secret_key, purpose=PURPOSE) for one in sealed)
