"""Changes are proposed, approved by the commander, applied, and taken back first when they make it worse."""

import pytest

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents import change_actions, ending_actions
from watchbill.domain.incidents.actions import IncidentOver
from watchbill.domain.incidents.change_actions import ChangeDraft
from watchbill.domain.incidents.models import Incident, ProductionChange
from watchbill.ground.refusals import ChangeRefused

ROLLBACK = ChangeDraft(what="Roll back release 41", where="checkout in production", rollback="Deploy release 41 again")


@pytest.fixture
def incident(incident_world: IncidentWorld) -> Incident:
    made = incident_world.declares("sev3", by="primary")
    incident_world.takes("commander", "incident-commander", made)
    incident_world.received()
    return made


def proposes(world: IncidentWorld, incident: Incident, by: str = "engineer") -> ProductionChange:
    made = change_actions.propose(
        incident_id=incident.id, draft=ROLLBACK, actor=world.person(by), ways=world.ways(), now=world.now
    )
    world.settle()
    return made


def decides(world: IncidentWorld, incident: Incident, by: str, *, approved: bool, why: str = "") -> ProductionChange:
    return change_actions.decide(
        incident_id=incident.id, number=1, approved=approved, why=why, actor=world.person(by), now=world.now
    )


def done(world: IncidentWorld, incident: Incident) -> set[str]:
    return set(incident.steps_done.filter(phase="mitigate").values_list("step", flat=True))


def test_the_commander_is_told_and_approves(incident_world: IncidentWorld, incident: Incident) -> None:
    world = incident_world
    change = proposes(world, incident)
    assert world.came() == {"commander": "Approve change 1? Roll back release 41"}
    with pytest.raises(ChangeRefused, match="change 1 is not approved"):
        change_actions.apply_change(incident_id=incident.id, number=1, actor=world.person("engineer"), now=world.now)
    with pytest.raises(ChangeRefused, match="only Commander may approve or decline changes"):
        decides(world, incident, "engineer", approved=True)

    decides(world, incident, "commander", approved=True)
    change_actions.apply_change(incident_id=incident.id, number=1, actor=world.person("engineer"), now=world.now)
    assert done(world, incident) == {"approve-changes", "document-changes"}
    change_actions.observe(
        incident_id=incident.id,
        number=1,
        outcome="worse",
        effect="more errors",
        actor=world.person("engineer"),
        now=world.now,
    )
    change_actions.roll_back(incident_id=incident.id, number=1, actor=world.person("engineer"), now=world.now)
    change.refresh_from_db()
    assert change.state == "rolled-back"
    assert "roll-back" in done(world, incident)
    assert [name for name in world.happened(incident) if "change" in name] == [
        "incident.change_proposed",
        "incident.change_approved",
        "incident.change_applied",
        "incident.change_observed",
        "incident.change_rolled_back",
    ]
    world.ends(incident)


def test_a_declined_change_says_why_and_is_not_applied(incident_world: IncidentWorld, incident: Incident) -> None:
    world = incident_world
    proposes(world, incident)
    world.received()
    with pytest.raises(ChangeRefused, match="why: say why not"):
        decides(world, incident, "commander", approved=False)
    decides(world, incident, "commander", approved=False, why="the last one is still rolling out")
    with pytest.raises(ChangeRefused, match="is not approved"):
        change_actions.apply_change(incident_id=incident.id, number=1, actor=world.person("engineer"), now=world.now)
    world.ends(incident)


def test_what_the_commander_proposes_is_approved(incident_world: IncidentWorld, incident: Incident) -> None:
    world = incident_world
    assert proposes(world, incident, by="commander").state == "approved"
    world.expects_nothing()
    world.ends(incident)


@pytest.mark.parametrize("missing", ["what", "where", "rollback"])
def test_a_change_without_a_way_back_is_no_proposal(
    incident_world: IncidentWorld, incident: Incident, missing: str
) -> None:
    parts = {"what": "x", "where": "y", "rollback": "z"} | {missing: " "}
    with pytest.raises(ChangeRefused) as refused:
        change_actions.propose(
            incident_id=incident.id,
            draft=ChangeDraft(**parts),
            actor=incident_world.person("engineer"),
            ways=incident_world.ways(),
            now=incident_world.now,
        )
    assert refused.value.field == missing
    incident_world.ends(incident)


def test_what_came_of_it_is_noted_until_the_incident_is_closed(
    incident_world: IncidentWorld, incident: Incident
) -> None:
    world = incident_world
    proposes(world, incident)
    world.came()
    decides(world, incident, "commander", approved=True)
    change_actions.apply_change(incident_id=incident.id, number=1, actor=world.person("engineer"), now=world.now)
    ending_actions.resolve(
        incident_id=incident.id, pass_over="for the test", actor=world.person("commander"), now=world.now
    )
    change_actions.observe(
        incident_id=incident.id, number=1, outcome="helped", effect="", actor=world.person("engineer"), now=world.now
    )
    ending_actions.close(
        incident_id=incident.id, pass_over="for the test", actor=world.person("commander"), now=world.now
    )
    with pytest.raises(IncidentOver, match="is closed; reopen it first"):
        change_actions.roll_back(incident_id=incident.id, number=1, actor=world.person("engineer"), now=world.now)
    world.settle()
