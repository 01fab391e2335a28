"""Who or what made a step come out of its turn is said beside its pages and in the record, and only there."""

from datetime import timedelta

from django.test import Client

from tests.harness.world import World
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.reads import alert_detail
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.rules import Target
from watchbill.domain.paging.models import Page
from watchbill.domain.services.models import MaintenanceWindow

LEVEL_1 = "Level 1 of payments v1, schedule payments-primary: "
LEVEL_2 = "Level 2 of payments v1, schedule payments-secondary: "


def reasons(world: World, alert: Alert) -> list[str]:
    """Of the newest step: beside its page, and in its entry."""
    world.received()
    page = Page.objects.filter(subject_id=alert.id).order_by("id").last()
    entry = Entry.objects.filter(subject_id=alert.id, action="escalation.paged").order_by("id").last()
    assert page is not None
    assert entry is not None
    return [page.reason, entry.details.get("why", "")]


def test_escalated_after_an_acknowledgement(world: World) -> None:
    alert = world.fires()
    world.acknowledges("primary", alert)
    detail = alert_detail(alert.id, ways=world.ways(), now=world.now)
    assert detail is not None
    assert detail.if_escalated == "Secondary (level 2)"
    actions.escalate(alert_id=alert.id, actor=world.person("primary"), now=world.now)
    world.settle()
    assert reasons(world, alert) == [LEVEL_2 + "Primary escalated it", "Primary escalated it"]
    world.passes(minutes=10)
    expected = "Level 3 of payments v1, manager of payments: level 2 did not acknowledge within 10 min"
    assert reasons(world, alert) == [expected, ""]
    world.resolves("primary", alert)


def test_escalated_while_the_first_level_still_had_time(world: World) -> None:
    alert = world.fires()
    assert reasons(world, alert) == [LEVEL_1 + "the first to be paged", ""]
    actions.escalate(alert_id=alert.id, actor=world.person("manager"), now=world.now)
    world.settle()
    assert reasons(world, alert) == [LEVEL_2 + "Manager escalated it", "Manager escalated it"]
    world.resolves("primary", alert)


def test_reassigned(world: World) -> None:
    alert = world.fires()
    manager = Target(kind="user", id=str(world.cast.people["manager"].id), label="Manager")
    actions.reassign(alert_id=alert.id, targets=[manager], actor=world.person("primary"), now=world.now)
    world.settle()
    why = "Primary reassigned it to Manager"
    assert reasons(world, alert) == [f"Reassigned, Manager: {why}", why]
    world.resolves("primary", alert)


def test_an_acknowledgement_expired(world: World) -> None:
    alert = world.fires()
    world.acknowledges("primary", alert)
    world.passes(minutes=30)
    why = "Primary acknowledged it and did not resolve it in time"
    assert reasons(world, alert) == [LEVEL_1 + why, why]
    world.resolves("primary", alert)


def test_a_snooze_ended(world: World) -> None:
    alert = world.fires()
    until = world.now + timedelta(minutes=20)
    actions.snooze(alert_id=alert.id, until=until, actor=world.person("primary"), now=world.now)
    world.passes(minutes=20)
    why = "its snooze ended and it was still open"
    assert reasons(world, alert) == [LEVEL_1 + why, why]
    world.resolves("primary", alert)


def test_a_maintenance_ended(world: World) -> None:
    MaintenanceWindow.objects.create(
        service=world.cast.service,
        starts_at=world.now,
        ends_at=world.now + timedelta(minutes=20),
        reason="new disks",
        created_at=world.now,
    )
    alert = world.fires()
    world.passes(minutes=20)
    why = "the maintenance ended and it was still open"
    assert reasons(world, alert) == [LEVEL_1 + why, why]
    world.resolves("primary", alert)


def test_the_button_names_who_is_paged_next(world: World) -> None:
    alert = world.fires()
    world.received()
    browser = Client()
    browser.force_login(world.cast.people["primary"])
    assert "Page <bdi>Secondary (level 2)</bdi> now" in browser.get(f"/alerts/{alert.id}").content.decode()
    world.resolves("primary", alert)
