"""Who is in charge of an incident: the commander, and as long as there is none whoever declared or reopened it."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.models import Incident, Seat, SeatState
from watchbill.ground.refusals import ChangeRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class InCharge:
    """`user_id` None: declared by a program or from the host, so that anybody who responds is."""

    user_id: UUID | None
    name: str


def in_charge(incident: Incident) -> InCharge:
    seat = _command(incident).select_related("user").first()
    if seat is not None:
        return InCharge(user_id=seat.user_id, name=seat.user.name)
    if incident.reopened_at is not None:
        return InCharge(user_id=incident.raised_by_id, name=incident.raised_by)
    return InCharge(user_id=incident.declared_by_id, name=incident.declared_by)


def has_commander(incident: Incident) -> bool:
    return _command(incident).exists()


def _command(incident: Incident) -> QuerySet[Seat]:
    return Seat.objects.filter(incident=incident, role=rules.COMMANDER, state=SeatState.HELD, user__is_active=True)


def check_in_charge(incident: Incident, actor: Actor, *, what: str, field: str = "") -> None:
    """Raises ChangeRefused that names who may."""
    who = in_charge(incident)
    if who.user_id is not None and who.user_id != actor.id:
        raise ChangeRefused(
            field, f"only {who.name} may {what}, who is in charge; ask them, or take the role over with a reason"
        )
