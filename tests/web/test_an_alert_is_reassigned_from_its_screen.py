"""The record says the same of a reassignment, whether a person chose from the list or a program wrote the words."""

import pytest
from django.test import Client

from tests.harness.alerts import fire
from tests.harness.cast import Cast
from watchbill.domain.alerts.actions import reassign
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.target_words import targets_of
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db
NOBODYS = "0190f000-0000-7000-8000-000000000000"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast("http://hooks.example.org")


def post(cast: Cast, alert: Alert, *targets: str) -> str:
    client = Client()
    client.force_login(cast.people["primary"])
    address = f"/alerts/{alert.id}/reassign"
    return client.post(address, {"target": list(targets)}, follow=True).content.decode()


def recorded(alert: Alert) -> list[str]:
    entries = Entry.objects.filter(subject_id=alert.id, action="alert.reassigned")
    return list(entries.order_by("id").values_list("details__to", flat=True))


def test_the_record_names_people_by_their_address(cast: Cast) -> None:
    alert, person = fire(cast), cast.people["secondary"]
    shown = post(cast, alert, f"user:{person.id}", f"schedule:{cast.second.id}")
    program = Actor(kind="token", label="a program", via="api")
    words = [f"user:{person.email}", f"schedule:{cast.second.name}"]
    reassign(alert_id=alert.id, targets=targets_of(words), actor=program, now=SystemClock().now())

    assert "now pages secondary@example.org, schedule payments-secondary" in shown
    assert recorded(alert) == ["secondary@example.org, schedule payments-secondary"] * 2


def test_somebody_who_is_gone_is_not_left_out_in_silence(cast: Cast) -> None:
    alert = fire(cast)

    shown = post(cast, alert, f"user:{cast.people['secondary'].id}", f"user:{NOBODYS}")

    assert "there is no person" in shown
    assert recorded(alert) == []
