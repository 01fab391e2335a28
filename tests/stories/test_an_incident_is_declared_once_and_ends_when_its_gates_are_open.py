"""From declaration to follow-up: joined, worked on in a room, resolved when verified, closed when followed up."""

from uuid import uuid4

import pytest

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents import actions, ending_actions, room_actions, workflow_actions
from watchbill.domain.incidents.models import Incident, Post
from watchbill.domain.incidents.reads import EVERYTHING, IncidentFilter, incident_detail, list_incidents
from watchbill.ground.refusals import ChangeRefused, Unknown


def does(world: IncidentWorld, incident: Incident, *steps: str, by: str = "commander") -> None:
    for step in steps:
        workflow_actions.tick_step(
            incident_id=incident.id, step=step, done=True, actor=world.person(by), now=world.now, evidence="seen"
        )


def says(world: IncidentWorld, incident: Incident, text: str, *, by: str = "commander") -> Post:
    return room_actions.write(incident_id=incident.id, text=text, actor=world.person(by), now=world.now)


def updates(world: IncidentWorld, incident: Incident, text: str = "We look into it.", *, by: str = "comms") -> None:
    room_actions.post_update(incident_id=incident.id, text=text, actor=world.person(by), now=world.now)


def test_declaring_twice_for_the_same_alert_joins_the_first(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert, other = world.fires("errors"), world.fires("latency")
    world.received()
    first = world.declares("sev3", alerts=[alert])
    assert first.service == world.cast.service

    again = actions.declare(
        actions.Declaration(title="The same", severity="sev1", alert_ids=(other.id, alert.id)),
        actor=world.person("lead"),
        now=world.now,
    )
    assert again.joined
    assert again.incident.id == first.id
    assert again.incident.severity == "sev1"
    assert "incident.declared_again" in world.happened(first)
    world.settle()
    assert {"commander", "executive", "manager"} <= {one.to for one in world.received()}
    assert {link.alert_id for link in first.alert_links.all()} == {alert.id, other.id}
    world.ends(first)

    fresh = world.declares("sev3", alerts=[alert])
    assert fresh.id != first.id
    world.ends(fresh)


def test_an_incident_about_an_acknowledged_alert_is_acknowledged(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    world.acknowledges("primary", alert)
    incident = world.declares("sev2", alerts=[alert], by="manager")
    assert incident.acknowledged_by == "Primary"
    world.ends(incident)


def test_it_is_not_resolved_before_somebody_has_verified_it(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2", by="engineer")
    world.takes("commander", "incident-commander", incident)
    with pytest.raises(ending_actions.GateShut) as shut:
        ending_actions.resolve(incident_id=incident.id, actor=world.person("commander"), now=world.now)
    assert shut.value.missing == (
        "Confirm that the service is back to normal",
        "Verify that monitoring shows healthy metrics",
    )

    does(world, incident, "resolve/confirm")
    with pytest.raises(ChangeRefused, match="only Commander may pass over it"):
        ending_actions.resolve(
            incident_id=incident.id, actor=world.person("engineer"), now=world.now, pass_over="looks fine to me"
        )
    ending_actions.resolve(
        incident_id=incident.id, actor=world.person("commander"), now=world.now, pass_over="no metrics there yet"
    )
    passed = incident.steps_done.get(step="verify")
    assert (passed.overridden, passed.evidence, passed.done_by) == (True, "no metrics there yet", "Commander")
    world.received()
    world.passes(days=1)
    world.expects_nothing()


def test_a_sev1_is_closed_when_its_follow_up_is_arranged(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="engineer")
    does(world, incident, "resolve/confirm", "resolve/verify", by="engineer")
    ending_actions.resolve(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
    with pytest.raises(ending_actions.GateShut) as shut:
        ending_actions.close(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
    assert shut.value.missing == (
        "The final status page update is posted",
        "Schedule the post-mortem",
        "Send an internal summary",
    )
    updates(world, incident, "All is well again.")
    does(world, incident, "schedule-review", "internal-summary")
    closed = ending_actions.close(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
    assert closed.state == "closed"
    assert world.happened(incident)[-1] == "incident.closed"
    world.received()


def test_a_sev4_asks_for_nothing_when_it_is_closed(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev4")
    does(world, incident, "resolve/confirm", "resolve/verify")
    ending_actions.resolve(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
    assert (
        ending_actions.close(incident_id=incident.id, actor=world.person("engineer"), now=world.now).state == "closed"
    )


def test_a_reopened_incident_has_its_last_phases_before_it_again(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    does(world, incident, "resolve/confirm", "resolve/verify", by="engineer")
    ending_actions.resolve(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
    world.received()
    world.passes(minutes=65)
    world.expects_nothing()
    ending_actions.reopen(incident_id=incident.id, reason="errors again", actor=world.person("primary"), now=world.now)
    world.settle()
    assert {one.to for one in world.received()} == {"manager"}, "primary reopened it and is on call"
    assert not incident.steps_done.filter(phase="resolve").exists()
    world.ends(incident)


def test_the_reminder_goes_to_the_communications_lead_and_then_to_the_commander(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    incident = world.declares("sev1", by="engineer")
    world.takes("comms", "communications-lead", incident)
    world.takes("commander", "incident-commander", incident)
    world.answers("primary", incident)
    world.passes(minutes=10)
    updates(world, incident)
    world.passes(minutes=14, seconds=59)
    world.received()
    world.passes(seconds=1)
    assert {one.to for one in world.received() if "update is due" in one.reason} == {"comms"}
    world.passes(minutes=15)
    assert {one.to for one in world.received() if "update is overdue" in one.reason} == {"commander"}
    updates(world, incident)
    world.passes(minutes=14)
    assert not [one for one in world.received() if "update" in one.reason]
    world.ends(incident)


def test_the_room_gives_each_message_the_prefix_of_its_role(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="engineer")
    for name, role, prefix in (
        ("commander", "incident-commander", "IC:"),
        ("comms", "communications-lead", "COMMS:"),
        ("primary", "technical-lead", "ENG:"),
        ("engineer", "scribe", ""),
    ):
        world.takes(name, role, incident)
        assert says(world, incident, "hello", by=name).prefix == prefix
    world.ends(incident)


def test_a_correction_keeps_what_stood_there_and_stands_in_its_place(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2", by="engineer")
    world.passes(minutes=1)
    first = says(world, incident, "The cache is down", by="engineer")
    world.passes(minutes=1)
    says(world, incident, "Restarting it", by="primary")
    with pytest.raises(ChangeRefused, match="only Engineer may correct this"):
        room_actions.correct(
            incident_id=incident.id, post_id=first.id, text="?", actor=world.person("primary"), now=world.now
        )
    room_actions.correct(
        incident_id=incident.id,
        post_id=first.id,
        text="The queue is down",
        actor=world.person("engineer"),
        now=world.now,
    )
    room_actions.note(
        incident_id=incident.id,
        text="First customer called",
        at=incident.declared_at,
        actor=world.person("engineer"),
        now=world.now,
    )
    detail = incident_detail(incident.id, viewer=EVERYTHING, ways=world.ways(), now=world.now)
    assert detail is not None
    written = [line.post.text for line in detail.timeline if line.post is not None]
    assert written == ["First customer called", "The queue is down", "Restarting it"]
    assert Post.objects.get(id=first.id).text == "The cache is down"
    world.ends(incident)


def test_a_duplicate_is_merged_and_its_alerts_go_over(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    one, other = world.declares("sev2"), world.declares("sev3", alerts=[alert], title="Errors in checkout")
    world.received()
    ending_actions.merge(
        incident_id=other.id, into=one.id, actor=world.person("engineer"), ways=world.ways(), now=world.now
    )
    assert world.again(other).merged_into_id == one.id
    assert [link.alert_id for link in one.alert_links.all()] == [alert.id]
    world.passes(hours=1)
    assert {name for entry in world.received() for name in entry.alerts if name.startswith("incident")} == {
        "incident-1"
    }
    world.ends(one)


def test_a_restricted_incident_is_there_only_for_those_who_are_named_or_called(incident_world: IncidentWorld) -> None:
    world = incident_world
    people = world.cast.people
    incident = world.declares("sev3", restricted=True, insiders=(people["lead"].id,), title="Somebody is in")
    for name, sees in (("engineer", True), ("lead", True), ("primary", True), ("owner", False), ("onlooker", False)):
        listed = list_incidents(IncidentFilter(), viewer=people[name].id)
        assert bool(listed) == sees, name
        detail = incident_detail(incident.id, viewer=people[name].id, ways=world.ways(), now=world.now)
        assert (detail is not None) == sees, name
    actions.add_insider(incident_id=incident.id, user_id=people["owner"].id, actor=world.person("lead"), now=world.now)
    assert list_incidents(IncidentFilter(), viewer=people["owner"].id) == [incident]
    actions.add_insider(incident_id=incident.id, user_id=people["owner"].id, actor=world.person("lead"), now=world.now)
    assert world.happened(incident).count("incident.insider_added") == 1
    with pytest.raises(Unknown, match="no such person"):
        actions.add_insider(incident_id=incident.id, user_id=uuid4(), actor=world.person("lead"), now=world.now)
    world.ends(incident)


def test_what_is_said_twice_stands_in_the_record_once(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2", by="lead")
    for _ in range(3):
        world.answers("primary", incident)
        world.answers("manager", incident)
    assert world.happened(incident).count("incident.acknowledged") == 1
    assert world.happened(incident).count("incident.answered") == 1
    with pytest.raises(ChangeRefused, match="no step of this process"):
        workflow_actions.tick_step(
            incident_id=incident.id, step="resolve/nothing", done=True, actor=world.person("lead"), now=world.now
        )
    world.ends(incident)


def test_a_drill_calls_people_and_says_that_it_is_one(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev3", drill=True)
    [request] = world.http.requests
    assert b"DRILL SEV3: Checkout is down" in request.body
    world.ends(incident)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"severity": "sev9"}, "severity"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused_by_field(
    incident_world: IncidentWorld, changes: dict[str, str], field: str
) -> None:
    wanted = {"title": "Checkout is down", "severity": "sev2"} | changes
    with pytest.raises(ChangeRefused) as refused:
        actions.declare(
            actions.Declaration(**wanted),  # type: ignore[arg-type]
            actor=incident_world.person("engineer"),
            now=incident_world.now,
        )
    assert refused.value.field == field
    assert not Incident.objects.exists()
