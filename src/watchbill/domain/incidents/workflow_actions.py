"""The steps of the workflow: done by Watchbill where it can, by people elsewhere; and the phase they make up."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents.models import NEVER_WAS, Incident, StepDone
from watchbill.domain.incidents.process_followed import process_of
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.process.schema.war_room import Phase, WorkflowStep
from watchbill.ground.refusals import ChangeRefused

_EVIDENCE_MAX = 4000
# The step asks for a room and a bridge: the room is there with the incident, the bridge comes after.
ROOM_HERE = "The room is the incident's own page"


def tick_step(*, incident_id: UUID, step: str, done: bool, actor: Actor, now: datetime, evidence: str = "") -> Incident:
    """A person says that a step is done, or that it is not after all. Raises ChangeRefused."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update(of=("self",)).filter(id=incident_id).first()
        if incident is None or incident.state in NEVER_WAS:
            raise ChangeRefused("", "there is no such incident, or it is over")
        if step_in(incident, step) is None:
            raise ChangeRefused("step", f"{step!r} is no step of this process")
        if done:
            mark_step(incident, step, actor=actor, now=now, evidence=evidence)
        else:
            _unmark_step(incident, step, actor=actor, now=now)
        return incident


def mark_step(
    incident: Incident, step: str, *, actor: Actor, now: datetime, evidence: str = "", overridden: bool = False
) -> bool:
    """Whether it was not done before. Does nothing where the process has no such step. In the caller's transaction."""
    found = step_in(incident, step)
    if found is None:
        return False
    phase, one = found
    _, made = StepDone.objects.get_or_create(
        incident=incident,
        phase=phase.id,
        step=one.id,
        defaults={
            "done_at": now,
            "done_by": actor.label,
            "done_by_id": actor.id,
            "evidence": evidence[:_EVIDENCE_MAX],
            "overridden": overridden,
        },
    )
    if made:
        action = "incident.step_passed_over" if overridden else "incident.step_done"
        record([entry(incident, action, step=one.id, label=one.label, why=evidence[:300])], actor=actor, now=now)
        move_phase(incident)
    return made


def complete_room_evidence(incident: Incident, bridge: str) -> None:
    """What is there beside the room; what a person stated stays. In the caller's transaction."""
    done = StepDone.objects.filter(incident=incident, step="open-room", evidence__startswith=ROOM_HERE)
    done.update(evidence=f"{ROOM_HERE}; {bridge}"[:_EVIDENCE_MAX])


def _unmark_step(incident: Incident, step: str, *, actor: Actor, now: datetime) -> None:
    found = step_in(incident, step)
    if found is None:
        return
    phase, one = found
    gone, _ = StepDone.objects.filter(incident=incident, phase=phase.id, step=one.id).delete()
    if gone:
        record([entry(incident, "incident.step_undone", step=one.id, label=one.label, why="")], actor=actor, now=now)
        move_phase(incident)


def step_in(incident: Incident, step: str) -> tuple[Phase, WorkflowStep] | None:
    """By `phase/step`, or by the step's id where that is enough."""
    wanted_phase, slash, wanted_step = step.rpartition("/")
    for phase in process_of(incident).war_room.workflow:
        for one in phase.steps:
            if one.id == wanted_step and (not slash or phase.id == wanted_phase):
                return phase, one
    return None


def move_phase(incident: Incident) -> None:
    """The furthest phase in which something was done, or the one after it when all of it was."""
    phases = process_of(incident).war_room.workflow
    done = set(StepDone.objects.filter(incident=incident).values_list("phase", "step"))
    at = 0
    for index, phase in enumerate(phases):
        steps = {(phase.id, one.id) for one in phase.steps}
        if steps & done:
            at = index + 1 if steps <= done and index + 1 < len(phases) else index
    if phases[at].id != incident.phase:
        incident.phase = phases[at].id
        incident.save(update_fields=["phase"])
