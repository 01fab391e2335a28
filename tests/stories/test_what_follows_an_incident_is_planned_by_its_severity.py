"""A ticket instead of a page, a review by its deadline, a summary half written, action items with owner and date."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents import ending_actions, follow_up_actions, workflow_actions
from watchbill.domain.incidents.models import FollowUp, Incident
from watchbill.ground.refusals import ChangeRefused


def resolved(world: IncidentWorld, severity: str) -> Incident:
    incident = world.declares(severity, by="engineer")
    for step in ("resolve/confirm", "resolve/verify"):
        workflow_actions.tick_step(
            incident_id=incident.id, step=step, done=True, actor=world.person("engineer"), now=world.now
        )
    world.passes(minutes=5)
    ending_actions.resolve(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
    world.received()
    return world.again(incident)


def settles(world: IncidentWorld, one: FollowUp, state: str, why: str = "") -> FollowUp:
    return follow_up_actions.settle_follow_up(
        incident_id=one.incident_id,
        follow_up_id=one.id,
        state=state,
        why=why,
        actor=world.person("engineer"),
        now=world.now,
    )


@pytest.mark.parametrize(
    ("severity", "within", "optional"),
    [("sev1", timedelta(hours=48), False), ("sev2", timedelta(days=7), False), ("sev3", timedelta(days=14), True)],
)
def test_the_review_is_due_by_the_severitys_deadline(
    incident_world: IncidentWorld, severity: str, within: timedelta, optional: bool
) -> None:
    incident = resolved(incident_world, severity)
    review = incident.follow_ups.get(kind="review")
    assert incident.resolved_at is not None
    assert (review.due_at, review.is_optional) == (incident.resolved_at + within, optional)


def test_a_required_review_cannot_be_waived_and_an_optional_one_can_with_a_reason(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    review = resolved(world, "sev2").follow_ups.get(kind="review")
    with pytest.raises(ChangeRefused, match="the post-mortem of a SEV2 is required"):
        settles(world, review, "waived", "no time")
    assert settles(world, review, "done").settled_by == "Engineer"
    assert review.incident.steps_done.filter(step="schedule-review").exists()

    optional = resolved(world, "sev3").follow_ups.get(kind="review")
    with pytest.raises(ChangeRefused, match="why: say why it is not needed"):
        settles(world, optional, "waived")
    settles(world, optional, "waived", "nothing to learn")


def test_a_sev4_is_a_ticket_until_the_end_of_the_next_business_day_and_has_no_review(
    incident_world: IncidentWorld,
) -> None:
    incident = resolved(incident_world, "sev4")  # declared on a Monday
    ticket = incident.follow_ups.get()
    assert (ticket.kind, ticket.text) == ("ticket", "Checkout is down")
    assert ticket.due_at == datetime(2026, 3, 3, 17, 0, tzinfo=UTC)


def test_the_summary_is_half_written(incident_world: IncidentWorld) -> None:
    incident = resolved(incident_world, "sev3")
    summary = incident.follow_ups.get(kind="summary")
    assert summary.text.splitlines()[:3] == [
        "SEV3: Checkout is down",
        "Service: checkout",
        "From 2026-03-02 11:00 to 2026-03-02 11:05 UTC, 5 min until mitigated",
    ]
    settles(incident_world, summary, "done")
    assert incident.steps_done.filter(step="internal-summary").exists()


def test_reopened_and_resolved_again_plans_nothing_twice(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = resolved(world, "sev3")
    ending_actions.reopen(incident_id=incident.id, reason="again", actor=world.person("engineer"), now=world.now)
    ending_actions.resolve(
        incident_id=incident.id, actor=world.person("engineer"), now=world.now, pass_over="as before"
    )
    assert sorted(incident.follow_ups.values_list("kind", flat=True)) == ["review", "summary"]
    world.received()


def test_an_action_item_has_an_owner_and_a_day(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = resolved(world, "sev3")
    add = {"incident_id": incident.id, "actor": world.person("engineer"), "now": world.now}
    made = follow_up_actions.add_follow_up(
        text="Alert on the queue's length",
        owner_id=world.cast.people["lead"].id,
        due=world.now + timedelta(days=14),
        **add,
    )
    assert made.owner is not None
    assert made.owner.name == "Lead"
    with pytest.raises(ChangeRefused, match="due: choose a day from today on"):
        follow_up_actions.add_follow_up(text="x", owner_id=None, due=world.now - timedelta(days=3), **add)
    with pytest.raises(ChangeRefused, match="text: say what is to be done"):
        follow_up_actions.add_follow_up(text=" ", owner_id=None, due=None, **add)
