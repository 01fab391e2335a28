"""Set everything that waits for an incident, from the foot of its ladder."""

from datetime import datetime, timedelta
from uuid import UUID

from watchbill.domain.incidents import rules
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import ladder_of, process_of, severity_in
from watchbill.domain.incidents.timer_kinds import LADDER, OF_INCIDENT, TRY_AGAIN, UPDATE_DUE
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.store import clear_unlocked

_AGAIN_FIRST, _AGAIN_MAX = timedelta(minutes=1), timedelta(minutes=30)


def again_timer(incident_id: UUID, *, tries: int, now: datetime) -> NewTimer:
    """Nobody was reached: after 1 min, then ever more rarely."""
    wait = min(_AGAIN_FIRST * 2 ** min(tries, 10), _AGAIN_MAX)
    return NewTimer(kind=TRY_AGAIN, subject_id=incident_id, generation=tries, due_at=now + wait)


def plan(incident: Incident, *, now: datetime, again: bool = True) -> None:
    """Everything that waits for this incident, from the foot of its ladder. `again`: it was planned before."""
    process, severity = process_of(incident), severity_in(incident)
    if again:
        incident.generation += 1
    rungs = ladder_of(incident)
    incident.next_rung = 0
    incident.next_rung_at = rungs[0].at if rungs else None
    incident.save(update_fields=["generation", "next_rung", "next_rung_at"])
    clear_unlocked(kinds=OF_INCIDENT, subject_ids=[incident.id])
    timers = []
    if incident.next_rung_at is not None:
        timers.append(
            NewTimer(
                kind=LADDER,
                subject_id=incident.id,
                generation=incident.generation,
                due_at=max(incident.next_rung_at, now),
                at_once=incident.next_rung_at <= now,
            )
        )
    window = rules.update_window(process, severity, since=incident.updates_count_from)
    if window is not None:
        # Whoever just changed the severity need not be reminded at once that an update is due.
        fresh = rules.update_window(process, severity, since=now)
        due_at = window[0] if window[0] > now or fresh is None else fresh[0]
        timers.append(NewTimer(kind=UPDATE_DUE, subject_id=incident.id, due_at=due_at))
    set_timers(timers)
