"""A statement for the public is an update on the status page: what is there counts, whoever published it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.audit.contract import Actor
from watchbill.domain.communications.models import Audience, Moment, Statement
from watchbill.domain.communications.recipients import service_ids
from watchbill.domain.communications.rules import Told, label_of
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import severity_in
from watchbill.domain.status_page import actions, reads
from watchbill.domain.status_page.models import ComponentState, PublicStatus
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused

STATUSES = tuple(one for one in PublicStatus if one is not PublicStatus.POSTMORTEM)
_STATUS_OF = {
    Moment.FIRST: PublicStatus.INVESTIGATING,
    Moment.RESOLVED: PublicStatus.RESOLVED,
    Moment.BACK: PublicStatus.INVESTIGATING,
}
# How bad a component of an affected service is at first taken to be, by the rank of the severity.
_BY_RANK = {1: ComponentState.MAJOR_OUTAGE, 2: ComponentState.PARTIAL_OUTAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentChoice:
    """`state` empty: the statement says nothing of it."""

    id: UUID
    name: str
    state: str


def component_choices(incident: Incident, chosen: Mapping[str, str] | None, *, moment: str) -> list[ComponentChoice]:
    """`chosen` None: nothing is written yet, and those of the affected services are taken to suffer."""
    suggested = _suggested(incident, moment=moment) if chosen is None else dict(chosen)
    return [
        ComponentChoice(id=one.id, name=one.name, state=suggested.get(str(one.id), "")) for one in reads.components()
    ]


def suggested_components(incident: Incident, *, moment: str) -> dict[str, str]:
    return _suggested(incident, moment=moment)


def _suggested(incident: Incident, *, moment: str) -> dict[str, str]:
    """What the page says of a component holds; after "resolved" it says nothing, and the first guess is made anew."""
    if moment == Moment.RESOLVED:
        return {}
    public = reads.public_incident_of(incident.id)
    held = dict(public.states) if public is not None and public.resolved_at is None else {}
    return {**dict.fromkeys(_harmed(incident), _bad(incident)), **held}


def _harmed(incident: Incident) -> list[str]:
    """Components of its services; and whatever its public incident ever named."""
    services, public = service_ids(incident), reads.public_incident_of(incident.id)
    named = set(public.states) if public is not None else set()
    return [str(one.id) for one in reads.components() if one.service_id in services or str(one.id) in named]


def _bad(incident: Incident) -> str:
    return str(_BY_RANK.get(severity_in(incident).rank, ComponentState.DEGRADED))


def suggested_status(incident: Incident, *, moment: str) -> str:
    """What it says already goes on until somebody says otherwise."""
    public = reads.public_incident_of(incident.id)
    fixed = _STATUS_OF.get(Moment(moment))
    if fixed is not None:
        return str(fixed)
    going_on = public is not None and public.status in (PublicStatus.IDENTIFIED, PublicStatus.MONITORING)
    return public.status if public is not None and going_on else str(PublicStatus.IDENTIFIED)


def check_public(status: str, components: Mapping[str, str]) -> None:
    """Raises ChangeRefused."""
    if status not in STATUSES:
        raise ChangeRefused("status", f"use one of {', '.join(STATUSES)}")
    known = {str(one.id) for one in reads.components()}
    for component, state in components.items():
        if component not in known:
            raise ChangeRefused("components", f"the page has no component {component}; list those there are")
        if state not in ComponentState.values:
            raise ChangeRefused("components", f"use one of {', '.join(ComponentState.values)}")


def publish_publicly(held: Statement, *, actor: Actor, now: datetime) -> None:
    """In the caller's transaction; the status page writes the entry about it."""
    actions.publish(
        incident_id=held.incident_id,
        title=held.subject,
        status=PublicStatus(held.status),
        body=held.body,
        components={
            identity: ComponentState(state)
            for text, state in held.components.items()
            if (identity := uuid_in(text)) is not None
        },
        actor=actor,
        now=now,
    )


def told_publicly(incident: Incident, *, item: str) -> Told | None:
    """By the last update that stands there; one that was taken back told nobody."""
    public = reads.public_incident_of(incident.id)
    updates = reads.updates_of([public.id])[public.id] if public is not None else []
    if not updates:
        return None
    is_over = updates[-1].status in (PublicStatus.RESOLVED, PublicStatus.POSTMORTEM)
    moment = Moment.RESOLVED if is_over else Moment.UPDATE
    return Told(item=item, label=label_of(Audience.PUBLIC), audience=Audience.PUBLIC, at=updates[-1].at, moment=moment)
