"""People with a password, for the tests of signing in."""

from datetime import UTC, datetime

from watchbill.domain.access.models import Role, User

PASSWORD = "seven quiet lighthouses"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def person(email: str, *, role: str = Role.RESPONDER, password: str | None = PASSWORD, disabled: bool = False) -> User:
    user = User(email=email, name=email.partition("@")[0].title(), role=role, created_at=LONG_AGO)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.is_active = not disabled
    user.disabled_at = LONG_AGO if disabled else None
    user.save()
    return user
