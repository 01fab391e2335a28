"""What is wrong stands beside its form, all of it at once, and the address in the browser can be loaded again."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.web.organization import Stage
from watchbill.domain.audit.contract import Actor
from watchbill.domain.people.account_actions import create_setup_link
from watchbill.ground.clock import SystemClock


@pytest.fixture
def client(organization_on_stage: Stage) -> Client:
    browser = Client()
    browser.force_login(organization_on_stage.me)
    return browser


def test_a_refused_maintenance_is_told_in_its_own_form(client: Client, organization_on_stage: Stage) -> None:
    service = organization_on_stage.services["checkout"]
    answer = client.post(f"/services/{service.id}/maintenance", {"reason": "move", "lasts": "long"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.index('id="start-maintenance" open') < text.index("Not saved.")
    assert text.count("Not saved.") == 1
    assert 'action="/services/' in text
    assert "/maintenance#start-maintenance" in text


def test_a_refused_rule_is_told_in_its_own_form(client: Client, organization_on_stage: Stage) -> None:
    contact = organization_on_stage.me.contacts.first()
    assert contact is not None
    answer = client.post("/me/rules/low", {"low[0].contact": str(contact.id), "low[0].after": "later"})
    text = answer.content.decode()
    assert text.index('id="rules-low"') < text.index("Not saved.")
    assert text.count("Not saved.") == 1


def test_an_address_that_takes_a_form_leads_back_to_its_page(client: Client, organization_on_stage: Stage) -> None:
    person = organization_on_stage.people["first"]
    for path, page in (
        (f"/people/{person.id}/invite", f"/people/{person.id}"),
        ("/me/rules/high", "/me"),
        (f"/alerts/{organization_on_stage.alerts['live'].id}/snooze", None),
    ):
        answer = client.get(path, follow=True)
        assert answer.status_code == 200
        assert answer.redirect_chain[-1][0] == (page or path.rpartition("/")[0])


def test_a_service_under_maintenance_says_so_at_the_top(client: Client, organization_on_stage: Stage) -> None:
    text = client.get(f"/services/{organization_on_stage.services['search'].id}").content.decode()
    assert text.index("new alerts wait until then") < text.index("Open alerts")
    text = client.get(f"/services/{organization_on_stage.services['checkout'].id}").content.decode()
    assert "new alerts wait until then" not in text


def test_a_page_that_is_not_there_and_the_security_page_keep_the_rail(client: Client) -> None:
    for path, status in (("/me/security", 200), ("/nothing-here", 404), ("/me/security/sessions", 200)):
        answer = client.get(path)
        assert answer.status_code == status
        assert 'class="rail-item" href="/schedules"' in answer.content.decode()


def test_setting_up_says_all_that_is_wrong_and_does_not_ask_for_the_password_again(
    organization_on_stage: Stage,
) -> None:
    person = organization_on_stage.people["first"]
    now = SystemClock().now()
    actor = Actor(kind="person", id=organization_on_stage.me.id, label="Team Lead", via="web")
    made = create_setup_link(person.id, actor=actor, now=now - timedelta(minutes=1))
    browser = Client()
    wrong = browser.post(f"/setup/{made.secret}", {"password": "short", "again": "other"}).content.decode()
    assert "The two are not the same" in wrong
    assert wrong.count('id="error-password"') >= 1
    right = {"password": "plain words make good doors", "again": "plain words make good doors"}
    assert browser.post(f"/setup/{made.secret}", right).status_code == 302
    added = browser.post("/me/contacts", {"name": "push", "kind": "ntfy", "address": "a-topic-of-mine"})
    assert added.url == "/me#main"  # type: ignore[attr-defined]  # not the question whether it is still me


def test_a_new_person_gets_the_zone_of_the_organization(client: Client) -> None:
    assert '<option value="Europe/Berlin" selected>' in client.get("/people/new").content.decode()
