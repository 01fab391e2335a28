"""Impact, affected services, hypotheses and times: each change is written down, and does its step."""

from datetime import datetime, timedelta

import pytest

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.audit.models import Entry
from watchbill.domain.incidents import assess_actions
from watchbill.domain.incidents.assess_actions import ImpactDraft
from watchbill.domain.incidents.models import Incident
from watchbill.ground.refusals import ChangeRefused


@pytest.fixture
def incident(incident_world: IncidentWorld) -> Incident:
    made = incident_world.declares("sev4")
    incident_world.passes(minutes=30)
    return made


def moves(world: IncidentWorld, incident: Incident, moment: str, at: datetime | None, reason: str = "logs") -> None:
    assess_actions.set_moment(
        incident_id=incident.id, moment=moment, at=at, reason=reason, actor=world.person("engineer"), now=world.now
    )


def test_assessing_does_the_steps_of_its_phase(incident_world: IncidentWorld, incident: Incident) -> None:
    world = incident_world
    who = {"incident_id": incident.id, "actor": world.person("engineer"), "now": world.now}
    draft = ImpactDraft(customer_impact="Orders fail", customers_affected="about 40 %", customer_facing=True)
    assess_actions.set_impact(draft=draft, **who)
    other = world.another_service("search")
    assess_actions.set_affected(service_ids={other.id}, **who)
    thought = assess_actions.think(text="the new release", **who)
    assert set(incident.steps_done.filter(phase="assess").values_list("step", flat=True)) == {
        "scope",
        "affected",
        "hypothesis",
    }
    assert world.again(incident).phase == "mitigate"
    settled = assess_actions.settle(hypothesis_id=thought.id, state="ruled-out", why="older pods fail too", **who)
    assert (settled.state, settled.settled_by) == ("ruled-out", "Engineer")
    before = Entry.objects.count()
    assess_actions.set_impact(draft=draft, **who)
    assess_actions.set_affected(service_ids={other.id}, **who)
    assert Entry.objects.count() == before
    world.ends(incident)


def test_a_time_is_corrected_with_a_reason_and_the_former_one_is_kept(
    incident_world: IncidentWorld, incident: Incident
) -> None:
    world = incident_world
    began = incident.declared_at - timedelta(minutes=20)
    moves(world, incident, "started_at", began)
    assert world.again(incident).started_at == began
    told = Entry.objects.filter(action="incident.moment_set").get().details
    assert (told["before"], told["after"], told["why"]) == ("unknown", began.isoformat(), "logs")
    world.ends(incident)


def test_times_that_cannot_be_are_refused(incident_world: IncidentWorld, incident: Incident) -> None:
    world = incident_world
    for moment, at, reason, said in (
        ("started_at", world.now + timedelta(hours=1), "logs", "at: give a time that is over"),
        ("started_at", world.now, "", "reason: say what shows it"),
        ("started_at", world.now, "logs", "at: impact began would be after detected"),
        ("mitigated_at", world.now, "logs", "say so with its button"),
        ("closed_at", world.now, "logs", "moment: use one of"),
    ):
        with pytest.raises(ChangeRefused) as refused:
            moves(world, incident, moment, at, reason)
        assert said in str(refused.value)
    world.ends(incident)
