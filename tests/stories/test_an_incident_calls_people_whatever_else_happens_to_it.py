"""An incident that nobody has wakes somebody: also after mistakes, in races, and when others than people declare it."""

from datetime import timedelta

import pytest
from django.db import transaction

from tests.harness.carriers import Answer
from tests.harness.incident_world import IncidentWorld
from tests.harness.races import in_another_thread, somebody_holds, wait_until_somebody_waits_for_a_lock
from watchbill.domain.access.models import User
from watchbill.domain.alerts import actions as alert_actions
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents import actions, ending_actions, repair_actions
from watchbill.domain.incidents.actions import Declared
from watchbill.domain.incidents.models import Incident, Seat, SeatState
from watchbill.domain.paging.models import Page
from watchbill.domain.people.models import FallbackRecipient
from watchbill.domain.timers.models import Timer
from watchbill.ground.clock import DatabaseClock
from watchbill.ground.refusals import ChangeRefused


def reopens(world: IncidentWorld, incident: Incident, *, by: str = "engineer") -> Incident:
    ending_actions.reopen(incident_id=incident.id, reason="it is back", actor=world.person(by), now=world.now)
    world.settle()
    return world.again(incident)


def test_that_nobody_could_be_told_is_not_forgotten_because_somebody_wrote_at_that_moment(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    world.http.always(Answer(410), path="/primary")
    incident = world.declares_only("sev3")
    world.engine.tick(now=world.now)
    messages = world.sender.claim(now=world.now)
    world.sender.record(world._runner.run(world._send(messages)), now=world.now)
    with somebody_holds(Incident, incident.id):
        world.engine.tick(now=world.now)
    world.passes(seconds=1)
    world.expects_log("page.reached_nobody")
    assert "owner" in {one.to for one in world.received()}
    world.ends(incident)


@pytest.mark.parametrize("severity", ["sev1", "sev2", "sev3"])
def test_who_reopens_an_incident_by_which_somebody_was_woken_wakes_them_again(
    incident_world: IncidentWorld, severity: str
) -> None:
    world = incident_world
    incident = world.declares(severity)
    first = {one.to for one in world.received()}
    world.passes(minutes=2)
    ending_actions.cancel(
        incident_id=incident.id, reason="the wrong button", actor=world.person("engineer"), now=world.now
    )
    world.settle()
    world.received()
    incident = reopens(world, incident)
    assert {one.to for one in world.received()} == first
    assert incident.acknowledged_at is None
    world.ends(incident)


def test_a_reopened_incident_climbs_its_ladder_from_the_beginning(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1")
    world.answers("primary", incident)
    world.takes("commander", "incident-commander", incident)
    world.passes(hours=3)
    ending_actions.resolve(
        incident_id=incident.id, actor=world.person("commander"), now=world.now, pass_over="seen with my own eyes"
    )
    world.passes(days=3)
    world.received()

    incident = reopens(world, incident)
    received = world.received()
    called = {one.to for one in received}
    assert {"primary", "manager", "executive", "commander"} <= called
    assert any(one.reason.endswith(": Reopened SEV1") for one in received)
    assert incident.phase == "declare", "it stands on the board where it was, not where it had ended"
    assert "lead" not in called, "the rungs of three days ago are not climbed all at once"
    assert (
        Seat.objects.get(incident=incident, role="incident-commander", state=SeatState.OFFERED).user.name == "Commander"
    )
    world.passes(minutes=16)
    assert {"primary", "secondary"} <= {one.to for one in world.received()}
    world.passes(minutes=15)
    assert "lead" in {one.to for one in world.received()}
    world.ends(incident)


def test_what_was_mitigated_and_is_back_wakes_people_again(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1")
    world.answers("primary", incident)
    world.takes("commander", "incident-commander", incident)
    world.passes(hours=3)
    ending_actions.mitigate(incident_id=incident.id, actor=world.person("commander"), now=world.now)
    world.passes(hours=5)
    world.received()
    ending_actions.not_mitigated(
        incident_id=incident.id, reason="errors again", actor=world.person("commander"), now=world.now
    )
    world.settle()
    called = {one.to for one in world.received() if "You are asked" not in one.reason}
    assert {"primary", "manager", "executive"} <= called
    assert "secondary" not in called, "fifteen minutes without an answer begin again"
    assert "commander" not in called, "who says so is at work"
    world.ends(incident)


def test_whoever_reopens_it_and_is_on_call_has_it(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev3")
    world.received()
    ending_actions.cancel(
        incident_id=incident.id, reason="the wrong button", actor=world.person("engineer"), now=world.now
    )
    incident = reopens(world, incident, by="primary")
    assert incident.acknowledged_by == "Primary"
    world.expects_nothing()
    world.ends(incident)


@pytest.mark.parametrize("severity", ["sev1", "sev2", "sev3"])
def test_a_program_with_the_token_of_somebody_on_call_wakes_that_person(
    incident_world: IncidentWorld, severity: str
) -> None:
    world = incident_world
    token = Actor(kind="token", id=world.cast.people["primary"].id, label="Primary (token ci)", via="api")
    wanted = actions.Declaration(title="The synthetic check fails", severity=severity, service_id=world.cast.service.id)
    incident = actions.declare(wanted, actor=token, now=world.now).incident
    world.settle()
    assert "primary" in {one.to for one in world.received()}
    assert world.again(incident).acknowledged_at is None
    held = Seat.objects.filter(incident=incident, state=SeatState.HELD)
    assert not held.exists(), "nobody has a role who did not take it"
    world.ends(incident)


@pytest.mark.parametrize("incident_world", ["real"], indirect=True)
@pytest.mark.parametrize("severity", ["sev1", "sev2"])
def test_a_web_host_whose_clock_is_ahead_delays_nothing(incident_world: IncidentWorld, severity: str) -> None:
    world = incident_world
    ahead = world.now + timedelta(minutes=10)
    wanted = actions.Declaration(title="Checkout is down", severity=severity, service_id=world.cast.service.id)
    incident = actions.declare(wanted, actor=world.person("engineer"), now=ahead).incident
    world.clock.move_to(DatabaseClock().now())
    world.settle()
    assert {"primary", "manager"} <= {one.to for one in world.received()}
    world.ends(incident)


def test_a_reminder_that_wakes_nobody_does_not_end_the_search_for_somebody(incident_world: IncidentWorld) -> None:
    world = incident_world
    for name in world.cast.people:
        world.cast.rules(name, "high", [(world.cast.contacts[name, "hook"], 0)])
        world.cast.rules(name, "low", [(world.cast.contacts[name, "mail"], 0)])
        world.http.always(Answer(500), path=f"/{name}")
    incident = world.declares("sev3")
    world.passes(hours=2, minutes=30)
    world.expects_log("page.reached_nobody")
    reminders = [one for one in world.received() if one.by == "email"]
    assert reminders, "an update is due after two hours"
    assert not any("Urgent" in one.reason for one in reminders)
    for name in world.cast.people:
        world.http.always(Answer(200), path=f"/{name}")
    world.passes(minutes=31)
    assert {"primary", "owner"} & {one.to for one in world.received()}
    world.ends(incident)


def test_who_only_knows_of_it_is_not_taken_for_somebody_who_works_on_it(incident_world: IncidentWorld) -> None:
    world = incident_world
    nobody = world.cast.schedule("nobody", [])
    policy = world.cast.make_policy("empty", [([world.cast.target("schedule", nobody)], 300)])
    service = world.another_service("bare", team=world.cast.team, policy=policy)
    incident = world.declares("sev2", by="manager", service=service)
    assert "owner" in {one.to for one in world.received()}
    world.ends(incident)


def test_a_duplicate_makes_the_one_that_stays_as_severe_as_itself(incident_world: IncidentWorld) -> None:
    world = incident_world
    typo = world.declares("sev4", title="A typo in the footer")
    outage = world.declares("sev1", title="All is down")
    woken = {one.to for one in world.received()}
    ending_actions.merge(
        incident_id=outage.id, into=typo.id, actor=world.person("engineer"), ways=world.ways(), now=world.now
    )
    world.settle()
    assert world.again(typo).severity == "sev1"
    assert {one.to for one in world.received()} == woken
    world.ends(typo)


def test_a_duplicate_about_the_same_alert_is_merged(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    first = world.declares("sev3", alerts=[alert], title="The first")
    ending_actions.cancel(incident_id=first.id, reason="too early", actor=world.person("engineer"), now=world.now)
    second = world.declares("sev3", alerts=[alert], title="The second")
    reopens(world, first)
    world.received()
    ending_actions.merge(
        incident_id=second.id, into=first.id, actor=world.person("engineer"), ways=world.ways(), now=world.now
    )
    assert [link.alert_id for link in first.alert_links.all()] == [alert.id]
    world.ends(first)


def test_what_is_real_is_not_merged_into_a_drill_and_does_not_join_one(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    drill = world.declares("sev2", alerts=[alert], drill=True)
    real = world.declares("sev2", alerts=[alert])
    assert real.id != drill.id
    world.received()
    with pytest.raises(ChangeRefused, match="drill"):
        ending_actions.merge(
            incident_id=real.id, into=drill.id, actor=world.person("engineer"), ways=world.ways(), now=world.now
        )
    world.ends(real)
    world.ends(drill)


def test_declaring_for_an_alert_of_a_restricted_incident_shows_nothing_of_it(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    hidden = world.declares("sev2", alerts=[alert], restricted=True, by="lead", title="A leak")
    mine = world.declares("sev2", alerts=[alert], by="engineer")
    assert mine.id != hidden.id
    joined = world.declares("sev2", alerts=[alert], by="lead", restricted=True)
    assert joined.id == hidden.id
    world.received()
    world.ends(hidden)
    world.ends(mine)


def test_declaring_while_the_first_one_ends_declares_a_new_one(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    first = world.declares("sev3", alerts=[alert])
    world.received()
    wanted = actions.Declaration(title="Again", severity="sev3", alert_ids=(alert.id,))
    declared: list[Declared] = []

    def declares() -> None:
        declared.append(actions.declare(wanted, actor=world.person("engineer"), now=world.now))

    with transaction.atomic():
        ending_actions.cancel(incident_id=first.id, reason="gone", actor=world.person("lead"), now=world.now)
        other = in_another_thread(declares)
        wait_until_somebody_waits_for_a_lock()
    other.join(20)
    assert not declared[0].joined
    world.settle()
    assert "primary" in {one.to for one in world.received()}
    world.ends(declared[0].incident)


def test_an_alert_that_somebody_put_off_or_a_source_acknowledged_is_nobody_s(incident_world: IncidentWorld) -> None:
    world = incident_world
    alert = world.fires("errors")
    alert_actions.snooze(
        alert_id=alert.id, until=world.now + timedelta(days=1), actor=world.person("primary"), now=world.now
    )
    world.received()
    incident = world.declares("sev3", alerts=[alert], by="lead")
    assert incident.acknowledged_at is None
    assert "primary" in {one.to for one in world.received()}
    world.ends(incident)


def test_a_manager_who_knows_of_it_does_not_end_the_search_for_somebody_who_works_on_it(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    for name in ("primary", "secondary", "lead"):
        world.http.always(Answer(500), path=f"/{name}")
    incident = world.declares("sev2")
    world.answers("manager", incident)
    world.received()
    world.passes(minutes=31)
    world.expects_log("page.reached_nobody")
    assert "owner" in {one.to for one in world.received()}
    world.ends(incident)


def test_what_nothing_would_call_again_is_found_and_called(incident_world: IncidentWorld) -> None:
    world = incident_world
    for name in world.cast.people:
        world.http.always(Answer(410), path=f"/{name}")
    incident = world.declares("sev3")
    world.expects_log("page.reached_nobody")
    Timer.objects.filter(kind="incident.try_again").delete()
    for name in world.cast.people:
        world.http.always(Answer(200), path=f"/{name}")
    [found] = world.watchdog.check(now=world.now)
    assert found.check == "incident_reached_nobody"
    world.expects_log("invariant.broken")
    world.expects_log("incident.called_again")
    world.settle()
    assert repair_actions.call_again([incident.id], now=world.now) == 1
    world.expects_log("incident.called_again")
    world.settle()
    world.ends(incident)


@pytest.mark.parametrize(
    ("name", "role"),
    [("comms", "communications-lead"), ("secondary", "scribe"), ("commander", "incident-commander")],
)
def test_who_leads_informs_or_writes_does_not_let_the_engineer_sleep(
    incident_world: IncidentWorld, name: str, role: str
) -> None:
    world = incident_world
    incident = world.declares("sev1")
    world.takes(name, role, incident)
    incident = world.answers(name, incident)
    assert incident.acknowledged_at is None
    world.received()
    world.passes(minutes=16)
    assert {"primary", "secondary"} - {name} <= {one.to for one in world.received()}
    world.ends(incident)


def test_a_stakeholder_who_is_told_acknowledges_nothing(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    world.received()
    incident = world.answers("onlooker", incident)
    assert incident.acknowledged_at is None
    assert world.happened(incident)[-1] == "incident.answered"
    world.ends(incident)


def test_a_tier_that_is_nobody_is_called_again_until_somebody_is_reached(incident_world: IncidentWorld) -> None:
    world = incident_world
    nobody = world.cast.schedule("nobody", [])
    policy = world.cast.make_policy("empty", [([world.cast.target("schedule", nobody)], 300)])
    incident = world.declares("sev4", service=world.another_service("bare", policy=policy))
    fallback = list(FallbackRecipient.objects.all())
    FallbackRecipient.objects.all().delete()
    actions.escalate_to_tier(
        incident_id=incident.id,
        tier=1,
        reason="all is down",
        actor=world.person("lead"),
        ways=world.ways(),
        now=world.now,
    )
    world.expects_log("incident.reached_nobody")
    FallbackRecipient.objects.bulk_create(fallback)
    world.passes(minutes=2)
    assert "owner" in {one.to for one in world.received()}
    world.ends(incident)


def test_a_commander_whose_account_was_disabled_commands_nothing(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2")
    world.takes("primary", "incident-commander", incident)
    User.objects.filter(id=world.cast.people["primary"].id).update(is_active=False)
    world.received()
    world.becomes("sev1", incident)
    assert "commander" in {one.to for one in world.received()}
    seat = world.takes("commander", "incident-commander", incident)
    assert seat.state == SeatState.HELD
    world.ends(incident)


def test_nobody_waits_for_a_person_who_hangs(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev1")
    world.received()
    world.pauses(minutes=5)
    with somebody_holds(Incident, incident.id):
        world.opens("of another service")
        world.engine.tick(now=world.now)
        assert Page.objects.filter(subject_kind="alert").exists()
    world.passes(seconds=1)
    assert "incident.role_unanswered" in world.happened(incident)
    world.received()
    world.resolves("owner", Alert.objects.get())
    world.ends(incident)


def test_a_row_that_hangs_where_the_engine_has_to_wait_holds_up_only_its_own_timer(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    alert = world.fires("put off")
    until = world.now + timedelta(hours=1)
    alert_actions.snooze(alert_id=alert.id, until=until, actor=world.person("primary"), now=world.now)
    world.received()
    world.pauses(hours=1)
    other = world.opens("fresh")
    with somebody_holds(Alert, alert.id):
        world.engine.tick(now=world.now)
        assert Page.objects.filter(subject_id=other.id).exists()
    world.passes(seconds=3)
    assert Page.objects.filter(subject_id=alert.id).count() == 2
    world.received()
    world.resolves("owner", alert)
    world.resolves("owner", other)
