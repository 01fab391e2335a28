"""Who gets a letter of a statement, and why; at the moment of its publication."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.access.models import User
from watchbill.domain.communications.models import Audience, CustomerContact, Subscription
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents.models import SUBJECT_KIND, Incident, Insider, Seat, SeatState
from watchbill.domain.incidents.process_followed import process_of
from watchbill.domain.paging.models import Page
from watchbill.domain.people.models import Urgency
from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.services.role_lookup import RoleLookup

EXECUTIVE = "executive-on-call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    address: str
    name: str
    why: str
    user_id: UUID | None = None


def recipients(incident: Incident, audience: str, *, ways: Ways, now: datetime) -> list[Recipient]:
    """Each address once. Of a drill only those who are in it; of a restricted incident only who may see it."""
    if audience == Audience.PUBLIC:
        return []
    if audience == Audience.CUSTOMERS:
        return [] if incident.drill or incident.restricted else _customers(incident)
    if incident.drill and audience != Audience.INTERNAL:
        return []
    found = _subscribers(incident, audience)
    if audience == Audience.EXECUTIVES:
        found += _executives(incident, ways=ways, now=now)
    allowed = _circle(incident)
    chosen = [one for one in found if allowed is None or one.user_id in allowed]
    return _each_once(chosen)


def _customers(incident: Incident) -> list[Recipient]:
    services = service_ids(incident)
    rows = CustomerContact.objects.select_related("service").order_by("address")
    return _each_once(
        Recipient(
            address=row.address,
            name=row.name,
            why=f"contact for {row.service.name}" if row.service else "contact for every service",
        )
        for row in rows
        if row.service_id is None or row.service_id in services
    )


def _subscribers(incident: Incident, audience: str) -> list[Recipient]:
    services, process = service_ids(incident), process_of(incident)
    rows = Subscription.objects.filter(audience=audience, user__is_active=True).select_related("user", "service")
    return [
        Recipient(
            address=row.user.email,
            name=row.user.name,
            user_id=row.user_id,
            why=f"subscribed to {row.service.name}" if row.service else "subscribed to every service",
        )
        for row in rows.order_by("user__email", "service__name")
        if (row.service_id is None or row.service_id in services)
        and _is_bad_enough(process, incident.severity, row.severity)
    ]


def _is_bad_enough(process: ProcessDocument, severity: str, least: str) -> bool:
    """A severity that the process does not have any more keeps nobody from hearing."""
    ranks = {one.id: one.rank for one in process.severities}
    return not least or least not in ranks or ranks[severity] <= ranks[least]


def _executives(incident: Incident, *, ways: Ways, now: datetime) -> list[Recipient]:
    return [
        Recipient(address=one.email, name=one.name, user_id=one.id, why="executive on call")
        for one in people_behind(incident, EXECUTIVE, ways=ways, now=now)
    ]


def people_behind(incident: Incident, role: str, *, ways: Ways, now: datetime) -> list[User]:
    """Whoever has the role in the incident, and otherwise stands behind it; nobody where the process has none."""
    held = Seat.objects.filter(incident=incident, role=role, state=SeatState.HELD).select_related("user")
    holders = [seat.user for seat in held if seat.user.is_active]
    process = process_of(incident)
    if holders or role not in {one.id for one in process.roles}:
        return holders
    lookup = RoleLookup([role], process=process, service=incident.service, ways=ways)
    ids = [one.user_id for one in lookup.find(role, urgency=Urgency.LOW, at=now).people]
    return list(User.objects.filter(id__in=ids, is_active=True).order_by("email"))


def _circle(incident: Incident) -> set[UUID] | None:
    """None: everybody."""
    if incident.restricted:
        return insiders(incident)
    if incident.drill:
        return _taking_part(incident)
    return None


def insiders(incident: Incident) -> set[UUID]:
    return set(Insider.objects.filter(incident=incident).values_list("user_id", flat=True))


def _taking_part(incident: Incident) -> set[UUID]:
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id)
    seats = Seat.objects.filter(incident=incident, state=SeatState.HELD)
    found = {*pages.values_list("user_id", flat=True), *seats.values_list("user_id", flat=True)}
    return found | {one for one in (incident.declared_by_id, incident.acknowledged_by_id) if one is not None}


def service_ids(incident: Incident) -> set[UUID]:
    also = set(incident.affected.values_list("service_id", flat=True))
    return also | ({incident.service_id} if incident.service_id is not None else set())


def _each_once(found: Iterable[Recipient]) -> list[Recipient]:
    """By address; the first reason stays."""
    known: dict[str, Recipient] = {}
    for one in found:
        known.setdefault(one.address, one)
    return list(known.values())
