"""A change, a role and a page that wait for somebody stand on top of the incident and on Now, with their buttons."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect

from tests.web.organization import Stage
from tests.web.test_three_people_run_a_sev1_in_their_browsers import browsing
from watchbill.domain.incidents.models import SUBJECT_KIND, ProductionChange
from watchbill.domain.paging.models import Page, PageState

pytestmark = pytest.mark.lab


def test_a_drill_stands_below_what_is_real(organization_on_stage: Stage) -> None:
    client = Client()
    client.force_login(organization_on_stage.people["lead"])
    page = client.get("/").content.decode()
    real = page.index(f"/alerts/{organization_on_stage.alerts['live'].id}")
    drill = page.index(f'aria-label="Incident {organization_on_stage.incident.number}"')
    assert organization_on_stage.incident.drill
    assert real < drill


@pytest.mark.parametrize("approves", [True, False])
def test_the_commander_decides_on_a_phone_and_the_page_that_asked_is_over(
    browser: Browser, address: str, organization_on_stage: Stage, approves: bool
) -> None:
    people, incident = organization_on_stage.people, organization_on_stage.incident
    at = f"{address}/incidents/{incident.number}"
    with (
        browsing(browser, address, people["first"], phone=True) as commander,
        browsing(browser, address, people["second"]) as engineer,
    ):
        commander.goto(at)
        engineer.goto(f"{at}/findings")
        engineer.get_by_label("What is changed").fill("Roll back release 41")
        engineer.get_by_label("Where", exact=True).fill("checkout")
        engineer.get_by_label("How it is taken back").fill("Deploy 41 again")
        engineer.get_by_role("button", name="Propose it").click()
        need = commander.locator("#needs")
        expect(need).to_contain_text("Roll back release 41", timeout=5_000)
        expect(need.get_by_role("heading", name="Needs you")).to_be_in_viewport()
        expect(commander.locator("#incident-tabs .count")).to_contain_text("1")
        if approves:
            need.get_by_role("button", name="Approve").click()
        else:
            need.get_by_text("Decline with a reason").click()
            need.get_by_label("Why not").fill("Not the cause")
            need.get_by_role("button", name="Decline change").click()
        expect(commander).to_have_url(at)
        expect(commander.locator("#needs")).not_to_contain_text("Roll back release 41")
    change = ProductionChange.objects.get(incident=incident)
    assert change.state == ("approved" if approves else "declined")
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id, user=people["first"])
    assert not pages.filter(state=PageState.ACTIVE, reason__contains="change 1").exists()
