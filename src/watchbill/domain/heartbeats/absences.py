"""When no ping could be taken: a web process notes that one can, and what it missed is on record when it is back."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.models import Entry
from watchbill.domain.heartbeats.models import OpenDoor
from watchbill.domain.heartbeats.rules import ABSENCE_MIN, Absence

WAS_AWAY = "instance.was_away"
_READ_MAX = 1000


@transaction.atomic
def note_open(*, now: datetime) -> None:
    """Any number of web processes may say so; the first one after an absence writes its entry."""
    before = OpenDoor.objects.select_for_update().values_list("noted_at", flat=True).first()
    if before is None:
        OpenDoor.objects.bulk_create([OpenDoor(noted_at=now)], ignore_conflicts=True)
        return
    if now - before > ABSENCE_MIN:
        _tell(Absence(before, now), now=now)
    if now > before:
        OpenDoor.objects.update(noted_at=now)


def last_open_at() -> datetime | None:
    return OpenDoor.objects.values_list("noted_at", flat=True).first()


def absences_since(at: datetime) -> Sequence[Absence]:
    """Those that ended after `at`, the latest if there are very many. One that still lasts is not among them."""
    rows = Entry.objects.filter(action=WAS_AWAY, at__gt=at).order_by("-id").values_list("details", flat=True)
    return [
        Absence(datetime.fromisoformat(details["from"]), datetime.fromisoformat(details["until"]))
        for details in rows[:_READ_MAX]
    ]


def _tell(absence: Absence, *, now: datetime) -> None:
    details = {"from": absence.starts_at.isoformat(), "until": absence.ends_at.isoformat()}
    what = Record(
        action=WAS_AWAY,
        subject_kind="instance",
        subject_id=None,
        subject_label="No events and no pings could come in",
        details=details,
    )
    record([what], actor=Actor(kind="system", label="Watchbill", via="ingest"), now=now)
