"""Nobody behind a role, nobody who can be told, a ladder that cannot be climbed: somebody is called all the same."""

from tests.harness.carriers import Answer
from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents import invariant_reads, repair_actions
from watchbill.domain.incidents.models import Incident
from watchbill.domain.people.models import ContactMethod, FallbackRecipient
from watchbill.domain.timers.models import Timer
from watchbill.engine.watchdog import EVERY_CHECK


def test_the_fallback_is_called_when_nobody_stands_behind_the_roles(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev3", service=world.another_service("bare"))
    [page] = world.expects(("owner", "webhook"))
    assert page.reason == "Fallback of the organization: service bare has not a policy"
    world.ends(incident)


def test_the_levels_behind_the_first_stand_in_for_an_on_call_engineer_who_is_nobody(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    ContactMethod.objects.filter(user=world.cast.people["primary"]).update(disabled_at=world.now)
    incident = world.declares("sev3")
    [page] = world.expects(("secondary", "webhook"))
    assert page.reason == "On-call engineer (level 1 of payments v1): Declared SEV3"
    world.ends(incident)


def test_the_fallback_is_called_when_nobody_who_was_called_could_be_told(incident_world: IncidentWorld) -> None:
    world = incident_world
    world.http.always(Answer(410), path="/primary")
    incident = world.declares("sev3")
    world.expects_log("page.reached_nobody")
    [page] = [one for one in world.received() if one.to == "owner"]
    assert page.reason == "Fallback of the organization: nobody of those who were called could be told"
    assert "incident.fallback_called" in world.happened(incident)
    world.ends(incident)


def test_without_any_fallback_it_is_tried_again_until_somebody_can_be_told(incident_world: IncidentWorld) -> None:
    world = incident_world
    FallbackRecipient.objects.all().delete()
    ContactMethod.objects.update(disabled_at=world.now)
    incident = world.declares("sev3")
    world.expects_log("incident.reached_nobody")
    world.passes(minutes=10)
    world.expects_nothing()
    ContactMethod.objects.update(disabled_at=None)
    world.passes(minutes=8)
    assert {one.to for one in world.received()} == {"primary"}
    world.ends(incident)


def test_a_ladder_that_lost_its_timer_is_driven_again(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    world.received()
    Timer.objects.filter(kind="incident.ladder").delete()
    assert invariant_reads.DRIVERLESS in EVERY_CHECK
    world.watchdog.check(now=world.now)
    world.expects_log("invariant.broken")
    world.expects_log("incident.driven_again")
    world.passes(minutes=30)
    assert "secondary" in {one.to for one in world.received()}
    world.ends(incident)


def test_a_ladder_that_cannot_be_climbed_calls_the_fallback_by_every_way(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares_only("sev2")
    Incident.objects.filter(id=incident.id).update(severity="gone")
    world.passes(minutes=1)
    world.expects_log("engine.batch.failed")
    world.expects_log("engine.timer.failed")
    world.expects_log("engine.timer.quarantined")
    assert {(one.to, one.by) for one in world.received()} == {("owner", "webhook"), ("owner", "email")}
    assert repair_actions.drive_again([incident.id], now=world.now) == 0
    Incident.objects.filter(id=incident.id).update(severity="sev2")
    world.ends(incident)
