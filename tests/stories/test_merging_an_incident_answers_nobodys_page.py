"""A duplicate is merged by somebody who knows; whoever was woken for it and has not answered still is."""

import pytest
from django.db import transaction

from tests.harness.incident_world import IncidentWorld
from tests.harness.races import in_another_thread, wait_until_somebody_waits_for_a_lock
from watchbill.domain.incidents import actions, ending_actions
from watchbill.domain.incidents.actions import Declared
from watchbill.domain.incidents.models import Call, Incident
from watchbill.domain.services.models import Service
from watchbill.ground.refusals import ChangeRefused


def merges(world: IncidentWorld, incident: Incident, into: Incident, *, by: str = "lead") -> None:
    ending_actions.merge(
        incident_id=incident.id, into=into.id, actor=world.person(by), ways=world.ways(), now=world.now
    )


def search(world: IncidentWorld) -> Service:
    """A service of its own, for which somebody else is on call."""
    world.cast.person("searcher")
    world.low_rules_by_hook()
    policy = world.cast.make_policy(
        "search", [([world.cast.target("schedule", world.cast.schedule("search", ["searcher"]))], 300)]
    )
    return world.another_service("search", team=world.cast.team, policy=policy)


def test_who_has_not_answered_is_woken_for_the_one_that_stays(incident_world: IncidentWorld) -> None:
    world = incident_world
    stays = world.answers("primary", world.declares("sev3", by="lead"))
    duplicate = world.declares("sev3", by="lead", service=search(world), title="Search is slow")
    assert "searcher" in {one.to for one in world.received()}
    merges(world, duplicate, stays)
    world.settle()
    assert world.came() == {"searcher": f"#{duplicate.number}, for which you were called, was merged into it"}
    [call] = Call.objects.filter(incident=stays, reason="merged")
    assert call.people == {str(world.cast.people["searcher"].id): ["on-call-engineer"]}
    world.ends(stays)


def test_who_has_answered_or_is_woken_for_both_is_left_alone(incident_world: IncidentWorld) -> None:
    world = incident_world
    stays = world.declares("sev3", by="lead")
    duplicate = world.declares("sev3", by="lead", service=search(world), title="Search is slow")
    world.answers("searcher", duplicate)
    again = world.declares("sev3", by="lead", title="Checkout again")
    world.received()
    merges(world, duplicate, stays)
    merges(world, again, stays)
    world.settle()
    world.expects_nothing()
    world.ends(stays)


def test_who_was_asked_to_take_a_role_in_the_duplicate_is_not_woken_for_it(incident_world: IncidentWorld) -> None:
    world = incident_world
    stays = world.declares("sev1", by="lead")
    for name in ("primary", "manager", "executive", "commander"):
        world.answers(name, stays)
    duplicate = world.declares("sev1", by="lead", title="The same")
    for name in ("primary", "manager", "executive", "commander"):
        world.answers(name, duplicate)
    world.received()
    merges(world, duplicate, stays)
    world.settle()
    world.expects_nothing()
    world.ends(stays)


def test_what_is_restricted_does_not_become_part_of_what_everybody_sees(incident_world: IncidentWorld) -> None:
    world = incident_world
    seen = world.declares("sev4", by="lead")
    hidden = world.declares("sev4", by="lead", restricted=True, title="A leak")
    with pytest.raises(ChangeRefused, match=f"merge #{seen.number} into this one instead"):
        merges(world, hidden, seen)
    merges(world, seen, hidden)
    assert world.again(seen).merged_into_id == hidden.id
    world.ends(hidden, by="lead")


def test_declaring_while_the_first_one_is_merged_joins_the_one_that_stays(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    stays = world.declares("sev3", by="lead")
    first = world.declares("sev3", by="lead", alerts=[alert], service=world.cast.service)
    world.received()
    wanted = actions.Declaration(title="Again", severity="sev3", alert_ids=(alert.id,))
    declared: list[Declared] = []

    def declares() -> None:
        declared.append(actions.declare(wanted, actor=world.person("engineer"), now=world.now))

    with transaction.atomic():
        merges(world, first, stays)
        other = in_another_thread(declares)
        wait_until_somebody_waits_for_a_lock()
    other.join(20)
    assert declared[0].joined
    assert declared[0].incident.id == stays.id
    world.settle()
    world.ends(stays)
