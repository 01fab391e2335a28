"""Endpoints on screens: the secret shown once, the reason why nothing is sent, and the buttons that mend it."""

import re

import pytest
from django.test import Client

from tests.web.organization import Stage
from watchbill.domain.access.models import Role
from watchbill.domain.event_hooks.models import EventDelivery, EventHook

GIVEN = {"name": "dashboard", "url": "https://dashboard.example.org/in?key=k-1234", "events": ["incident.declared"]}
LIST = "/admin/event-hooks"


@pytest.fixture
def owner(organization_on_stage: Stage) -> Client:
    return signed_in(organization_on_stage, "lead", Role.OWNER)


def signed_in(organization: Stage, name: str, role: Role) -> Client:
    user = organization.people[name]
    user.role = role
    user.save(update_fields=["role"])
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_one_is_added_its_secret_shown_once_and_renewed(owner: Client) -> None:
    text = owner.post(f"{LIST}/new", GIVEN).content.decode()
    [secret] = re.findall(r"whs_[\w-]+", text)
    made = EventHook.objects.get(name="dashboard")
    shown = page(owner, f"{LIST}/{made.id}")
    assert secret not in shown
    assert "k-1234" not in shown + page(owner, LIST)
    again = owner.post(f"{LIST}/{made.id}/secret").content.decode()
    [renewed] = re.findall(r"whs_[\w-]+", again)
    assert renewed != secret
    assert "signs along until" in again


def test_what_is_wrong_is_told_and_what_was_typed_is_kept(owner: Client) -> None:
    answer = owner.post(f"{LIST}/new", GIVEN | {"url": "ftp://dashboard.example.org"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "ftp://dashboard.example.org" in text
    assert 'value="dashboard"' in text
    assert not EventHook.objects.filter(name="dashboard").exists()


def test_a_paused_one_says_why_where_admins_look_and_goes_on(owner: Client, organization_on_stage: Stage) -> None:
    hook = organization_on_stage.event_hook
    assert "1 takes nothing" in page(owner, "/admin")
    assert "Nothing is sent." in page(owner, f"{LIST}/{hook.id}")
    owner.post(f"{LIST}/{hook.id}/resume")
    assert "takes nothing" not in page(owner, "/admin")
    assert "Nothing is sent." not in page(owner, f"{LIST}/{hook.id}")
    delivered = EventDelivery.objects.get(hook=hook, state="delivered")
    owner.post(f"{LIST}/{hook.id}/deliveries/{delivered.id}/redeliver")
    assert EventDelivery.objects.get(id=delivered.id).state == "pending"
    owner.post(f"{LIST}/{hook.id}/remove")
    assert "No endpoint yet" in page(owner, LIST)
    assert owner.get(f"{LIST}/{hook.id}").status_code == 404


def test_only_an_owner_lets_restricted_incidents_out_and_others_see_nothing(
    owner: Client, organization_on_stage: Stage
) -> None:
    admin = signed_in(organization_on_stage, "second", Role.ADMIN)
    responder = signed_in(organization_on_stage, "first", Role.RESPONDER)
    hook = organization_on_stage.event_hook
    for address in (LIST, f"{LIST}/new", f"{LIST}/{hook.id}"):
        assert responder.get(address).status_code == 403
    assert responder.post(f"{LIST}/{hook.id}/resume").status_code == 403
    assert admin.post(f"{LIST}/new", GIVEN | {"restricted": "yes"}).status_code == 403
    assert owner.post(f"{LIST}/new", GIVEN | {"restricted": "yes"}).status_code == 200
    made = EventHook.objects.get(name="dashboard")
    elsewhere = GIVEN | {"url": "https://elsewhere.example.org/"}
    assert admin.post(f"{LIST}/{made.id}/edit", elsewhere).status_code == 403
    assert admin.post(f"{LIST}/{made.id}/secret").status_code == 403
    assert EventHook.objects.get(id=made.id).url == GIVEN["url"]
