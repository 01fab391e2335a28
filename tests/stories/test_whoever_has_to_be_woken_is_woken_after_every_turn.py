"""Merged, declared again, handed back, milder and worse again, left by whoever had it: somebody is called."""

import re
from datetime import timedelta

import pytest

from tests.harness.carriers import Answer
from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents import actions, ending_actions, role_actions
from watchbill.domain.incidents.models import Incident, Insider, Seat, SeatState
from watchbill.domain.paging.models import Page
from watchbill.domain.people import actions as people_actions
from watchbill.domain.people.models import ContactMethod, Urgency
from watchbill.domain.process.default_document import default_text
from watchbill.doors.process import apply_process
from watchbill.ground.refusals import ChangeRefused


def came(world: IncidentWorld) -> set[str]:
    return {one.to for one in world.received()}


def mitigates(world: IncidentWorld, incident: Incident) -> None:
    ending_actions.mitigate(incident_id=incident.id, actor=world.person("lead"), now=world.now)
    world.settle()


def merges(world: IncidentWorld, incident: Incident, into: Incident) -> None:
    ending_actions.merge(
        incident_id=incident.id, into=into.id, actor=world.person("lead"), ways=world.ways(), now=world.now
    )


def leaves(world: IncidentWorld, name: str) -> None:
    people_actions.disable_person(world.cast.people[name].id, uses=[], actor=world.person("owner"), now=world.now)


def test_what_goes_on_makes_a_mitigated_incident_it_is_merged_into_go_on(incident_world: IncidentWorld) -> None:
    world = incident_world
    stays = world.declares("sev1", by="lead")
    mitigates(world, stays)
    world.passes(hours=3)
    world.received()
    fresh = world.declares("sev1", by="lead", title="Down again")
    world.received()
    merges(world, fresh, stays)
    world.settle()
    assert world.again(stays).state == "open"
    assert {"primary", "manager", "executive", "commander"} <= came(world)
    world.passes(minutes=16)
    assert {"primary", "secondary"} <= came(world)
    world.ends(stays)


