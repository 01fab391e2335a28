"""Now leads from nothing to a first page and shows the worst first; explain and the record speak in words."""

import pytest
from django.test import Client

from tests.web.organization import Stage
from watchbill.domain.access.models import User
from watchbill.domain.alerts.models import Alert
from watchbill.domain.people.models import FallbackRecipient
from watchbill.doors.web.audit_words import changes_of
from watchbill.ground.clock import SystemClock


def test_an_owner_is_led_through_the_first_steps_in_order(db: None) -> None:
    owner = User.objects.create(
        email="owner@example.org", name="Owner", role="owner", created_at=SystemClock().now(), password="!"
    )
    browser = Client()
    browser.force_login(owner)
    text = browser.get("/").content.decode()
    assert (
        text.index("1. Say how you are reached") < text.index("3. Name the fallback") < text.index("8. Give it a key")
    )
    assert ">done<" not in text
    FallbackRecipient.objects.create(user=owner, position=0)
    assert ">done<" in browser.get("/").content.decode()


def test_a_responder_is_not_sent_where_only_an_admin_may_go(organization_on_stage: Stage) -> None:
    browser = Client()
    browser.force_login(organization_on_stage.people["first"])
    text = browser.get("/").content.decode()
    assert "An admin can mend it." in text
    assert "Mend it</a>" not in text


def test_the_worst_that_needs_me_stands_first(organization_on_stage: Stage) -> None:
    Alert.objects.filter(id=organization_on_stage.alerts["live"].id).update(severity="info")
    browser = Client()
    browser.force_login(organization_on_stage.me)
    text = browser.get("/").content.decode()
    mine = text[text.index('id="needs-me"') :]
    hostile, live = organization_on_stage.alerts["hostile"], organization_on_stage.alerts["live"]
    assert mine.index(f"/alerts/{hostile.id}") < mine.index(f"/alerts/{live.id}")


def test_explain_folds_a_round_that_is_the_same_again(organization_on_stage: Stage) -> None:
    browser = Client()
    browser.force_login(organization_on_stage.me)
    text = browser.get(f"/explain?service={organization_on_stage.services['checkout'].id}").content.decode()
    assert "after 5 min the next step" in text
    assert text.count("the same people again") == 2
    assert text.index("the same people again") < text.index("Fallback of the organization")


@pytest.mark.parametrize(
    ("value", "words"),
    [([{"id": "7f", "name": "Ana"}, {"id": "8a", "name": "Ben"}], "Ana, Ben"), ({"id": "7f"}, '{"id": "7f"}')],
)
def test_the_record_names_what_has_a_name(value: object, words: str) -> None:
    assert changes_of({"people": value}) == [("people", "", words)]
