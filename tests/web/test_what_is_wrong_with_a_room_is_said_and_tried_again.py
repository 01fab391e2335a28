"""What is wrong with the room of an incident in a chat tool is one tap from its page, with a button to try again."""

import pytest
from playwright.sync_api import Browser, expect

from tests.web import stage
from tests.web.organization import Stage
from watchbill.domain.warrooms.models import ChatRoom


@pytest.mark.lab
def test_what_is_wrong_with_the_room_is_said_and_tried_again_without_scripts(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    context.add_cookies([{**stage.signed_in(organization_on_stage.people["lead"]), "url": address}])
    page = context.new_page()
    page.goto(f"{address}/incidents/{organization_on_stage.incident.number}")
    head = page.locator("#incident-join")
    expect(head.get_by_role("link", name="Room in slack")).to_have_attribute(
        "href", "https://acme.slack.com/archives/C1"
    )
    head.get_by_role("link", name="not all works").click()
    expect(page.get_by_role("main")).to_contain_text("the Slack app lacks the scope pins:write")
    page.get_by_role("button", name="Try again what does not work").click()
    expect(page.get_by_text("It is being tried again.")).to_be_visible()
    expect(page.get_by_text("All is well.")).to_be_visible()
    assert ChatRoom.objects.get().troubles == {}
    context.close()
