"""Under maintenance nothing is lost and nobody is woken; what is still open afterwards is paged."""

from datetime import timedelta

from django.test import Client

from tests.harness.world import World
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.reads import alert_detail
from watchbill.domain.services.models import MaintenanceWindow


def _maintenance(world: World, minutes: int) -> MaintenanceWindow:
    return MaintenanceWindow.objects.create(
        service=world.cast.service,
        starts_at=world.now,
        ends_at=world.now + timedelta(minutes=minutes),
        reason="new disks",
        created_by="Manager",
        created_at=world.now,
    )


def _suppressed(world: World) -> Alert:
    alert = world.fires()
    world.expects_nothing()
    assert world.timeline(alert) == ["alert.suppressed"]
    return alert


def test_still_open_at_the_end_is_paged_then(world: World) -> None:
    _maintenance(world, 30)
    alert = _suppressed(world)
    world.passes(minutes=29)
    world.expects_nothing()
    world.passes(minutes=1)
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_resolved_before_the_end_is_never_paged(world: World) -> None:
    _maintenance(world, 30)
    alert = _suppressed(world)
    world.resolves("manager", alert)
    world.passes(hours=2)
    world.expects_nothing()


def test_a_second_window_prolongs_the_silence(world: World) -> None:
    _maintenance(world, 30)
    alert = _suppressed(world)
    world.passes(minutes=20)
    _maintenance(world, 60)
    world.passes(minutes=40)
    world.expects_nothing()
    world.passes(minutes=20)
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_somebody_may_want_it_paged_all_the_same(world: World) -> None:
    _maintenance(world, 30)
    alert = _suppressed(world)
    actions.escalate(alert_id=alert.id, actor=world.person("manager"), now=world.now)
    world.settle()
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_acknowledged_under_maintenance_and_left_alone_pages_later(world: World) -> None:
    _maintenance(world, 10)
    alert = _suppressed(world)
    world.acknowledges("manager", alert)
    world.passes(minutes=29)
    world.expects_nothing()
    world.passes(minutes=1)
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_acknowledged_under_maintenance_and_then_moved_on_it_begins(world: World) -> None:
    _maintenance(world, 10)
    alert = _suppressed(world)
    world.acknowledges("manager", alert)
    world.passes(minutes=15)
    actions.escalate(alert_id=alert.id, actor=world.person("manager"), now=world.now)
    world.settle()
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_what_somebody_has_is_said_to_page_again_not_to_wait_for_the_maintenance(world: World) -> None:
    _maintenance(world, 30)
    alert = world.fires()
    world.acknowledges("primary", alert)
    detail = alert_detail(alert.id, ways=world.ways(), now=world.now)
    assert detail is not None
    assert detail.next_step.words.startswith("Primary has it. Unless it is resolved by then, it pages again")
    browser = Client()
    browser.force_login(world.cast.people["primary"])
    assert "<span>pages again " in browser.get(f"/alerts/{alert.id}").content.decode()
    world.resolves("primary", alert)
