"""Publish what the public may know, and take a mistake back."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.people.rules import clean_name
from watchbill.domain.status_page import rules
from watchbill.domain.status_page.models import (
    Component,
    ComponentState,
    EarlierWording,
    PublicIncident,
    PublicStatus,
    PublicUpdate,
    StatusPage,
)
from watchbill.domain.status_page.page_actions import changed, locked_page, tell
from watchbill.domain.status_page.subscriber_actions import tell_of_update
from watchbill.ground.refusals import ChangeRefused, Unknown

_WHY_MAX = 300
# Raises when what is said of the incident needs the word of somebody else; the rooms above know who that is.
MaySay = Callable[[Incident], None]


@transaction.atomic
def publish(
    *,
    incident_id: UUID | None,
    title: str,
    status: PublicStatus,
    body: str,
    components: Mapping[UUID, ComponentState],
    actor: Actor,
    now: datetime,
    may_say: MaySay | None = None,
) -> PublicUpdate:
    """Open a public incident, or add an update to the one of this internal incident.

    Without an internal incident it opens one each time. `resolved` puts all its components back to operational,
    unless another open one says otherwise. `may_say` is left out by who asked before. Raises ChangeRefused, Unknown.
    """
    incident = _publishable(incident_id, may_say) if incident_id is not None else None
    page = locked_page(now=now)
    public = PublicIncident.objects.filter(incident=incident, retracted_at=None).first() if incident else None
    title = clean_name(title, field="title", longest=rules.TITLE_MAX) if title.strip() or public is None else ""
    if public is None:
        public = _opened(incident, title, status=status, now=now)
    return _add(page, public, title=title, status=status, body=body, components=components, actor=actor, now=now)


@transaction.atomic
def publish_update(
    *,
    public_id: UUID,
    status: PublicStatus,
    body: str,
    components: Mapping[UUID, ComponentState],
    actor: Actor,
    now: datetime,
    title: str = "",
    may_say: MaySay | None = None,
) -> PublicUpdate:
    """One more update of a public incident. Raises ChangeRefused, Unknown."""
    incident_id = _public(public_id).incident_id
    if incident_id is not None:
        _publishable(incident_id, may_say)
    page, public = locked_page(now=now), _public(public_id)
    title = clean_name(title, field="title", longest=rules.TITLE_MAX) if title.strip() else ""
    return _add(page, public, title=title, status=status, body=body, components=components, actor=actor, now=now)


@transaction.atomic
def correct(*, update_id: UUID, body: str, actor: Actor, now: datetime, may_say: MaySay | None = None) -> PublicUpdate:
    """The new words stand in its place, marked as corrected; the first stay in the record. Nobody is mailed again."""
    page, update = _held(update_id, now=now)
    before, update.body = update.body, rules.clean_body(body)
    if before == update.body:
        return update
    if update.public_incident.incident is not None and may_say is not None:
        may_say(update.public_incident.incident)
    EarlierWording.objects.create(update=update, body=before, until=now, corrected_by=actor.label[:254])
    update.corrected_at = now
    update.save(update_fields=["body", "corrected_at"])
    PublicIncident.objects.filter(id=update.public_incident_id).update(updated_at=now)
    _tell(
        page,
        update.public_incident,
        "publication_corrected",
        {"before": before[:300], "text": update.body[:300]},
        actor=actor,
        now=now,
    )
    changed(page, now=now)
    return update


@transaction.atomic
def retract(*, update_id: UUID, why: str, actor: Actor, now: datetime) -> None:
    """It is shown no more and counts for nothing; without its last update, the public incident is gone too."""
    page, update = _held(update_id, now=now)
    why = clean_name(why, field="why", longest=_WHY_MAX)
    update.retracted_at, update.retracted_by, update.retracted_why = now, actor.label[:254], why
    update.save(update_fields=["retracted_at", "retracted_by", "retracted_why"])
    public = update.public_incident
    touched = set(public.states)
    _settle(public, now=now)
    _put(touched | set(public.states), now=now)
    _tell(page, public, "publication_retracted", {"why": why, "text": update.body[:300]}, actor=actor, now=now)
    changed(page, now=now)


def _add(
    page: StatusPage,
    public: PublicIncident,
    *,
    title: str,
    status: str,
    body: str,
    components: Mapping[UUID, ComponentState],
    actor: Actor,
    now: datetime,
) -> PublicUpdate:
    status = rules.check_status(status, ended=public.resolved_at is not None)
    named = {str(one): str(rules.check_state(state)) for one, state in _known(components).items()}
    update = PublicUpdate.objects.create(
        public_incident=public,
        number=PublicUpdate.objects.filter(public_incident=public).count() + 1,
        status=status,
        body=rules.clean_body(body),
        changes=rules.said_changes(public.states, status, named),
        at=now,
        published_by=actor.label[:254],
    )
    public.title = title or public.title
    _settle(public, now=now)
    _put(public.states, now=now)
    tell_of_update(update, now=now)
    _tell(
        page, public, "published", {"title": public.title, "after": status, "text": update.body[:300]},
        actor=actor, now=now,
    )  # fmt: skip
    changed(page, now=now)
    return update


def _publishable(incident_id: UUID, may_say: MaySay | None) -> Incident:
    incident = Incident.objects.select_for_update(of=("self",)).filter(id=incident_id).first()
    if incident is None:
        raise Unknown("incident", "there is no such incident")
    if incident.restricted:
        raise ChangeRefused(
            "incident", "this incident is restricted: nothing of it goes out. Publish by hand without it"
        )
    if incident.drill:
        raise ChangeRefused("incident", "this is a drill: customers must not read of it")
    if may_say is not None:
        may_say(incident)
    return incident


def _held(update_id: UUID, *, now: datetime) -> tuple[StatusPage, PublicUpdate]:
    """With its incident, which is locked before the page, also where nothing but its record is written."""
    incident_id = _update(update_id).public_incident.incident_id
    if incident_id is not None:
        Incident.objects.select_for_update(of=("self",)).get(id=incident_id)
    return locked_page(now=now), _update(update_id)


def _opened(incident: Incident | None, title: str, *, status: str, now: datetime) -> PublicIncident:
    return PublicIncident.objects.create(
        incident=incident, title=title, status=status, started_at=now, created_at=now, updated_at=now
    )


def _public(public_id: UUID) -> PublicIncident:
    public = PublicIncident.objects.select_related("incident").filter(id=public_id, retracted_at=None).first()
    if public is None:
        raise Unknown("id", "there is no such public incident; it may have been retracted")
    return public


def _update(update_id: UUID) -> PublicUpdate:
    update = (
        PublicUpdate.objects.select_related("public_incident__incident").filter(id=update_id, retracted_at=None).first()
    )
    if update is None:
        raise Unknown("id", "there is no such update; it may have been retracted")
    return update


def _known(components: Mapping[UUID, ComponentState]) -> Mapping[UUID, ComponentState]:
    there = set(Component.objects.filter(id__in=list(components), removed_at=None).values_list("id", flat=True))
    if missing := sorted(str(one) for one in components if one not in there):
        raise ChangeRefused(
            "components", f"the page has no component {missing[0]}; list its components and choose there"
        )
    return components


def _settle(public: PublicIncident, *, now: datetime) -> None:
    """Let it say what its remaining updates make of it."""
    updates = list(PublicUpdate.objects.filter(public_incident=public, retracted_at=None).order_by("number"))
    public.updated_at = now
    if updates:
        standing = rules.standing_after(updates)
        public.status, public.impact, public.states = standing.status, standing.impact, standing.states
        public.monitoring_at, public.resolved_at = standing.monitoring_at, standing.resolved_at
    else:
        public.states, public.retracted_at = {}, now
    public.save(
        update_fields=["updated_at", "status", "impact", "states", "monitoring_at", "resolved_at", "retracted_at"]
    )


def _put(component_ids: Iterable[str], *, now: datetime) -> None:
    """Each to the worst that an open public incident says of it."""
    says = list(PublicIncident.objects.filter(resolved_at=None, retracted_at=None).values_list("states", flat=True))
    for component in Component.objects.filter(id__in=list(component_ids)):
        state = rules.worst(one[str(component.id)] for one in says if str(component.id) in one)
        if state != component.state:
            Component.objects.filter(id=component.id).update(state=state, updated_at=now)


def _tell(
    page: StatusPage,
    public: PublicIncident,
    what: str,
    details: dict[str, object],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """On the incident's own timeline if it has one, else in the page's."""
    if public.incident is not None:
        record([entry(public.incident, f"incident.{what}", **details)], actor=actor, now=now)
    else:
        tell(page, f"status_page.{what}", public.title, details, actor=actor, now=now)
