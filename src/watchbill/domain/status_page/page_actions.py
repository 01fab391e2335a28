"""The page itself: made by the first change, and written anew after each."""

from datetime import datetime
from uuid import UUID

from django.db.models import F

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.errands.actions import ask
from watchbill.domain.status_page.models import StatusPage
from watchbill.domain.status_page.rules import WRITE

SUBJECT_KIND = "status-page"


def locked_page(*, now: datetime) -> StatusPage:
    """One change of the page at a time, so that what an update changes is what everybody sees.

    Whoever also writes in an incident's record locks in this order: the incident, then the page. Errands, which a
    record asks for, come under the lock of what they are about.
    """
    StatusPage.objects.bulk_create([StatusPage(created_at=now, updated_at=now)], ignore_conflicts=True)
    return StatusPage.objects.select_for_update().get()


def changed(page: StatusPage, *, now: datetime) -> None:
    """Something looks different: the files are to be written."""
    StatusPage.objects.filter(id=page.id).update(changes=F("changes") + 1, updated_at=now)
    ask(WRITE, [page.id], due_at=now)


def tell(page: StatusPage, action: str, label: str, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    """What is done to the page and not for an incident."""
    kept = {name: value for name, value in details.items() if value not in (None, "", [], {})}
    one = Record(action=action, subject_kind=SUBJECT_KIND, subject_id=page.id, subject_label=label, details=kept)
    record([one], actor=actor, now=now)


def wrote(page_id: UUID, *, changes: int, now: datetime) -> None:
    """The files show the page as it was after so many changes."""
    StatusPage.objects.filter(id=page_id).update(written_changes=changes, written_at=now)


def write_again(*, now: datetime) -> None:
    """Even if nothing changed: the hours that count, and the time that the page gives, go on."""
    for page in StatusPage.objects.all():
        ask(WRITE, [page.id], due_at=now)
