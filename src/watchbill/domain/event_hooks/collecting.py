"""What is to be sent: each entry of an incident's record that an endpoint listens for, once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from watchbill.domain.audit.models import Entry
from watchbill.domain.errands.actions import ask
from watchbill.domain.event_hooks.models import DeliveryState, EventDelivery, EventHook
from watchbill.domain.event_hooks.rules import HORIZON, WAITING_MAX, severities_at, wants
from watchbill.domain.incidents.brief import facts
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.incidents.process_followed import process_of
from watchbill.ground.identity import uuid_in
from watchbill.ground.ids import new_id
from watchbill.ground.local_time import utc_text
from watchbill.ground.text import well_formed

log = structlog.get_logger()

# The errand that delivers; its subject is the endpoint.
DELIVER = "event-hook.deliver"
VERSION = 1
# What of an entry's details may leave; the rest is ours.
_TOLD = ("before", "after", "why", "tier", "role", "label", "into")


def collect(incident_id: UUID, now: datetime) -> None:
    """The record of this incident went on. Asked twice, it finds nothing more to do."""
    incident = Incident.objects.filter(id=incident_id).select_related("service", "merged_into").first()
    if incident is None:
        return
    for hook in EventHook.objects.filter(removed_at=None):
        collect_for(hook, [incident], now=now)


def collect_for(hook: EventHook, incidents: Iterable[Incident], *, now: datetime) -> None:
    """A restricted incident is not even noted for an endpoint that is not marked for them."""
    new = [
        _delivery(hook, incident, entry, now=now)
        for incident in incidents
        if (hook.restricted or not incident.restricted) and hook.service_id in (None, incident.service_id)
        for entry in _entries(hook, incident, now=now)
    ]
    if not new:
        return
    waiting = EventDelivery.objects.filter(hook=hook, state=DeliveryState.PENDING).count()
    if waiting >= WAITING_MAX:
        log.error("event_hook.full", hook=hook.name, waiting=waiting)
        return
    EventDelivery.objects.bulk_create(sorted(new, key=lambda one: one.entry_id), ignore_conflicts=True)
    ask(DELIVER, [hook.id], due_at=now)


def _entries(hook: EventHook, incident: Incident, *, now: datetime) -> list[Entry]:
    known = EventDelivery.objects.filter(hook=hook, incident=incident).values_list("entry_id", flat=True)
    rows = Entry.objects.filter(subject_id=incident.id, action__in=hook.events)
    rows = rows.filter(at__gte=max(hook.listens_since, now - HORIZON)).exclude(id__in=list(known))
    severities = _severities(incident)
    return [
        entry
        for entry in rows.order_by("id")
        if wants(severities=hook.severities, at_that_time=severities_at(entry.id, severities, now=incident.severity))
    ]


def _severities(incident: Incident) -> list[tuple[int, str]]:
    """Each change of its severity: the entry, and what it was before."""
    ids = {one.label: one.id for one in process_of(incident).severities}
    changes = Entry.objects.filter(subject_id=incident.id, action="incident.severity_changed").order_by("id")
    return [(entry.id, ids.get(str(entry.details.get("before", "")), "")) for entry in changes]


def _delivery(hook: EventHook, incident: Incident, entry: Entry, *, now: datetime) -> EventDelivery:
    identity = new_id()
    return EventDelivery(
        id=identity,
        hook=hook,
        entry_id=entry.id,
        incident=incident,
        event=entry.action,
        payload=payload(identity, incident, entry, hides_restricted=not hook.restricted),
        queued_at=now,
        wanted_since=now,
        next_try_at=now,
    )


def payload(identity: UUID, incident: Incident, entry: Entry, *, hides_restricted: bool) -> dict[str, Any]:
    """The published shape: fields are added, never renamed or taken away while `version` is 1."""
    details = {name: entry.details[name] for name in _TOLD if name in entry.details}
    people = entry.details.get("people")
    if isinstance(people, list):
        details["people"] = [one.get("name", "") for one in people if isinstance(one, dict)]
    if entry.action == "incident.updated":
        details["text"] = _text(entry)
    brief = facts(incident)
    if hides_restricted and incident.merged_into is not None and incident.merged_into.restricted:
        brief["merged_into"] = None
        details.pop("into", None)
    shown: dict[str, Any] = _plain(
        {
            "version": VERSION,
            "id": identity,
            "event": entry.action,
            "at": entry.at,
            "actor": {"kind": entry.actor_kind, "name": entry.actor_label},
            "drill": incident.drill,
            "details": details,
            "incident": brief,
        }
    )
    return shown


def _text(entry: Entry) -> str:
    post_id = uuid_in(str(entry.details.get("post", "")))
    post = Post.objects.filter(id=post_id).first() if post_id else None
    return post.text if post is not None else str(entry.details.get("text", ""))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, UUID):
        return str(value)
    return well_formed(value) if isinstance(value, str) else value
