"""Reminders come when the severity says, to people who can be told; once it is mitigated nobody is woken again."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.harness.carriers import Answer
from tests.harness.incident_world import IncidentWorld
from watchbill.domain.access.models import User
from watchbill.domain.incidents import ending_actions
from watchbill.domain.people.models import ContactMethod
from watchbill.domain.timers.models import Timer

# 16:00 in Berlin, an hour before the house closes.
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)


def leaves(world: IncidentWorld, name: str) -> None:
    User.objects.filter(id=world.cast.people[name].id).update(is_active=False)


@pytest.mark.parametrize("disabled", ["account", "contacts"])
def test_when_whoever_works_on_it_is_gone_the_communications_lead_is_reminded(
    incident_world: IncidentWorld, disabled: str
) -> None:
    world = incident_world
    incident = world.answers("engineer", world.declares("sev2", by="lead"))
    world.received()
    if disabled == "account":
        leaves(world, "engineer")
    else:
        ContactMethod.objects.filter(user=world.cast.people["engineer"]).delete()
    world.passes(minutes=30)
    came = {one.to: one.reason for one in world.received()}
    assert "A status update is due" in came["comms"]
    assert "engineer" not in came
    world.ends(incident, by="lead")


@pytest.mark.parametrize("incident_world", [FRIDAY], indirect=True)
def test_after_a_weekend_the_next_reminder_comes_within_the_hours_of_the_business(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    incident = world.answers("primary", world.declares("sev3", by="lead"))
    due = []
    for _ in range(4):
        timer = Timer.objects.get(kind="incident.update_due", subject_id=incident.id)
        due.append(timer.due_at)
        world.passes(seconds=int((timer.due_at - world.now).total_seconds()))
    world.received()
    assert max(after - before for before, after in pairwise(due)) < timedelta(days=3), due
    assert due[-1] < FRIDAY + timedelta(days=4), due
    world.ends(incident)


def test_once_it_is_mitigated_nobody_is_woken_because_nobody_was_reached_before(incident_world: IncidentWorld) -> None:
    world = incident_world
    for name in world.cast.people:
        world.http.always(Answer(410), path=f"/{name}")
    ContactMethod.objects.filter(kind="email").delete()
    incident = world.declares("sev2", by="lead")
    world.expects_log("page.reached_nobody")
    world.received()
    ending_actions.mitigate(incident_id=incident.id, actor=world.person("lead"), now=world.now)
    for name in world.cast.people:
        world.http.always(Answer(200), path=f"/{name}")
    world.passes(minutes=20)
    world.expects_nothing()
    ending_actions.not_mitigated(
        incident_id=incident.id, reason="errors again", actor=world.person("lead"), now=world.now
    )
    world.settle()
    assert "secondary" in {one.to for one in world.received()}
    world.ends(incident)
