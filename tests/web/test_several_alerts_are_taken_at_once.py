"""Alerts are ticked in the list and taken together, with a script and without; one that is gone stops no other."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect

from tests.web import stage
from tests.web.organization import Stage
from watchbill.domain.alerts.models import Alert, AlertState

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("scripts", [True, False])
def test_those_that_are_ticked(browser: Browser, address: str, organization_on_stage: Stage, scripts: bool) -> None:
    people = organization_on_stage.people
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 844})
    context.add_cookies([{**stage.signed_in(people["first"]), "url": address}])
    page = context.new_page()
    page.goto(f"{address}/alerts")
    live, *_ = [one for one in organization_on_stage.alerts.values() if one.state == AlertState.TRIGGERED]
    page.get_by_label(f"Choose alert {live.number}").check()
    page.get_by_role("button", name="Acknowledge those that are ticked").click()
    expect(page.get_by_role("status")).to_contain_text("You have 1 alert. Their paging has stopped.")
    context.close()
    assert Alert.objects.get(id=live.id).acknowledged_by_id == people["first"].id
    others = Alert.objects.filter(acknowledged_by_id=people["first"].id).exclude(id=live.id)
    assert not others.exists()


def test_all_on_the_page_but_none_that_maintenance_keeps_quiet(organization_on_stage: Stage) -> None:
    client = Client()
    client.force_login(organization_on_stage.people["first"])
    shown = client.get("/alerts").content.decode()
    listed = [text.split('"')[0] for text in shown.split('name="listed" value="')[1:]]
    waiting = Alert.objects.filter(state=AlertState.TRIGGERED, suppressed_by=None)
    assert sorted(listed) == sorted(str(one.id) for one in waiting)
    over = organization_on_stage.alerts["resolved"].id
    answer = client.post("/alerts/acknowledge", {"all": "yes", "listed": [*listed, str(over)], "next": "/alerts?q=x"})
    assert answer["Location"] == "/alerts?q=x"
    assert not Alert.objects.filter(id__in=listed).exclude(state=AlertState.ACKNOWLEDGED).exists()
    assert client.post("/alerts/acknowledge", {"next": "https://evil.example"})["Location"] == "/alerts"


def test_who_only_looks_is_offered_nothing(organization_on_stage: Stage) -> None:
    client = Client()
    client.force_login(organization_on_stage.people["stakeholder"])
    shown = client.get("/alerts").content.decode()
    assert "Choose alert" not in shown
    assert "Acknowledge those" not in shown
    assert client.post("/alerts/acknowledge", {}).status_code == 403
