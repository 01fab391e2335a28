"""SEV1 calls a commander and an executive: that there are none is found in the set-up, not at three in the morning."""

import pytest

from tests.harness.incident_world import IncidentWorld
from tests.harness.world import World
from watchbill.doctor.examine import examine
from watchbill.domain.incidents import actions
from watchbill.domain.incidents.severity_help import definitions
from watchbill.domain.people.models import Organization
from watchbill.domain.process.reads import running
from watchbill.domain.services.models import RoleAssignment
from watchbill.domain.services.setup_warnings import setup_warnings
from watchbill.domain.services.unfilled_roles import unfilled_roles


def problems(world: World) -> list[str]:
    return [one.problem for one in setup_warnings(ways=world.ways(), now=world.now)]


def test_a_roster_that_is_empty_is_found_by_whom_it_concerns(world: World) -> None:
    assert {one.role: one.calls for one in unfilled_roles(running())} == {
        "executive-on-call": "SEV1",
        "incident-commander": "SEV1",
    }
    assert "Nobody is named as Incident commander (called by SEV1)." in problems(world)
    assert any("nobody is named as incident commander" in finding.what for finding in examine())
    shown = definitions(running(), empty={"incident-commander"})
    assert [one.unfilled for one in shown] == [("Incident commander",), (), (), ()]
    commanders = [world.cast.target("schedule", world.cast.first)]
    RoleAssignment.objects.create(role="incident-commander", targets=commanders)
    assert {one.role for one in unfilled_roles(running())} == {"executive-on-call"}


def test_a_team_without_a_manager_is_found_unless_somebody_is_named_for_it(world: World) -> None:
    team = world.cast.team
    team.manager = None
    team.save()
    assert "Team payments has nobody as Engineering manager (called by SEV1 and SEV2)." in problems(world)
    managers = [world.cast.target("schedule", world.cast.first)]
    RoleAssignment.objects.create(role="engineering-manager", team=team, targets=managers)
    assert not any("Engineering manager" in one for one in problems(world))


def test_business_hours_in_utc_are_questioned_where_nobody_lives_in_it(world: World) -> None:
    assert not any("UTC" in one for one in problems(world))
    Organization.objects.update(time_zone="Europe/Berlin")
    assert "Business hours are 09:00-17:00 UTC; this organization lives in Europe/Berlin." in problems(world)


@pytest.mark.parametrize(
    ("tier", "words"), [(1, "Tier 1 is being paged: "), (4, "so the fallback is being paged: Owner")]
)
def test_who_escalates_reads_who_is_really_paged(incident_world: IncidentWorld, tier: int, words: str) -> None:
    world = incident_world
    RoleAssignment.objects.filter(role="executive-on-call").delete()
    incident = world.declares("sev4", by="lead")
    called = actions.escalate_to_tier(
        incident_id=incident.id,
        tier=tier,
        reason="all is down",
        actor=world.person("lead"),
        ways=world.ways(),
        now=world.now,
    )
    assert words in called.words(f"Tier {tier}")
    world.settle()
    world.received()
    world.ends(incident)
