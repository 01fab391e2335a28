"""Who holds an incident while it is changed: a person's request waits for its row, the engine never does."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from watchbill.domain.incidents.models import UNRESOLVED, Incident
from watchbill.domain.timers.actions import BLINK, put_back
from watchbill.domain.timers.store import DueTimer
from watchbill.ground.refusals import Unknown


def locked(incident_id: UUID, *, no_key: bool = False) -> Incident:
    """Until the end of the transaction, with what people are called by. Raises Unknown.

    `no_key`: others may meanwhile add rows that point to it.
    """
    rows = Incident.objects.select_for_update(of=("self",), no_key=no_key).select_related(
        "service__policy__current_version", "service__team"
    )
    incident = rows.filter(id=incident_id).first()
    if incident is None:
        raise Unknown("", "there is no such incident")
    return incident


def by_subject(timers: Sequence[DueTimer]) -> dict[UUID, list[DueTimer]]:
    """For timers whose subject is the incident."""
    return {timer.subject_id: [timer] for timer in timers}


def lock_unless_held(waiting: Mapping[UUID, Sequence[DueTimer]], *, now: datetime) -> list[Incident]:
    """Those that are not resolved, by the ids that `waiting` has, each with the timers that are about it.

    The timers of one that somebody changes at this moment are put back for a blink: waiting for its row here, while he
    waits for a timer, would be a deadlock, and whoever hangs would hold up everybody's pages.
    """
    rows = Incident.objects.select_for_update(skip_locked=True, of=("self",)).filter(state__in=UNRESOLVED)
    related = rows.select_related("service__policy__current_version", "service__team")
    found = list(related.filter(id__in=list(waiting)).order_by("id"))
    held = waiting.keys() - {incident.id for incident in found}
    live = Incident.objects.filter(id__in=held, state__in=UNRESOLVED).values_list("id", flat=True)
    put_back([timer for identity in live for timer in waiting[identity]], due_at=now + BLINK)
    return found
