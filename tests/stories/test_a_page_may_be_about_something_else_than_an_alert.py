"""Paging knows no alerts: what a page is about is a line of a register, and two kinds never share a message."""

from collections import Counter
from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import transaction

from tests.harness.world import World
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation import actions as escalation
from watchbill.domain.paging.actions import close_pages
from watchbill.domain.paging.contract import AlertLine
from watchbill.domain.paging.models import Attempt, AttemptedDelivery, Page, PageState
from watchbill.engine.compose import SUBJECTS, Subject
from watchbill.engine.sender import Sender
from watchbill.ground.ids import new_id


def drill_lines(ids: Collection[UUID], *, base_url: str) -> Mapping[UUID, AlertLine]:
    return {
        one: AlertLine(
            alert_id=one,
            number=1,
            title=f"Fire drill {one}",
            service="checkout",
            severity="info",
            urgency="high",
            dedup_key=f"drill {one}",
            opened_at=Page.objects.filter(subject_id=one).earliest("created_at").created_at,
            open_url=f"{base_url}/drills/{one}",
        )
        for one in ids
    }


def knows_drills(world: World) -> None:
    subjects = {**SUBJECTS, "drill": Subject(lines=drill_lines, plural="drills", path="/drills")}
    world.sender = Sender(world.channels, instance=world.instance, clock=world.clock, subjects=subjects)


def begins_drills(world: World, count: int = 1) -> list[UUID]:
    """Paged like an alert of the cast's service, by its policy."""
    ids = [new_id() for _ in range(count)]
    escalation.start(
        [
            escalation.NewRun(
                subject_kind="drill",
                subject_id=one,
                group_id=world.cast.service.id,
                policy_version_id=world.cast.policy.current_version_id,
                urgency="high",
            )
            for one in ids
        ],
        now=world.now,
    )
    return ids


def is_over(world: World, kind: str, ids: list[UUID]) -> None:
    with transaction.atomic():
        escalation.stop(subject_kind=kind, subject_ids=ids, reason="over", now=world.now)
        close_pages(subject_kind=kind, subject_ids=ids, state=PageState.ANSWERED, reason="over", now=world.now)


def test_a_drill_is_paged_by_the_way_of_alerts(world: World) -> None:
    knows_drills(world)
    ids = begins_drills(world)
    world.settle()
    [page] = world.expects(("primary", "webhook"))
    assert page.alerts == (f"drill {ids[0]}",)
    sent = Entry.objects.get(subject_id=ids[0], action="page.sent")
    assert sent.subject_kind == "drill"
    is_over(world, "drill", ids)


def test_what_the_register_does_not_have_is_said_and_holds_up_no_alert(world: World) -> None:
    """As while a newer version runs beside this one, whose pages this one takes."""
    ids = begins_drills(world)
    alert = world.fires()
    world.expects(("primary", "webhook"))
    world.expects_log("sender.subject.unknown")
    [said] = [entry for entry in world.logs if entry["event"] == "sender.subject.unknown"]
    assert "a page is about drill, which this version cannot put into words" in said["error"]
    assert not [entry for entry in world.logs if entry["event"] == "sender.compose.failed"]
    assert Attempt.objects.get(error__contains="is about drill").state == "retry"

    knows_drills(world)  # the newer engine takes it over
    world.passes(seconds=30)
    [page] = world.expects(("primary", "webhook"))
    assert page.alerts == (f"drill {ids[0]}",)
    is_over(world, "drill", ids)
    world.resolves("primary", alert)


def test_an_alert_that_is_not_there_any_more_is_said_too(world: World) -> None:
    world.cast.rules("primary", "high", [(world.cast.contacts["primary", "mail"], 60)])
    alert = world.fires()
    Alert.objects.filter(id=alert.id).delete()
    world.passes(seconds=60)
    world.expects_nothing()
    world.expects_log("sender.subject.unknown")
    assert f"alert {alert.id}, which is not there any more" in str(world.logs)
    is_over(world, "alert", [alert.id])


def test_a_storm_of_both_bundles_each_by_itself_and_nothing_is_missing(world: World) -> None:
    """By mail, of which the budget lets two leave at once and then one a minute."""
    knows_drills(world)
    world.cast.rules("primary", "high", [(world.cast.contacts["primary", "mail"], 0)])
    drills = begins_drills(world, 5)
    alerts = [world.fires(f"host-{number}") for number in range(5)]
    world.passes(minutes=4)
    world.received()

    carried = AttemptedDelivery.objects.filter(delivery__page__user=world.cast.people["primary"])
    of_attempts: dict[UUID, list[Page]] = {}
    for row in carried.select_related("delivery__page"):
        of_attempts.setdefault(row.attempt_id, []).append(row.delivery.page)
    kinds = [{page.subject_kind for page in pages} for pages in of_attempts.values()]
    assert Counter(len(one) for one in kinds) == {1: len(kinds)}
    assert {len(pages) for pages in of_attempts.values()} - {1}, "nothing was bundled: this story tells nothing"
    paged = {page.subject_id for pages in of_attempts.values() for page in pages}
    assert paged == {*drills, *(alert.id for alert in alerts)}
    bundles = [mail.message["Subject"] for mail in world.mail.mails if "primary@example.org" in mail.recipients]
    assert len(bundles) == len(of_attempts)

    is_over(world, "drill", drills)
    for alert in alerts:
        world.resolves("primary", alert)
    world.received()
