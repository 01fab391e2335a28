"""Each severity calls whom the process names, at once and as time goes by, and nobody else."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents import ending_actions
from watchbill.domain.process.default_document import default_document

RUNGS = {step.label for ladder in default_document().time_based_escalation for step in ladder.steps}
FRIDAY_EVENING = datetime(2026, 3, 6, 19, 0, tzinfo=UTC)


def test_sev1_calls_four_at_once_and_more_every_time_it_drags_on(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1")
    first = world.came()
    called = {name: why for name, why in first.items() if not why.startswith("You are asked")}
    assert set(called) == {"primary", "manager", "commander", "executive"}
    assert called["primary"] == "On-call engineer (level 1 of payments v1): Declared SEV1"
    assert called["manager"] == "Engineering manager (manager of payments): Declared SEV1"
    assert called["commander"] == "Incident commander (named for the organization): Declared SEV1"
    assert called["executive"] == "Executive on-call (named for the organization): Declared SEV1"
    for name, role in (("commander", "incident-commander"), ("comms", "communications-lead"), ("engineer", "scribe")):
        world.takes(name, role, incident)

    assert called_by(world, minutes=15) == {"Page the on-call engineer again, and the backup": {"primary", "secondary"}}
    assert called_by(world, minutes=15) == {"Page the team lead": {"lead"}}
    assert called_by(world, minutes=30) == {
        "Page the engineering manager and the executive on-call": {"manager", "executive"}
    }
    everybody = {"primary", "secondary", "manager", "lead", "executive", "owner"}
    assert called_by(world, hours=1) == {"Involve all of engineering": everybody}
    world.ends(incident)


def called_by(world: IncidentWorld, **length: float) -> dict[str, set[str]]:
    """Whom each rung called when so much time had passed; a moment earlier it had called nobody."""
    end = timedelta(**length)
    world.passes(seconds=end.total_seconds() - 1)
    early = [one.reason for one in world.received() if one.reason.partition(": ")[2] in RUNGS]
    assert early == []
    world.passes(seconds=1)
    found: dict[str, set[str]] = {}
    for one in world.received():
        _, _, rung = one.reason.partition(": ")
        if rung in RUNGS:
            found.setdefault(rung, set()).add(one.to)
    return found


def test_sev2_calls_two_and_waits_longer(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    assert set(world.came()) == {"primary", "manager"}
    assert called_by(world, minutes=30) == {"Page the on-call engineer again, and the backup": {"primary", "secondary"}}
    assert called_by(world, minutes=30) == {"Page the team lead": {"lead"}}
    assert called_by(world, hours=3) == {"Page the engineering manager": {"manager"}}
    world.passes(hours=20)
    late = "Incident commander (named for the organization): The status update is overdue: every 30 min to 1 h"
    assert {one.reason for one in world.received()} == {late}
    world.ends(incident)


def test_an_acknowledgement_in_time_spares_the_backup(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    world.received()
    world.passes(minutes=3)
    assert world.answers("primary", incident).acknowledged_by == "Primary"
    world.passes(minutes=27)
    assert "secondary" not in {one.to for one in world.received()}
    world.ends(incident)


def test_a_manager_who_answers_knows_of_it_and_the_backup_is_called_all_the_same(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    world.received()
    assert world.answers("manager", incident).acknowledged_at is None
    assert world.happened(incident)[-1] == "incident.answered"
    world.passes(minutes=30)
    assert {"primary", "secondary"} <= {one.to for one in world.received()}
    world.ends(incident)


@pytest.mark.parametrize("incident_world", [FRIDAY_EVENING], indirect=True)
def test_sev3_waits_for_business_hours_and_calls_one(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev3")
    world.passes(hours=60)
    world.expects_nothing()
    assert world.now < datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    world.passes(hours=2)
    assert set(world.came()) == {"primary"}
    world.ends(incident)


def test_sev4_calls_nobody(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev4")
    world.passes(days=7)
    world.expects_nothing()
    world.ends(incident)


def test_nobody_is_called_once_it_is_mitigated_and_again_when_it_is_back(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    world.received()
    world.passes(minutes=10)
    ending_actions.mitigate(incident_id=incident.id, actor=world.person("primary"), now=world.now)
    world.passes(hours=2)
    assert not {"lead", "manager", "secondary"} & {one.to for one in world.received()}
    ending_actions.not_mitigated(
        incident_id=incident.id, reason="errors are back", actor=world.person("primary"), now=world.now
    )
    world.settle()
    assert "lead" in {one.to for one in world.received()}
    world.ends(incident)


def test_whoever_declares_it_and_is_on_call_is_not_paged_for_it(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2", by="primary")
    assert set(world.came()) == {"manager"}
    assert incident.acknowledged_by == "Primary"
    world.ends(incident)
