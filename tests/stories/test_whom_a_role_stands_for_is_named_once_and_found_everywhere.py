"""Service before team before organization before what the process itself says; and in files as through every door."""

import pytest

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.target_words import targets_of
from watchbill.domain.process.default_document import default_document
from watchbill.domain.services.assignment_actions import Where, assign_role
from watchbill.domain.services.models import RoleAssignment
from watchbill.domain.services.reads import uses_of_person
from watchbill.domain.services.role_lookup import RoleFound, RoleLookup
from watchbill.ground.refusals import ChangeRefused


def found(world: IncidentWorld, role: str) -> RoleFound:
    lookup = RoleLookup([role], process=default_document(), service=world.cast.service, ways=world.ways())
    return lookup.find(role, urgency="high", at=world.now)


def names(world: IncidentWorld, role: str, *targets: str, where: Where = Where()) -> None:  # noqa: B008 - a value
    assign_role(role, targets_of(targets), where=where, actor=world.person("owner"), now=world.now)


def people(world: IncidentWorld, role: str) -> list[str]:
    return [person.name for person in found(world, role).people]


def test_what_is_named_nearer_to_the_service_wins(incident_world: IncidentWorld) -> None:
    world = incident_world
    cast = world.cast
    assert people(world, "engineering-manager") == ["Manager"]
    names(world, "engineering-manager", "user:comms@example.org")
    assert people(world, "engineering-manager") == ["Comms"]
    names(world, "engineering-manager", "user:lead@example.org", where=Where(team_id=cast.team.id))
    assert people(world, "engineering-manager") == ["Lead"]
    names(world, "engineering-manager", "user:engineer@example.org", where=Where(service_id=cast.service.id))
    assert found(world, "engineering-manager").source == "named for service checkout"
    assert people(world, "engineering-manager") == ["Engineer"]

    names(world, "engineering-manager", where=Where(service_id=cast.service.id))
    names(world, "engineering-manager", where=Where(team_id=cast.team.id))
    names(world, "engineering-manager")
    assert people(world, "engineering-manager") == ["Manager"]
    assert Entry.objects.filter(action="role.assigned").count() == 6


def test_a_role_that_nobody_was_named_for_says_what_to_do(incident_world: IncidentWorld) -> None:
    RoleAssignment.objects.all().delete()
    assert found(incident_world, "executive-on-call").nobody == (
        "nobody is named as Executive on-call: name a schedule or people for the organization, a team or a service"
    )


def test_a_schedule_stands_for_whoever_is_on_call(incident_world: IncidentWorld) -> None:
    world = incident_world
    names(world, "technical-lead", "schedule:payments-secondary")
    assert people(world, "technical-lead") == ["Secondary"]


def test_who_is_named_as_a_role_is_needed(incident_world: IncidentWorld) -> None:
    world = incident_world
    names(world, "technical-lead", "user:engineer@example.org")
    assert "role technical-lead" in uses_of_person(world.cast.people["engineer"].id, now=world.now)


def test_a_role_that_the_process_does_not_have_is_refused(incident_world: IncidentWorld) -> None:
    with pytest.raises(ChangeRefused, match="'boss' is no role of the process; use on-call-engineer"):
        names(incident_world, "boss", "user:lead@example.org")