def test_declaring_again_for_its_alert_brings_a_mitigated_incident_back(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    stays = world.declares("sev1", by="lead", alerts=[alert], service=world.cast.service)
    mitigates(world, stays)
    world.passes(hours=3)
    world.received()
    world.declares("sev1", by="manager", alerts=[alert], service=world.cast.service, title="It is down again")
    assert world.again(stays).state == "open"
    assert "primary" in came(world)
    world.ends(stays)


def test_who_was_about_to_be_woken_is_woken_for_the_one_that_stays(incident_world: IncidentWorld) -> None:
    world = incident_world
    stays = world.answers("engineer", world.declares("sev3", by="lead"))
    world.received()
    world.cast.person("searcher")
    world.low_rules_by_hook()
    schedule = world.cast.target("schedule", world.cast.schedule("search", ["searcher"]))
    service = world.another_service(
        "search", team=world.cast.team, policy=world.cast.make_policy("s", [([schedule], 300)])
    )
    fresh = world.declares_only("sev3", by="lead", service=service, title="Search is slow")
    merges(world, fresh, stays)
    world.settle()
    assert came(world) == {"searcher"}
    world.ends(stays)


@pytest.mark.parametrize(("name", "role"), [("engineer", "scribe"), ("comms", "communications-lead")])
def test_who_writes_or_informs_does_not_hide_that_nobody_can_be_reached(
    incident_world: IncidentWorld, name: str, role: str
) -> None:
    world = incident_world
    ContactMethod.objects.filter(kind="email").delete()
    for one in ("primary", "secondary", "manager"):
        world.http.always(Answer(410), path=f"/{one}")
    incident = world.declares_only("sev3", by="lead")
    world.takes(name, role, incident)
    world.expects_log("page.reached_nobody")
    assert "owner" in came(world)
    world.ends(incident)


def test_an_offer_wakes_who_slept_through_a_page_of_hours_ago(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="lead")
    world.passes(minutes=16)
    world.answers("primary", incident)
    world.passes(hours=4)
    world.received()
    assert Page.objects.filter(user=world.cast.people["secondary"], state="active", urgency=Urgency.HIGH).exists()
    role_actions.offer(
        incident_id=incident.id,
        role="technical-lead",
        user_id=world.cast.people["secondary"].id,
        actor=world.person("primary"),
        ways=world.ways(),
        now=world.now,
    )
    world.settle()
    assert came(world) == {"secondary"}
    world.ends(incident)


@pytest.mark.parametrize(("holder", "role"), [("commander", "incident-commander"), ("secondary", "scribe")])
def test_a_hand_over_that_is_declined_leaves_the_role_where_it_is(
    incident_world: IncidentWorld, holder: str, role: str
) -> None:
    world = incident_world
    incident = world.declares("sev1", by="engineer")
    world.takes(holder, role, incident)
    role_actions.hand_over(
        incident_id=incident.id,
        role=role,
        to=world.cast.people["lead"].id,
        summary="All of it.",
        actor=world.person(holder),
        ways=world.ways(),
        now=world.now,
    )
    world.settle()
    world.received()
    role_actions.decline(
        incident_id=incident.id, role=role, actor=world.person("lead"), ways=world.ways(), now=world.now
    )
    world.settle()
    world.expects_nothing()
    seats = Seat.objects.filter(incident=incident, role=role, state__in=(SeatState.HELD, SeatState.OFFERED))
    assert [seat.user_id for seat in seats] == [world.cast.people[holder].id]
    world.ends(incident)


@pytest.mark.parametrize("severity", ["sev1", "sev3"])
def test_when_whoever_had_it_leaves_people_are_called_again(incident_world: IncidentWorld, severity: str) -> None:
    world = incident_world
    incident = world.answers("primary", world.declares(severity, by="lead"))
    for name in ("manager", "executive", "commander"):
        world.answers(name, incident)
    world.received()
    leaves(world, "primary")
    [found] = world.watchdog.check(now=world.now)
    assert found.check == "incident_left_alone"
    world.expects_log("invariant.broken")
    world.settle()
    incident = world.again(incident)
    assert incident.acknowledged_at is None
    assert "incident.left_alone" in world.happened(incident)
    assert came(world) - {"primary"}, "whoever stands behind the on-call engineer now"
    assert not world.watchdog.check(now=world.now)
    world.ends(incident)


def test_what_became_mild_and_bad_again_days_later_calls_anew(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev3", by="lead")
    assert "primary" in came(world)
    world.passes(minutes=2)
    incident = world.becomes("sev4", incident)
    assert not Page.objects.filter(subject_id=incident.id, state="active").exists()
    world.passes(days=7)
    world.received()
    world.becomes("sev3", incident)
    assert "primary" in came(world)
    world.ends(incident)


@pytest.mark.parametrize("turn", ["sev4", "mitigated"])
def test_nobody_is_woken_further_for_what_wakes_nobody_any_more(incident_world: IncidentWorld, turn: str) -> None:
    world = incident_world
    hook = world.cast.contacts["primary", "hook"]
    world.cast.rules("primary", "high", [(hook, 0), (hook, 600)])
    incident = world.declares("sev1", by="lead")
    world.received()
    world.passes(minutes=1)
    if turn == "sev4":
        world.becomes("sev4", incident, by="lead")
    else:
        mitigates(world, incident)
    world.received()
    world.passes(minutes=30)
    assert not {one.to for one in world.received() if "Declared SEV1" in one.reason}
    world.ends(incident)


def test_all_hands_are_not_shown_a_restricted_incident(incident_world: IncidentWorld) -> None:
    world = incident_world
    world.cast.person("bystander")
    world.low_rules_by_hook()
    incident = world.declares("sev1", by="lead", restricted=True, title="A leak")
    world.passes(hours=2, minutes=1)
    assert "bystander" not in came(world)
    assert not Insider.objects.filter(incident=incident, user=world.cast.people["bystander"]).exists()
    world.ends(incident)


def test_while_somebody_commands_it_nobody_else_calls_it_a_false_alarm(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1", by="lead")
    world.takes("commander", "incident-commander", incident)
    world.received()
    with pytest.raises(ChangeRefused, match="only Commander may cancel it"):
        ending_actions.cancel(incident_id=incident.id, reason="I say so", actor=world.person("engineer"), now=world.now)
    assert world.again(incident).state == "open"
    world.ends(incident)


def test_declaring_again_in_the_words_of_a_newer_process_joins_by_rank(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    first = world.declares("sev4", by="lead", alerts=[alert], service=world.cast.service)
    again = actions.Declaration(title="Total outage", severity="p1", alert_ids=(alert.id,))
    newer = re.sub(r"\bsev([1-4])\b", r"p\1", default_text())
    apply_process(newer, file="newer.yaml", note="", actor=world.person("owner"), now=world.now)
    declared = actions.declare(again, actor=world.person("lead"), now=world.now)
    world.settle()
    assert declared.joined
    assert world.again(first).severity == "sev1"
    assert "primary" in came(world)
    world.passes(minutes=1)
    assert world.now - first.declared_at < timedelta(minutes=5)
    world.ends(first)
