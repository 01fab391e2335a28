"""Every screen has its bounds. Where something does not fit, the screen says how much; a form refuses and keeps it."""

import uuid

import pytest
from django.db import transaction
from django.test import Client

from tests.harness.alerts import fire
from tests.harness.cast import LONG_AGO, Cast
from watchbill.domain.access.models import Role
from watchbill.domain.alerts.models import Alert, AlertState
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.paging.models import Page
from watchbill.domain.people.models import NotificationRule
from watchbill.domain.services.models import Service
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast("http://hooks.example.org")


@pytest.fixture
def owner(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.people["owner"])
    return client


def shown(client: Client, address: str) -> str:
    return str(client.get(address).content.decode())


def test_the_first_screen_counts_what_else_is_wrong_with_the_set_up(cast: Cast, owner: Client) -> None:
    for number in range(9):
        Service.objects.create(name=f"service {number}", created_at=LONG_AGO)
    for number in range(6):
        cast.person(f"silent{number}", role=Role.RESPONDER, contacts=False)

    text = shown(owner, "/")

    assert text.count("has no escalation policy.") == 5
    assert "And 4 more: 9 services have no escalation policy." in text
    assert "And 1 more: 6 people cannot be reached." in text


def test_the_first_screen_says_that_more_needs_me(cast: Cast, owner: Client) -> None:
    alerts = [fire(cast, f"disk-{number}") for number in range(52)]
    Page.objects.bulk_create(page(cast, alert) for alert in alerts)
    assert '<span class="count">50+</span>' in shown(owner, "/")
    assert "The oldest 50; there are more." in shown(owner, "/")

    Alert.objects.update(state=AlertState.ACKNOWLEDGED, acknowledged_by_id=cast.people["owner"].id)
    assert "All that somebody has" in shown(owner, "/")

    Alert.objects.filter(id__in=[alert.id for alert in alerts[:3]]).update(state=AlertState.RESOLVED)
    assert "there are more" not in shown(owner, "/")


def page(cast: Cast, alert: Alert) -> Page:
    return Page(
        run_id=uuid.uuid4(), generation=0, cycle=0, level=1, subject_kind="alert", subject_id=alert.id,
        group_id=alert.service_id, user=cast.people["owner"], urgency="high", reason="", created_at=alert.opened_at,
    )  # fmt: skip


def test_a_long_timeline_shows_its_newest_end_and_counts_the_rest(cast: Cast, owner: Client) -> None:
    alert = fire(cast)
    sent, resolved = (
        Record(action=action, subject_kind="alert", subject_id=alert.id, subject_label="")
        for action in ("page.sent", "alert.resolved")
    )
    with transaction.atomic():
        record([sent] * 600, actor=ENGINE, now=SystemClock().now())
        record([resolved], actor=ENGINE, now=SystemClock().now())

    text = shown(owner, f"/alerts/{alert.id}")

    assert "The newest 500 entries; 102 before these are in the audit record." in text
    assert "resolved it" in text
    assert "raised it" not in text


def test_old_versions_of_a_policy_are_counted(cast: Cast, owner: Client) -> None:
    for _ in range(24):
        cast.change_policy(cast.policy, [([cast.target("user", cast.people["owner"])], 60)])

    assert "And 5 more before these." in shown(owner, f"/policies/{cast.policy.id}")


def test_more_rules_than_a_person_may_have_are_refused_and_kept(cast: Cast, owner: Client) -> None:
    contact = cast.contacts["owner", "hook"]
    typed = {}
    for number in range(30):
        typed |= {f"high[{number}].contact": str(contact.id), f"high[{number}].after": f"{number}m"}
    before = NotificationRule.objects.count()

    answer = owner.post("/me/rules/high", typed)

    assert answer.status_code == 422
    assert "Has 30 rules; use at most 20" in answer.content.decode()
    assert 'value="29m"' in answer.content.decode()
    assert NotificationRule.objects.count() == before


def test_more_levels_than_a_policy_may_have_are_refused(cast: Cast, owner: Client) -> None:
    typed = {"name": "long", "repeat": "0"}
    for number in range(40):
        typed |= {f"levels[{number}].targets": f"user:{cast.people['owner'].id}", f"levels[{number}].timeout": "5m"}

    assert "as 40 levels; use at most 20" in owner.post("/policies/new", typed).content.decode()


def test_more_rotations_than_a_schedule_may_have_are_refused(cast: Cast, owner: Client) -> None:
    one = {"members": "owner@example.org", "every": "days", "handoff": "10:00", "starts": "2026-01-05"}
    typed = {}
    for number in range(70):
        rotation = {"name": f"layer {number}", **one}
        typed |= {f"rotations[{number}].{part}": value for part, value in rotation.items()}

    answer = owner.post(f"/schedules/{cast.first.id}/rotations", typed)

    assert "as 70 rotations; use at most 50" in answer.content.decode()
