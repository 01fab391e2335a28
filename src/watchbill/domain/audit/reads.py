"""The record, newest first, narrowed as the reader asks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from watchbill.domain.audit.models import Entry

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Empty means: any. `action` is the beginning of one, like `policy.`; `actor` a part of the name.

    `hidden`: subjects that the reader must not see anything of.
    """

    action: str = ""
    actor: str = ""
    subject_kind: str = ""
    subject_id: UUID | None = None
    via: str = ""
    hidden: Collection[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """`next_before` continues after the last entry; 0 when there is none."""

    entries: Sequence[Entry]
    next_before: int


def entries(wanted: EntryFilter, *, before: int = 0, limit: int = PAGE_SIZE) -> EntryPage:
    rows = Entry.objects.all()
    if wanted.action:
        rows = rows.filter(action__startswith=wanted.action)
    if wanted.actor:
        rows = rows.filter(actor_label__icontains=wanted.actor)
    if wanted.subject_kind:
        rows = rows.filter(subject_kind=wanted.subject_kind)
    if wanted.subject_id:
        rows = rows.filter(subject_id=wanted.subject_id)
    if wanted.via:
        rows = rows.filter(via=wanted.via)
    if wanted.hidden:
        rows = rows.exclude(subject_id__in=list(wanted.hidden))
    if before:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: limit + 1])
    return EntryPage(entries=found[:limit], next_before=found[limit - 1].id if len(found) > limit else 0)
