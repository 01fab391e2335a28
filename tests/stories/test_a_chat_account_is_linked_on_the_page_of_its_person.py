"""A code links an account in a chat tool: shown once, after a fresh proof; the same page takes the account back."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client

from tests.harness.slack_world import SlackWorld
from tests.web.people_who_sign_in import PASSWORD
from watchbill import urls
from watchbill.domain.warrooms.reads import accounts_of
from watchbill.doors.web.wiring import connect, wired

pytestmark = pytest.mark.django_db(transaction=True)
CODE = re.compile(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){2}")


@pytest.fixture
def slack_world() -> Iterator[SlackWorld]:
    """With Slack set up, as the screens know it."""
    assert urls.urlpatterns
    before = wired()
    with SlackWorld() as world:
        connect(replace(before, chat_hosts=lambda: (world.host,)))
        yield world
    connect(before)


def test_a_code_is_shown_once_after_a_proof_and_the_account_is_taken_back(slack_world: SlackWorld) -> None:
    lead = slack_world.cast.people["lead"]
    lead.set_password(PASSWORD)
    lead.save()
    browser = Client(REMOTE_ADDR="198.51.100.7")
    browser.force_login(lead)
    asked = browser.post("/me/chat-accounts/code")
    assert asked["Location"].startswith("/sign-in/again?next=")
    shown = browser.post(asked["Location"], {"password": PASSWORD}).content.decode()
    [code, *_] = CODE.findall(shown)
    assert f"/watchbill link {code}" in shown
    assert code not in browser.get("/me/chat-accounts").content.decode()
    account = slack_world.slack.has("<b>Other", "other@elsewhere.example")
    slack_world.commands(account, f"link {code}")
    listed = browser.get("/me/chat-accounts").content.decode()
    assert "&lt;b&gt;Other" in listed
    [line] = accounts_of(lead.id)
    other = Client()
    other.force_login(slack_world.cast.people["engineer"])
    assert other.post(f"/me/chat-accounts/{line.id}/unlink").status_code == 422
    assert browser.post(f"/me/chat-accounts/{line.id}/unlink").status_code == 302
    assert not accounts_of(lead.id)


def test_the_set_up_is_for_admins(slack_world: SlackWorld) -> None:
    for name, status in (("manager", 200), ("engineer", 403)):
        browser = Client()
        browser.force_login(slack_world.cast.people[name])
        assert browser.get("/admin/chat").status_code == status
