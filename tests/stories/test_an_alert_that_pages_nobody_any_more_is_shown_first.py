"""Every level was tried, nobody answered: Now, the alert and the doctor say so, and nothing shows it as green."""

import re
from datetime import timedelta

from django.test import Client

from tests.harness.world import World
from watchbill.composition import contact_kinds
from watchbill.config import config
from watchbill.doctor import alerts as doctor
from watchbill.doctor.finding import Patient
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.reads import alert_detail
from watchbill.domain.services.models import MaintenanceWindow

GREEN = "Nothing needs you."


def now_of(world: World, name: str) -> str:
    browser = Client()
    browser.force_login(world.cast.people[name])
    page = browser.get("/").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def forgotten(world: World, *, fallback: bool = True) -> Alert:
    """Through all levels without an answer."""
    if not fallback:
        world.cast.people["owner"].contacts.update(verified_at=None)
    alert = world.fires()
    world.passes(hours=2)
    world.received()
    return alert


def doctor_says(world: World) -> list[str]:
    patient = Patient(now=world.now, settings=config(), ways=world.ways(), kinds=contact_kinds())
    return [finding.what for finding in doctor.stranded_alerts(patient) if finding.serious]


def test_without_a_fallback_it_is_said_that_nobody_could_be_reached(world: World) -> None:
    alert = forgotten(world, fallback=False)
    world.expects_log("escalation.reached_nobody")
    for name in ("owner", "manager", "primary"):
        shown = now_of(world, name)
        assert "1 alert pages nobody" in shown
        assert GREEN not in shown
        assert "Pages somebody else" not in shown
    detail = alert_detail(alert.id, ways=world.ways(), now=world.now)
    assert detail is not None
    assert "nobody of the fallback could be reached. It is tried again then" in detail.next_step.words
    assert doctor_says(world) == [f"1 triggered alert pages nobody: #{alert.number}"]
    world.resolves("owner", alert)


def test_with_a_fallback_that_does_not_answer_it_names_the_fallback(world: World) -> None:
    alert = forgotten(world)
    assert "1 alert pages nobody" in now_of(world, "owner")
    detail = alert_detail(alert.id, ways=world.ways(), now=world.now)
    assert detail is not None
    assert "the fallback was paged: Owner. Nobody further is paged" in detail.next_step.words
    assert doctor_says(world) == [f"1 triggered alert pages nobody: #{alert.number}"]
    world.acknowledges("owner", alert)
    assert doctor_says(world) == []
    assert GREEN in now_of(world, "primary")


def test_people_of_another_team_are_told_without_a_green_check(world: World) -> None:
    world.cast.person("stranger")
    alert = forgotten(world)
    shown = now_of(world, "stranger")
    assert GREEN not in shown
    assert "1 alert of another team pages nobody" in shown
    world.resolves("owner", alert)


def test_while_somebody_is_still_to_be_paged_nothing_is_forgotten(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    assert doctor_says(world) == []
    shown = now_of(world, "owner")
    assert "Nothing needs you. 1 triggered alert pages somebody else." in shown
    assert "Pages Primary next" in shown
    world.resolves("owner", alert)


def test_suppressed_and_low_alerts_are_not_counted_as_paging_somebody(world: World) -> None:
    low = world.fires("slow-disk", urgency="low")
    world.expects(("primary", "email"))
    assert "1 of low urgency was told and does not escalate." in now_of(world, "owner")
    assert "Told Primary" in now_of(world, "owner")
    MaintenanceWindow.objects.create(
        service=world.cast.service,
        starts_at=world.now,
        ends_at=world.now + timedelta(hours=1),
        reason="new disks",
        created_at=world.now,
    )
    waiting = world.fires("new-disk")
    shown = now_of(world, "owner")
    assert "1 waits for maintenance to end." in shown
    assert "somebody else." not in shown
    for alert in (low, waiting):
        world.resolves("owner", alert)
