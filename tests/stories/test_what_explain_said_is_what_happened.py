"""`explain` is asked first, then an alert comes and nobody answers: the pages are those that were told, one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tests.harness.world import World
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.reads import alert_detail
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.explain import ExplainedStep
from watchbill.domain.paging.models import Page
from watchbill.domain.people.models import Team
from watchbill.domain.services.explain import Explanation, explain
from watchbill.domain.services.models import MaintenanceWindow, Service

Levels = list[tuple[list[str], int]]


@dataclass(frozen=True, order=True)
class Paged:
    """`level` 0 is the fallback. `devices`: seconds after the page, and the contact."""

    at: datetime
    cycle: int
    level: int
    email: str
    reason: str
    devices: tuple[tuple[int, str], ...]


@dataclass(frozen=True, order=True)
class Passed:
    at: datetime
    cycle: int
    level: int
    why: str


def told(steps: Sequence[ExplainedStep]) -> tuple[list[Paged], list[Passed]]:
    paged = [
        Paged(
            at=step.at,
            cycle=step.cycle,
            level=step.level,
            email=person.email,
            reason=person.reason,
            devices=tuple((one.after_seconds, one.contact) for one in person.deliveries),
        )
        for step in steps
        for target in step.targets
        for person in target.people
        if person.deliveries
    ]
    passed = [
        Passed(step.at, step.cycle, step.level, "; ".join(one.nobody for one in step.targets) or "the level is empty")
        for step in steps
        if step.then == "passed at once"
    ]
    return sorted(paged), sorted(passed)


def happened(alert: Alert) -> tuple[list[Paged], list[Passed]]:
    paged = [
        Paged(
            at=page.created_at,
            cycle=page.cycle,
            level=page.level,
            email=page.user.email,
            reason=page.reason,
            devices=tuple(
                (int((one.due_at - page.created_at).total_seconds()), one.contact.name) for one in page.deliveries.all()
            ),
        )
        for page in Page.objects.filter(subject_id=alert.id)
    ]
    passed = [
        Passed(entry.at, entry.details["cycle"], entry.details["level"], entry.details["why"])
        for entry in Entry.objects.filter(subject_id=alert.id, action="escalation.nobody")
    ]
    return sorted(paged), sorted(passed)


def follows(world: World, levels: Levels, *, repeat: int = 0) -> None:
    """The policy of the story. `on-call`: somebody else from the fourth minute on; `empty`: a schedule of nobody."""
    cast = world.cast
    cast.override(cast.first, "manager", world.now + timedelta(minutes=4), world.now + timedelta(hours=20))
    empty = cast.schedule("night-watch", [])
    leaderless = Team.objects.create(name="orphans")
    known = {
        "on-call": cast.target("schedule", cast.first),
        "second": cast.target("schedule", cast.second),
        "empty": cast.target("schedule", empty),
        "no-lead": cast.target("team-lead", leaderless),
        **{name: cast.target("user", user) for name, user in cast.people.items()},
    }
    cast.change_policy(
        cast.policy, [([known[word] for word in words], seconds) for words, seconds in levels], repeat=repeat
    )


def asks(world: World, *, urgency: str = "high") -> Explanation:
    service = Service.objects.select_related("policy__current_version__policy").get(id=world.cast.service.id)
    return explain(service, urgency=urgency, at=world.now, ways=world.ways())


def nobody_answers(world: World, *, urgency: str = "high") -> Alert:
    """Until nothing more can come."""
    alert = world.fires(urgency=urgency)
    world.passes(hours=12)
    world.received()
    return alert


STORIES: dict[str, tuple[Levels, int]] = {
    "three levels, then the fallback": ([(["on-call"], 300), (["second"], 600), (["owner"], 900)], 0),
    "an empty level in front": ([(["empty"], 300), (["second"], 600)], 0),
    "an empty level between two": ([(["on-call"], 300), (["empty", "no-lead"], 600), (["second"], 60)], 0),
    "an empty level at the end": ([(["on-call"], 300), ([], 600)], 0),
    "a repeat, with a hand-over between": ([(["on-call"], 300), (["second"], 60)], 2),
    "a repeat around an empty level": ([(["empty"], 60), (["second"], 120)], 1),
    "several at once": ([(["on-call", "second", "empty"], 300), (["manager"], 300)], 0),
    "one person for two targets": ([(["second", "secondary", "on-call"], 300)], 1),
    "nobody at all": ([(["empty"], 300), (["no-lead"], 300)], 5),
    "no levels": ([], 0),
}


@pytest.mark.parametrize("urgency", ["high", "low"])
@pytest.mark.parametrize("story", STORIES)
def test_page_by_page(world: World, story: str, urgency: str) -> None:
    levels, repeat = STORIES[story]
    follows(world, levels, repeat=repeat)
    said = asks(world, urgency=urgency)
    assert said.ladder.reaches_somebody

    alert = nobody_answers(world, urgency=urgency)

    assert told(said.ladder.steps) == happened(alert)
    world.resolves("owner", alert)
    world.received()


def test_what_an_open_alert_says_comes_next_comes_next(world: World) -> None:
    levels, repeat = STORIES["a repeat around an empty level"]
    follows(world, levels, repeat=repeat)
    alert = world.fires()
    world.passes(seconds=30)
    detail = alert_detail(alert.id, ways=world.ways(), now=world.now)
    assert detail is not None
    paged, passed = told(detail.next_step.steps)

    world.passes(hours=12)

    all_paged, all_passed = happened(alert)
    assert paged == [one for one in all_paged if one.at > alert.opened_at]
    assert passed == [one for one in all_passed if one.at > alert.opened_at]
    world.received()
    world.resolves("owner", alert)


def test_maintenance_that_is_prolonged_moves_the_whole_ladder(world: World) -> None:
    for starts, ends in ((-10, 20), (15, 45), (90, 120)):
        MaintenanceWindow.objects.create(
            service=world.cast.service,
            starts_at=world.now + timedelta(minutes=starts),
            ends_at=world.now + timedelta(minutes=ends),
            reason="new disks",
            created_by="Manager",
            created_at=world.now,
        )
    follows(world, STORIES["three levels, then the fallback"][0])
    said = asks(world)
    assert said.maintenance_until == world.now + timedelta(minutes=45)

    alert = nobody_answers(world)

    assert told(said.ladder.steps) == happened(alert)
    world.resolves("owner", alert)
