"""Escalate now, reassign: those who are not needed any more are left in peace."""

import pytest

from tests.harness.world import World
from watchbill.domain.alerts import actions
from watchbill.domain.escalation.actions import RunCannotEscalate
from watchbill.domain.escalation.rules import Target


def test_escalate_now_pages_the_next_level_at_once_and_its_time_out_starts_now(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    actions.escalate(alert_id=alert.id, actor=world.person("primary"), now=world.now)
    world.settle()
    world.expects(("secondary", "webhook"))
    world.passes(minutes=9, seconds=59)
    assert not [one for one in world.received() if one.to == "manager"]
    world.passes(seconds=1)
    world.expects(("manager", "webhook"))
    world.resolves("manager", alert)


def test_escalating_what_somebody_has_hands_it_to_the_next_level(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    world.acknowledges("primary", alert)
    actions.escalate(alert_id=alert.id, actor=world.person("primary"), now=world.now)
    world.settle()
    world.expects(("secondary", "webhook"))
    assert world.fresh(alert).state == "triggered"
    world.resolves("secondary", alert)


def test_when_all_were_paged_escalating_says_what_to_do_instead(world: World) -> None:
    world.cast.service.policy = None
    world.cast.service.save()
    alert = world.fires()
    world.expects(("owner", "webhook"))
    with pytest.raises(RunCannotEscalate, match="reassign the alert to somebody instead"):
        actions.escalate(alert_id=alert.id, actor=world.person("owner"), now=world.now)
    world.resolves("owner", alert)


def test_reassigned_people_come_first_and_the_policy_follows_if_they_do_not_answer(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    manager = world.cast.people["manager"]
    actions.reassign(
        alert_id=alert.id,
        targets=[Target(kind="user", id=str(manager.id), label="Manager")],
        actor=world.person("primary"),
        now=world.now,
    )
    world.settle()
    [page] = world.expects(("manager", "webhook"))
    assert page.reason.startswith("Reassigned, Manager: ")
    world.passes(minutes=4)
    world.expects(("manager", "email"))  # and nothing more for the primary
    world.passes(minutes=1)
    [page] = world.expects(("primary", "webhook"))
    assert page.reason == (
        "Level 1 of payments v1, schedule payments-primary: those it was reassigned to did not acknowledge within 5 min"
    )
    world.resolves("primary", alert)


def test_nothing_moves_a_resolved_alert(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)
    for verb in (actions.acknowledge, actions.escalate):
        with pytest.raises(actions.AlertResolvedAlready, match="Alert #1 was resolved by Primary at 2026-03-02 11:00"):
            verb(alert_id=alert.id, actor=world.person("manager"), now=world.now)
