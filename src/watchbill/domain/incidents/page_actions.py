"""Page one person for an incident, by name: somebody knows who is needed."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents.actions import unresolved
from watchbill.domain.incidents.calling import call_people
from watchbill.domain.incidents.models import CallReason, Incident
from watchbill.domain.incidents.records import record
from watchbill.ground.refusals import ChangeRefused, Unknown

REASON_MAX = 500


def page_person(
    *, incident_id: UUID, user_id: UUID, reason: str, actor: Actor, ways: Ways, now: datetime
) -> tuple[Incident, User]:
    """Raises ChangeRefused for somebody who cannot be reached, or without a reason."""
    why = reason.replace("\0", "").strip()[:REASON_MAX]
    if not why:
        raise ChangeRefused("reason", "say why: it is what the person who is woken reads first")
    with transaction.atomic():
        incident = unresolved(incident_id)
        user = User.objects.filter(id=user_id, is_active=True).first()
        if user is None:
            raise Unknown("person", "there is no such person, or not any more; choose another")
        made = call_people(
            incident,
            [user.id],
            reason=CallReason.PERSON,
            label=f"{actor.label} asks for you: {why}",
            ways=ways,
            now=now,
        )
        if not made.details.get("people"):
            raise ChangeRefused(
                "person", f"{user.name} has no usable contact; page somebody else, or call by telephone"
            )
        record([made], actor=actor, now=now)
    return incident, user
