"""Roles are offered by the process's rules, go on after five minutes, and change hands with a summary."""

import pytest

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.audit.models import Entry
from watchbill.domain.incidents import role_actions
from watchbill.domain.incidents.models import Incident, Seat, SeatState
from watchbill.ground.refusals import ChangeRefused


def asked(incident: Incident) -> dict[str, str]:
    seats = Seat.objects.filter(incident=incident, state=SeatState.OFFERED).select_related("user")
    return {seat.role: seat.user.name for seat in seats}


def held(incident: Incident) -> dict[str, str]:
    seats = Seat.objects.filter(incident=incident, state=SeatState.HELD).select_related("user")
    return {seat.role: seat.user.name for seat in seats}


def test_each_role_goes_first_to_whom_the_process_names(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="manager")
    assert asked(incident) == {
        "incident-commander": "Commander",
        "communications-lead": "Comms",
        "technical-lead": "Primary",
        "scribe": "Secondary",
    }
    world.ends(incident)
    assert asked(incident) == {}


def test_without_a_roster_whoever_declares_it_commands(incident_world: IncidentWorld) -> None:
    world = incident_world
    world.cast.service.team = None
    world.cast.people["commander"].is_active = False
    world.cast.people["commander"].save()
    incident = world.declares("sev1", by="engineer")
    assert held(incident) == {"incident-commander": "Engineer"}
    world.ends(incident)


def test_an_offer_that_is_not_answered_goes_to_the_next(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="engineer")
    world.received()
    world.passes(minutes=4, seconds=59)
    world.expects_nothing()
    world.passes(seconds=1)
    assert held(incident) == {"incident-commander": "Engineer"}  # the next after the roster: who declared it
    assert asked(incident)["communications-lead"] == "Manager"
    assert "incident.role_unanswered" in world.happened(incident)
    world.ends(incident)


def test_who_declines_is_not_asked_again(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="manager")
    world.received()
    role_actions.decline(
        incident_id=incident.id,
        role="scribe",
        actor=world.person("secondary"),
        ways=world.ways(),
        now=world.now,
    )
    world.settle()
    assert asked(incident)["scribe"] == "Engineer"
    assert set(world.came()) == {"engineer"}
    world.ends(incident)


def test_a_role_is_handed_over_with_a_summary_and_stays_until_it_is_accepted(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="manager")
    world.takes("commander", "incident-commander", incident)
    world.received()
    hand_over = {"incident_id": incident.id, "role": "incident-commander", "to": world.cast.people["lead"].id}
    with pytest.raises(ChangeRefused, match="summary: write what the next one has to know"):
        role_actions.hand_over(
            **hand_over, summary=" ", actor=world.person("commander"), ways=world.ways(), now=world.now
        )

    role_actions.hand_over(
        **hand_over,
        summary="Database failed over; errors fall.",
        actor=world.person("commander"),
        ways=world.ways(),
        now=world.now,
    )
    world.settle()
    assert held(incident)["incident-commander"] == "Commander"
    assert "hands over" in world.came()["lead"]

    seat = world.takes("lead", "incident-commander", incident)
    assert held(incident)["incident-commander"] == "Lead"
    assert seat.summary == "Database failed over; errors fall."
    world.ends(incident)


def test_nobody_takes_what_somebody_else_has(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="manager")
    world.takes("commander", "incident-commander", incident)
    with pytest.raises(role_actions.SeatTaken, match="Commander is incident commander already"):
        world.takes("lead", "incident-commander", incident)
    with pytest.raises(ChangeRefused, match="is a stakeholder and takes no role"):
        world.takes("onlooker", "scribe", incident)
    world.ends(incident)


def test_only_who_has_a_role_or_is_in_charge_hands_it_over(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="manager")
    world.takes("commander", "incident-commander", incident)
    world.takes("comms", "communications-lead", incident)
    wanted = {"incident_id": incident.id, "summary": "All of it.", "ways": world.ways(), "now": world.now}
    lead = world.cast.people["lead"].id
    for role, name in (("incident-commander", "Commander"), ("communications-lead", "Comms")):
        with pytest.raises(ChangeRefused, match=f"only {name}, who is .* take it over with a reason"):
            role_actions.hand_over(**wanted, role=role, to=lead, actor=world.person("lead"))
    role_actions.hand_over(**wanted, role="communications-lead", to=lead, actor=world.person("commander"))
    assert asked(incident)["communications-lead"] == "Lead"
    world.received()
    world.ends(incident)


def test_a_role_is_taken_over_from_who_does_not_answer_and_they_are_told(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="manager")
    world.takes("commander", "incident-commander", incident)
    world.received()
    wanted = {"incident_id": incident.id, "role": "incident-commander", "ways": world.ways(), "now": world.now}
    with pytest.raises(ChangeRefused, match="reason: say why you take it from Commander"):
        role_actions.take_over(**wanted, reason=" ", actor=world.person("lead"))
    role_actions.take_over(**wanted, reason="no answer for ten minutes", actor=world.person("lead"))
    world.settle()
    assert held(incident)["incident-commander"] == "Lead"
    assert world.came() == {
        "commander": "Lead took over from you as incident commander: no answer for ten minutes",
    }
    assert Entry.objects.filter(action="incident.role_taken").latest("id").details["why"] == "no answer for ten minutes"
    role_actions.take_over(**wanted, reason="", actor=world.person("lead"))
    world.settle()
    world.expects_nothing()
    world.ends(incident)


def test_once_every_role_is_taken_the_step_is_done(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="manager")
    for name, role in (
        ("commander", "incident-commander"),
        ("comms", "communications-lead"),
        ("primary", "technical-lead"),
    ):
        world.takes(name, role, incident)
    assert not incident.steps_done.filter(step="assign-roles").exists()
    world.takes("engineer", "scribe", incident)
    assert incident.steps_done.filter(step="assign-roles").exists()
    world.ends(incident)
