"""Every form: what is right is saved and told, what is wrong comes back as typed with the reason beside its field."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.web.organization import Stage
from watchbill.domain.access.models import User
from watchbill.domain.escalation.models import Policy
from watchbill.domain.oncall.models import Override, Rotation, Schedule
from watchbill.domain.people.models import ContactMethod, FallbackRecipient, NotificationRule, Team
from watchbill.domain.services.models import Integration, MaintenanceWindow, Service
from watchbill.ground.clock import SystemClock


@pytest.fixture
def client(organization_on_stage: Stage) -> Client:
    browser = Client()
    browser.force_login(organization_on_stage.me)
    return browser


def test_a_schedule_is_made_previewed_and_overridden(client: Client, organization_on_stage: Stage) -> None:
    refused = client.post(
        "/schedules/new", {"name": "payments-primary", "time_zone": "Europe/Berlin", "description": "kept"}
    )
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "choose another name" in text
    assert "kept" in text
    client.post("/schedules/new", {"name": "data-primary", "time_zone": "Europe/Berlin"})
    schedule = Schedule.objects.get(name="data-primary")
    rotation = {
        "rotations[0].name": "weekly",
        "rotations[0].members": "lead@example.org\nnobody\nfirst@example.org",
        "rotations[0].every_count": "1",
        "rotations[0].every": "weeks",
        "rotations[0].handoff_weekday": "0",
        "rotations[0].handoff": "10:00",
        "rotations[0].starts": "2026-01-05",
        "rotations[0].per_turn": "1",
        "rotations[0].windows": "Mon 09:00 - Fri 17:00",
    }
    address = f"/schedules/{schedule.id}/rotations"
    preview = client.post(address, {**rotation, "preview": "yes"})
    assert "What this would give" in preview.content.decode()
    assert not Rotation.objects.filter(schedule=schedule).exists()
    wrong = client.post(address, {**rotation, "rotations[0].members": "who@example.org"})
    assert wrong.status_code == 422
    assert "add the person first" in wrong.content.decode()
    assert client.post(address, rotation).status_code == 302
    kept = Rotation.objects.get(schedule=schedule)
    assert [seat.user_id for seat in kept.members.all()][1] is None
    assert kept.windows[0]["ends_weekday"] == 4

    soon = SystemClock().now() + timedelta(hours=2)
    user = organization_on_stage.people["second"]
    typed = {"user": str(user.id), "start": f"{soon:%Y-%m-%dT%H:%M}", "end": f"{soon:%Y-%m-%dT%H:%M}"}
    wrong = client.post(f"/schedules/{schedule.id}/overrides", typed)
    assert wrong.status_code == 422
    assert "choose a later end" in wrong.content.decode()
    typed["end"] = f"{soon + timedelta(hours=4):%Y-%m-%dT%H:%M}"
    assert client.post(f"/schedules/{schedule.id}/overrides", typed).status_code == 302
    override = Override.objects.get(schedule=schedule)
    client.post(f"/schedules/{schedule.id}/overrides/{override.id}/cancel")
    override.refresh_from_db()
    assert override.cancelled_at is not None
    assert client.post(f"/schedules/{schedule.id}/archive").status_code == 302


def test_a_preview_is_what_saving_would_give(client: Client, organization_on_stage: Stage) -> None:
    """Overrides win over the new rotation too, and what was before now stays as it was."""
    now = SystemClock().now()
    second = organization_on_stage.people["second"]
    client.post("/schedules/new", {"name": "data-primary", "time_zone": "UTC"})
    schedule = Schedule.objects.get(name="data-primary")
    Override.objects.create(
        schedule=schedule, user=second, starts_at=now, ends_at=now + timedelta(days=3), created_at=now
    )
    rotation = {
        "rotations[0].name": "weekly",
        "rotations[0].members": "lead@example.org",
        "rotations[0].every_count": "1",
        "rotations[0].every": "weeks",
        "rotations[0].handoff_weekday": "0",
        "rotations[0].handoff": "10:00",
        "rotations[0].starts": "2026-01-05",
        "rotations[0].per_turn": "1",
        "rotations[0].windows": "Mon 09:00 - Sun 23:00",
    }
    address = f"/schedules/{schedule.id}/rotations"

    preview = client.post(address, {**rotation, "preview": "yes"}).content.decode()
    client.post(address, rotation)
    saved = client.get(f"/schedules/{schedule.id}").content.decode()

    assert second.name in bars(preview)
    assert bars(preview) == bars(saved)


def bars(page: str) -> list[str]:
    """Whose bars the calendar draws, in order."""
    return re.findall(r"<svg x=.*?<text [^>]*>([^<]*)</text>", page)


def test_a_policy_gets_a_new_version(client: Client, organization_on_stage: Stage) -> None:
    policy = organization_on_stage.policies["payments"]
    lead = organization_on_stage.people["lead"]
    typed = {
        "name": "payments",
        "levels[0].targets": [f"schedule:{organization_on_stage.schedules['primary'].id}", f"user:{lead.id}"],
        "levels[0].timeout": "soon",
        "repeat": "1",
        "acknowledgement_timeout": "45m",
    }
    wrong = client.post(f"/policies/{policy.id}/edit", typed)
    assert wrong.status_code == 422
    assert "Write it as 90s, 5m, 1h30m or 2d" in wrong.content.decode()
    assert 'value="soon"' in wrong.content.decode()
    nobody = {**typed, "levels[0].targets": [""]}
    assert "Write it as 90s" in client.post(f"/policies/{policy.id}/edit", nobody).content.decode()
    nobody["levels[0].timeout"] = "90s"
    assert "Choose whom this level pages" in client.post(f"/policies/{policy.id}/edit", nobody).content.decode()
    assert client.post(f"/policies/{policy.id}/edit", {**typed, "levels[0].timeout": "90s"}).status_code == 302
    version = Policy.objects.get(id=policy.id).current_version
    assert version is not None
    assert version.number == 3
    assert version.definition["levels"][0]["timeout_seconds"] == 90
    refused = client.post(f"/policies/{policy.id}/archive", follow=True)
    assert "is still needed by" in refused.content.decode()


def test_a_service_gets_a_key_shown_once_and_maintenance(client: Client, organization_on_stage: Stage) -> None:
    wrong = client.post("/services/new", {"name": "billing", "runbook": "wiki", "urgency": "low"})
    assert wrong.status_code == 422
    assert "write it like https://example.org/runbook" in wrong.content.decode()
    client.post("/services/new", {"name": "billing", "urgency": "low"})
    service = Service.objects.get(name="billing")
    made = client.post(f"/services/{service.id}/integrations", {"kind": "generic", "name": "probe"})
    integration = Integration.objects.get(service=service)
    assert f'id="key-{integration.id}"' in made.content.decode()
    assert f'id="key-{integration.id}"' not in client.get(f"/services/{service.id}").content.decode()
    shown = client.post(f"/services/{service.id}/integrations/{integration.id}/reveal")
    assert f'id="key-{integration.id}"' in shown.content.decode()
    other = organization_on_stage.services["search"]
    assert client.post(f"/services/{other.id}/integrations/{integration.id}/reveal").status_code == 404
    wrong = client.post(f"/services/{service.id}/maintenance", {"reason": "move", "lasts": "long"})
    assert wrong.status_code == 422
    client.post(f"/services/{service.id}/maintenance", {"reason": "move", "lasts": "2h"})
    window = MaintenanceWindow.objects.get(service=service)
    client.post(f"/services/{service.id}/maintenance/{window.id}/end")
    client.post(f"/services/{service.id}/integrations/{integration.id}/remove")
    assert not Integration.objects.filter(service=service, removed_at=None).exists()
    client.post(f"/services/{service.id}/archive")
    assert Service.objects.get(id=service.id).archived_at is not None


def test_people_teams_and_the_organization(client: Client, organization_on_stage: Stage) -> None:
    typed = {"email": "not an address", "name": "New Person", "role": "responder", "time_zone": "UTC"}
    wrong = client.post("/people/new", typed)
    assert wrong.status_code == 422
    assert "write it like responder@example.org" in wrong.content.decode()
    assert "New Person" in wrong.content.decode()
    client.post("/people/new", {**typed, "email": "new@example.org"})
    person = User.objects.get(email="new@example.org")
    twice = client.post("/people/new", {**typed, "email": "new@example.org"}).content.decode()
    assert "The address new@example.org belongs to a person already" in twice
    invited = client.post(f"/people/{person.id}/invite")
    assert "/setup/" in invited.content.decode()
    added = client.post(f"/people/{person.id}/contacts", {"name": "push", "kind": "ntfy", "address": "new-topic"})
    assert added["Location"] == f"/people/{person.id}#main"
    shown = client.get(f"/people/{person.id}").content.decode()
    assert "Nothing was sent there yet: send it a test page." in shown
    assert "trusted, never tried" in shown
    assert ContactMethod.objects.get(user=person).verified_at is not None
    client.post("/teams/new", {"name": "data", "lead": str(person.id), "members": [str(person.id)]})
    assert Team.objects.get(name="data").lead_id == person.id
    refused = client.post(f"/people/{person.id}/disable", follow=True)
    assert "is still needed by team data" in refused.content.decode()
    wrong = client.post("/admin/organization", {"name": "Example", "time_zone": "UTC", "fallback": "who@example.org"})
    assert wrong.status_code == 422
    client.post("/admin/organization", {"name": "Example", "time_zone": "UTC", "fallback": "new@example.org"})
    assert FallbackRecipient.objects.get().user_id == person.id


def test_my_rules_and_tokens(client: Client, organization_on_stage: Stage) -> None:
    me = organization_on_stage.me
    contact = ContactMethod.objects.filter(user=me).first()
    assert contact is not None
    wrong = client.post("/me/rules/low", {"low[0].contact": str(contact.id), "low[0].after": "later"})
    assert wrong.status_code == 422
    assert 'value="later"' in wrong.content.decode()
    client.post("/me/rules/low", {"low[0].contact": str(contact.id), "low[0].after": "5m"})
    assert NotificationRule.objects.get(user=me, urgency="low").after_seconds == 300
    made = client.post("/me/tokens/create", {"name": "probe", "scope": "read", "days": "30"})
    assert 'id="new-token"' in made.content.decode()
    assert 'id="new-token"' not in client.get("/me/tokens").content.decode()


def test_a_responder_is_told_what_is_not_theirs(organization_on_stage: Stage) -> None:
    browser = Client()
    browser.force_login(organization_on_stage.people["emoji"])
    policy = organization_on_stage.policies["payments"]
    assert browser.get(f"/policies/{policy.id}/edit").status_code == 403
    assert "/edit" not in browser.get(f"/policies/{policy.id}").content.decode()
    assert browser.get("/admin/audit").status_code == 403
    assert browser.post(f"/alerts/{organization_on_stage.alerts['live'].id}/acknowledge").status_code == 302


def test_pages_that_speak_of_the_same_say_the_same(client: Client, organization_on_stage: Stage) -> None:
    schedule = organization_on_stage.schedules["primary"]
    for address in (f"/schedules/{schedule.id}", f"/schedules/{schedule.id}/rotations"):
        assert "further down" in client.get(address).content.decode()
    roles = client.get("/roles").content.decode()
    assert "Otherwise: the fallback of the organization" not in roles
    assert "named under Admin, Organization, Fallback" in roles


def test_contacts_that_no_rule_knows_are_tried_in_turn_and_that_is_said(
    client: Client, organization_on_stage: Stage
) -> None:
    me = organization_on_stage.me
    NotificationRule.objects.filter(user=me).delete()
    now, held = SystemClock().now(), ContactMethod.objects.filter(user=me)
    held.update(kind="webhook", disabled_at=None, verified_at=now)
    shown = client.get("/me").content.decode()
    assert "each contact is tried in turn" in shown
    assert "the process&#x27;s rules hold" not in shown
    assert "the process's rules hold" not in shown


def test_the_last_of_the_first_steps_is_not_done_before_an_alert_came(transactional_db: None) -> None:
    owner = User.objects.create(email="o@example.org", name="O", role="owner", created_at=SystemClock().now())
    browser = Client()
    browser.force_login(owner)
    shown = browser.get("/").content.decode()
    assert "Give it a key" in shown
    assert "Send a first alert with it" in shown
