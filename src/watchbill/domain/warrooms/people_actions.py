"""Who somebody in a chat tool is here: whoever linked the account, otherwise by the address that the tool vouches for,
which is looked up anew after a while.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from watchbill.domain.access.models import User
from watchbill.domain.warrooms.contract import Profile
from watchbill.domain.warrooms.models import ChatPerson
from watchbill.ground.text import storable

_FRESH = timedelta(hours=1)


def is_known(host: str, external_id: str, *, now: datetime) -> bool:
    """False when the tool has to be asked who that is, or whether that is still so."""
    rows = ChatPerson.objects.filter(host=host, external_id=external_id)
    return rows.filter(Q(linked_at__isnull=False) | Q(vouched=True, seen_at__gt=now - _FRESH)).exists()


def note_profile(host: str, profile: Profile, *, now: datetime) -> None:
    email = storable(profile.email).strip().lower()
    user = User.objects.filter(email=email, is_active=True).first() if email else None
    facts = {"name": storable(profile.name)[:200], "seen_at": now, "vouched": True}
    with transaction.atomic():
        row, made = ChatPerson.objects.select_for_update().get_or_create(
            host=host, external_id=profile.external_id, defaults={**facts, "user": user}
        )
        if not made:
            found = facts if row.linked_at is not None else {**facts, "user": user}
            ChatPerson.objects.filter(id=row.id).update(**found)


def chat_person(host: str, external_id: str) -> tuple[str, User | None]:
    """The name there, and the active person here."""
    rows = ChatPerson.objects.filter(host=host, external_id=external_id).exclude(vouched=False, linked_at=None)
    row = rows.select_related("user").first()
    if row is None:
        return external_id, None
    return row.name or external_id, row.user if row.user is not None and row.user.is_active else None
