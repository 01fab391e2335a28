"""The ladder of the new severity counts from the declaration; what was done under the former one is not done again."""

from tests.harness.incident_world import IncidentWorld


def test_an_upgrade_calls_those_who_were_missing(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    assert set(world.came()) == {"primary", "manager"}
    world.passes(minutes=5)

    world.becomes("sev1", incident)

    called = {one.to for one in world.received() if "Declared SEV1" in one.reason}
    assert called == {"commander", "executive"}
    world.ends(incident)


def test_an_upgrade_does_what_time_has_brought_already(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    world.received()
    world.passes(minutes=20)
    world.received()

    world.becomes("sev1", incident)

    came = world.came()  # each person once
    assert came["primary"].endswith("Page the on-call engineer again, and the backup")
    assert came["secondary"].endswith("Page the on-call engineer again, and the backup")
    assert "manager" not in came
    world.passes(minutes=10)
    assert {one.to for one in world.received() if "Page the team lead" in one.reason} == {"lead"}
    world.ends(incident)


def test_what_the_former_ladder_did_is_not_done_again(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    world.passes(minutes=31)
    world.received()

    world.becomes("sev1", incident)

    came = {one.to for one in world.received() if "Declared SEV1" in one.reason or "Page the" in one.reason}
    assert came == {"commander", "executive", "lead"}
    world.ends(incident)


def test_a_downgrade_calls_nobody_and_the_way_back_neither(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1")
    world.received()
    world.answers("primary", incident)
    for name, role in (("commander", "incident-commander"), ("comms", "communications-lead"), ("engineer", "scribe")):
        world.takes(name, role, incident)
    world.takes("primary", "technical-lead", incident)
    world.passes(minutes=1)
    world.received()

    world.becomes("sev3", incident)
    world.expects_nothing()
    world.becomes("sev1", incident)
    world.expects_nothing()
    world.ends(incident)


def test_a_low_severity_that_becomes_the_highest_at_night_wakes_everybody_it_names(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    incident = world.declares("sev4")
    world.passes(hours=3)
    world.expects_nothing()

    world.becomes("sev1", incident)

    came = world.came()
    assert {"primary", "manager", "commander", "executive", "secondary", "lead"} <= set(came)
    world.ends(incident)
