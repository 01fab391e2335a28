"""Announce work that is planned. Nothing is announced by itself: an admin publishes it in words for customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.errands.actions import ask
from watchbill.domain.people.rules import clean_name
from watchbill.domain.services.models import MaintenanceWindow
from watchbill.domain.services.rules import MAINTENANCE_MAX
from watchbill.domain.status_page.models import Component, PublicMaintenance
from watchbill.domain.status_page.page_actions import changed, locked_page, tell
from watchbill.domain.status_page.rules import TITLE_MAX, WRITE, clean_body
from watchbill.domain.status_page.subscriber_actions import tell_of_maintenance
from watchbill.ground.refusals import ChangeRefused, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceDraft:
    """With `window_id`, start and end are the window's, and its early end is the announcement's too."""

    title: str
    body: str
    component_ids: Sequence[UUID]
    window_id: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@transaction.atomic
def publish_maintenance(draft: MaintenanceDraft, *, actor: Actor, now: datetime) -> PublicMaintenance:
    page = locked_page(now=now)
    window, starts_at, ends_at = _times(draft, now=now)
    components = list(Component.objects.filter(id__in=list(draft.component_ids), removed_at=None))
    if not components or len(components) != len(set(draft.component_ids)):
        raise ChangeRefused("components", "name at least one, all of them components of the page")
    made = PublicMaintenance.objects.create(
        window=window,
        title=clean_name(draft.title, field="title", longest=TITLE_MAX),
        body=clean_body(draft.body),
        starts_at=starts_at,
        ends_at=ends_at,
        published_by=actor.label[:254],
        created_at=now,
        updated_at=now,
    )
    made.components.set(components)
    _at_its_hours(made)
    tell_of_maintenance(made, now=now)
    details: dict[str, object] = {"start": starts_at.isoformat(), "end": ends_at.isoformat(), "text": made.body[:300]}
    tell(page, "status_page.maintenance_published", made.title, details, actor=actor, now=now)
    changed(page, now=now)
    return made


@transaction.atomic
def end_public_maintenance(maintenance_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Call off one that has not begun, end one under way."""
    page = locked_page(now=now)
    made = PublicMaintenance.objects.filter(id=maintenance_id).first()
    if made is None:
        raise Unknown("id", "there is no such maintenance on the page")
    if made.cancelled_at is not None or (made.ended_at or made.ends_at) <= now:
        raise ChangeRefused("id", "this maintenance is over already")
    begun = made.starts_at <= now
    made.ended_at, made.cancelled_at = (now, None) if begun else (None, now)
    made.updated_at = now
    made.save(update_fields=["ended_at", "cancelled_at", "updated_at"])
    details: dict[str, object] = {"after": "ended" if begun else "called off"}
    tell(page, "status_page.maintenance_ended", made.title, details, actor=actor, now=now)
    changed(page, now=now)


def _times(draft: MaintenanceDraft, *, now: datetime) -> tuple[MaintenanceWindow | None, datetime, datetime]:
    if draft.window_id is not None:
        window = MaintenanceWindow.objects.filter(id=draft.window_id, cancelled_at=None, ends_at__gt=now).first()
        if window is None:
            raise Unknown("window", "there is no such maintenance window, or it is over; plan one at its service")
        return window, window.starts_at, window.ends_at
    if draft.starts_at is None or draft.ends_at is None:
        raise ChangeRefused("start", "give a start and an end, or a maintenance window")
    starts_at = max(draft.starts_at, now)
    if draft.ends_at <= starts_at:
        raise ChangeRefused("end", "is not after the start and the present; choose a later end")
    if draft.ends_at - starts_at > MAINTENANCE_MAX:
        raise ChangeRefused("end", f"lies more than {MAINTENANCE_MAX.days} days after the start; choose an earlier end")
    return None, starts_at, draft.ends_at


def _at_its_hours(made: PublicMaintenance) -> None:
    """The files are written when it begins and when it ends."""
    ask(WRITE, [uuid5(made.id, "start")], due_at=made.starts_at)
    ask(WRITE, [uuid5(made.id, "end")], due_at=made.ends_at)
