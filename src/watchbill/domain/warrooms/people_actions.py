"""Who somebody in a chat tool is here: by the address that the tool vouches for, and looked up anew after a while."""

from datetime import datetime, timedelta

from watchbill.domain.access.models import User
from watchbill.domain.warrooms.contract import Profile
from watchbill.domain.warrooms.models import ChatPerson

_FRESH = timedelta(hours=1)


def is_known(host: str, external_id: str, *, now: datetime) -> bool:
    """False when the tool has to be asked who that is, or whether that is still so."""
    rows = ChatPerson.objects.filter(host=host, external_id=external_id, vouched=True)
    return rows.filter(seen_at__gt=now - _FRESH).exists()


def note_profile(host: str, profile: Profile, *, now: datetime) -> None:
    email = profile.email.strip().lower()
    user = User.objects.filter(email=email, is_active=True).first() if email else None
    ChatPerson.objects.update_or_create(
        host=host,
        external_id=profile.external_id,
        defaults={"name": profile.name[:200], "user": user, "seen_at": now, "vouched": True},
    )


def chat_person(host: str, external_id: str) -> tuple[str, User | None]:
    """The name there, and the active person here."""
    rows = ChatPerson.objects.filter(host=host, external_id=external_id, vouched=True).select_related("user")
    row = rows.first()
    if row is None:
        return external_id, None
    return row.name or external_id, row.user if row.user is not None and row.user.is_active else None
