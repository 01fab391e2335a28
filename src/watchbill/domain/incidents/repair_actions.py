"""When the machinery of an incident fails: its ladder is driven again, or the fallback is paged by another path."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import ENGINE
from watchbill.domain.escalation.last_resort_actions import everybody_by_every_way
from watchbill.domain.incidents.calling import call_these
from watchbill.domain.incidents.models import UNRESOLVED, CallReason, Incident, IncidentState
from watchbill.domain.incidents.raising import call_the_first_again
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.timer_kinds import LADDER, TRY_AGAIN
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.models import Timer

log = structlog.get_logger()


def drive_again(incident_ids: Sequence[UUID], *, now: datetime) -> int:
    """Looks again under the rows' locks. How many ladders got back the timer of their next rung."""
    driven = []
    with transaction.atomic():
        rows = Incident.objects.select_for_update().filter(id__in=incident_ids, state__in=UNRESOLVED).order_by("id")
        for incident in rows:
            timers = Timer.objects.filter(kind=LADDER, subject_id=incident.id, generation=incident.generation)
            if incident.next_rung_at is None or timers.filter(quarantined_at=None).exists():
                continue
            due_at = max(incident.next_rung_at, now)
            set_timers([NewTimer(kind=LADDER, subject_id=incident.id, generation=incident.generation, due_at=due_at)])
            driven.append(entry(incident, "incident.driven_again", why="its ladder had no timer"))
        record(driven, actor=ENGINE, now=now)
    if driven:
        log.critical("incident.driven_again", count=len(driven))
    return len(driven)


def call_again(incident_ids: Sequence[UUID], *, now: datetime) -> int:
    """Nobody was told and nothing would try again: it is tried now. How many there are."""
    with transaction.atomic():
        rows = Incident.objects.filter(id__in=incident_ids, state__in=UNRESOLVED, acknowledged_at=None).order_by("id")
        lost = list(rows.select_for_update())
        set_timers([NewTimer(kind=TRY_AGAIN, subject_id=incident.id, due_at=now, at_once=True) for incident in lost])
        record([entry(one, "incident.driven_again", why="nobody was told") for one in lost], actor=ENGINE, now=now)
    if lost:
        log.critical("incident.called_again", count=len(lost))
    return len(lost)


def take_back(incident_ids: Sequence[UUID], *, now: datetime) -> int:
    """Whoever had it has left: people are called again as if nobody had answered. How many there are."""
    with transaction.atomic():
        rows = Incident.objects.select_for_update(of=("self",)).filter(id__in=incident_ids, state=IncidentState.OPEN)
        left = set(User.objects.filter(is_active=False).values_list("id", flat=True))
        alone = [incident for incident in rows.order_by("id") if incident.acknowledged_by_id in left]
        for incident in alone:
            why = f"{incident.acknowledged_by}, who was on it, has no account any more"
            call_the_first_again(incident, why=why, actor=ENGINE, now=now)
    return len(alone)


def give_up(incident_id: UUID, *, now: datetime) -> None:
    """The ladder could not be climbed: everybody of the fallback by every way. In the caller's transaction.

    Asks for no role, no schedule and no process. The timer in quarantine is taken over here.
    """
    incident = Incident.objects.select_for_update().filter(id=incident_id, state__in=UNRESOLVED).first()
    Timer.objects.filter(kind=LADDER, subject_id=incident_id).delete()
    if incident is None:
        return
    why = "Fallback of the organization: the ladder could not be followed; the log of the engine has the details"
    people = everybody_by_every_way()
    call_these(incident, [(person, why) for person in people], reason=CallReason.FALLBACK, label=why, now=now)
    incident.next_rung_at = None
    incident.save(update_fields=["next_rung_at"])
    named = [{"id": str(person.user_id), "name": person.name} for person in people]
    record([entry(incident, "incident.fallback_called", why=why, people=named)], actor=ENGINE, now=now)
    if not people:
        log.critical("incident.reached_nobody", incident=incident.number)
