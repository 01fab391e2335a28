"""Runs and pages may be about other things than alerts: what has the same id is left alone, and the index is used."""

from collections.abc import Callable
from typing import Any

from django.db import connection

from tests.harness.world import World
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.reads import alert_detail
from watchbill.domain.alerts.repair_actions import drive_again
from watchbill.domain.escalation.models import Run
from watchbill.domain.escalation.rules import Target
from watchbill.domain.paging.models import Page


def somebody(world: World, name: str) -> Target:
    return Target(kind="user", id=str(world.cast.people[name].id), label=name)


def lives(world: World, alert: Alert) -> None:
    """Every verb there is, and time."""
    actor = world.person("primary")
    alert_detail(alert.id, ways=world.ways(), now=world.now)
    world.acknowledges("primary", alert)
    actions.reassign(alert_id=alert.id, targets=[somebody(world, "manager")], actor=actor, now=world.now)
    world.settle()
    actions.escalate(alert_id=alert.id, actor=actor, now=world.now)
    world.settle()
    drive_again([alert.id], now=world.now)
    world.acknowledges("primary", alert)
    world.passes(hours=1)
    world.resolves("primary", alert)
    world.received()


def test_another_thing_of_the_same_id_is_left_alone(world: World) -> None:
    alert = world.fires()
    run, page = Run.objects.get(subject_id=alert.id), Page.objects.get(subject_id=alert.id)
    other = Run.objects.create(
        subject_kind="drill", subject_id=alert.id, group_id=run.group_id, urgency="high", state="stopped",
        started_at=world.now, end_reason="untouched",
    )  # fmt: skip
    Run.objects.filter(id=other.id).update(state="exhausted", ended_at=world.now)
    Page.objects.create(
        run_id=other.id, generation=1, cycle=0, level=1, subject_kind="drill", subject_id=alert.id,
        group_id=run.group_id, user=page.user, urgency="high", reason="a drill", created_at=world.now, state="answered",
    )  # fmt: skip
    before = list(Run.objects.filter(id=other.id).values()), list(Page.objects.filter(subject_kind="drill").values())

    lives(world, alert)

    after = list(Run.objects.filter(id=other.id).values()), list(Page.objects.filter(subject_kind="drill").values())
    assert after == before
    Run.objects.filter(id=other.id).delete()
    detail = alert_detail(alert.id, ways=world.ways(), now=world.now)
    assert detail is not None
    assert [one.reason for one in detail.pages if one.reason == "a drill"] == []


def test_no_run_is_looked_for_by_its_id_alone(world: World) -> None:
    """The unique index begins with the kind: before PostgreSQL 18 a search without it reads the whole table."""
    asked: list[str] = []

    def listens(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listens):
        lives(world, world.fires())

    of_runs = [sql for sql in asked if "escalation_run" in sql and "WHERE" in sql]
    by_subject = [sql for sql in of_runs if "subject_id" in sql.partition("WHERE")[2]]
    assert len(by_subject) > 5
    assert [sql for sql in by_subject if "subject_kind" not in sql.partition("WHERE")[2]] == []
