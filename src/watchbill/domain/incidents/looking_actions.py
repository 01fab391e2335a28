"""Who has read how far, and who has the page open: facts about looking, which change nothing of the incident."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.incidents.looking_reads import Seen, allowed
from watchbill.domain.incidents.models import Look, Presence
from watchbill.domain.incidents.timeline_reads import RecordMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The last entry that was read before, None when this is the first look; and the last one there is now."""

    before: int | None
    newest: int


def look(*, incident_id: UUID, user_id: UUID, mark: RecordMark, now: datetime) -> Looked:
    """Everything of its record up to the mark counts as read from now on."""
    newest = mark.newest
    before = Look.objects.filter(incident_id=incident_id, user_id=user_id).values_list("entry_id", flat=True).first()
    if before != newest:
        Look.objects.bulk_create(
            [Look(incident_id=incident_id, user_id=user_id, entry_id=newest, looked_at=now)],
            update_conflicts=True,
            unique_fields=["incident", "user"],
            update_fields=["entry_id", "looked_at"],
        )
    return Looked(before=before, newest=newest)


def note_present(seen: Collection[Seen], *, now: datetime) -> None:
    """These have the page open, in one statement; whoever may not see an incident is not noted there."""
    Presence.objects.bulk_create(
        [Presence(user_id=user_id, incident_id=incident_id, seen_at=now) for user_id, incident_id in allowed(seen)],
        update_conflicts=True,
        unique_fields=["incident", "user"],
        update_fields=["seen_at"],
    )


def note_gone(seen: Collection[Seen]) -> None:
    for user_id, incident_id in sorted(seen):
        Presence.objects.filter(user_id=user_id, incident_id=incident_id).delete()
