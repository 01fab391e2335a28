"""An admin in a browser, with and without script: components, colours, a preview that keeps nothing, what is said."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.organization import Stage
from tests.web.stage import signed_in
from tests.web.visitors import violations
from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.errands.models import Errand
from watchbill.domain.status_page.models import (
    Component,
    Notice,
    PublicIncident,
    PublicMaintenance,
    PublicUpdate,
    StatusPage,
    Subscriber,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[True, False], ids=["script", "plain"])
def admin(
    browser: Browser, address: str, organization_on_stage: Stage, request: pytest.FixtureRequest
) -> Iterator[Page]:
    context = browser.new_context(base_url=address, java_script_enabled=request.param)
    yield _page(context, organization_on_stage.me, address)
    context.close()


@pytest.fixture
def engineer(browser: Browser, address: str, organization_on_stage: Stage) -> Iterator[Page]:
    context = browser.new_context(base_url=address)
    yield _page(context, organization_on_stage.people["first"], address)
    context.close()


def _page(context: object, user: User, address: str) -> Page:
    context.add_cookies([{**signed_in(user), "url": address}])  # type: ignore[attr-defined]
    page: Page = context.new_page()  # type: ignore[attr-defined]
    page.set_default_timeout(20_000)
    return page


def test_what_customers_see_is_chosen_and_coloured(admin: Page) -> None:
    admin.goto("/status-page")
    admin.get_by_role("link", name="Add a component").click()
    admin.get_by_label("Name").fill("Sign-in")
    admin.get_by_label("Group").fill("Accounts")
    admin.get_by_role("button", name="Add it").click()
    expect(admin.get_by_role("status")).to_have_text("Sign-in is on the page.")
    admin.get_by_role("link", name="Sign-in").click()
    admin.get_by_label("Customers see it").uncheck()
    admin.get_by_role("button", name="Save").click()
    row = Component.objects.get(name="Sign-in")
    assert (row.shown, row.group and row.group.name) == (False, "Accounts")
    admin.get_by_role("link", name="Sign-in").click()
    admin.get_by_text("Take it off the page").first.click()
    admin.get_by_role("button", name="Take it off the page").click()
    expect(admin.get_by_role("status")).to_have_text("Sign-in is off the page.")

    admin.get_by_role("link", name="Look and address").click()
    admin.get_by_label("Colour on light").fill("#ffee00")
    admin.get_by_role("button", name="Try the colours").click()
    expect(admin.get_by_text("people need 4.5; use a darker one")).to_be_visible()
    admin.get_by_label("Colour on light").fill("#7a1fd8")
    admin.get_by_role("button", name="Try the colours").click()
    assert admin.locator("svg.sample [fill='#7a1fd8']").count() > 0
    assert StatusPage.objects.get().accent_light == "#1f4fd8"
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_role("status")).to_contain_text("Saved")
    assert StatusPage.objects.get().accent_light == "#7a1fd8"

    admin.goto("/status-page/look")
    logo = admin.get_by_label("PNG or JPEG")
    logo.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": b"<svg onload=alert(1)>"})
    admin.get_by_role("button", name="Set the logo").click()
    expect(admin.get_by_role("alert")).to_contain_text("neither PNG nor JPEG")
    logo.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n rest"})
    admin.get_by_role("button", name="Set the logo").click()
    assert StatusPage.objects.get().logo_type == "image/png"
    admin.get_by_role("button", name="Take the logo away").click()
    assert StatusPage.objects.get().logo is None


def test_what_is_said_is_looked_at_first_then_published_corrected_and_taken_back(admin: Page) -> None:
    admin.goto("/status-page")
    admin.get_by_role("link", name="Publish", exact=True).click()
    admin.get_by_label("Title").fill("Signing in is slow")
    admin.get_by_label("What customers read").fill("It takes up to a minute.")
    admin.get_by_label("Checkout", exact=True).select_option("degraded_performance")
    before = _everything()
    with admin.context.expect_page() as opened:
        admin.get_by_role("button", name="Preview").click()
    shown = opened.value
    expect(shown.get_by_text("Nothing of it is published yet.")).to_be_visible()
    expect(shown.get_by_role("heading", name="Signing in is slow").first).to_be_visible()
    assert shown.locator(".banner").evaluate("one => getComputedStyle(one).borderTopWidth") == "1px", (
        "without its style"
    )
    shown.close()
    assert _everything() == before

    admin.get_by_role("button", name="Publish", exact=True).last.click()
    expect(admin.get_by_role("status")).to_contain_text("Published.")
    public = PublicIncident.objects.get(title="Signing in is slow")
    admin.get_by_role("link", name="Publish an update").click()
    admin.get_by_label("Where it stands").select_option("resolved")
    admin.get_by_label("What customers read").fill("   ")
    admin.get_by_role("button", name="Publish", exact=True).last.click()
    expect(admin.get_by_text("an empty update tells them nothing")).to_be_visible()
    admin.get_by_label("What customers read").fill("It is fast.")
    admin.get_by_role("button", name="Publish", exact=True).last.click()
    admin.get_by_role("link", name="Correct or take back").first.click()
    admin.get_by_label("What customers read").fill("It is as fast as before.")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("It is as fast as before.")).to_be_visible()
    admin.get_by_role("link", name="Correct or take back").first.click()
    admin.get_by_text("Take it off the page").first.click()
    admin.get_by_label("Why").fill("too early")
    admin.get_by_role("button", name="Take it off the page").click()
    expect(admin.get_by_text("It is as fast as before.")).to_have_count(0)
    public.refresh_from_db()
    assert (public.status, PublicUpdate.objects.filter(public_incident=public).count()) == ("investigating", 2)


def test_work_is_announced_and_called_off_and_somebody_is_removed(admin: Page) -> None:
    admin.goto("/status-page/maintenance/new")
    admin.get_by_label("Title").fill("New certificates")
    admin.get_by_label("What customers read").fill("Nobody should notice.")
    admin.get_by_label("Begins").fill("2099-01-01T10:00")
    admin.get_by_label("Ends").fill("2099-01-01T11:00")
    admin.get_by_role("button", name="Announce").click()
    expect(admin.get_by_text("name at least one")).to_be_visible()
    admin.get_by_label("Checkout", exact=True).check()
    admin.get_by_role("button", name="Announce").click()
    admin.get_by_role("button", name="New certificates").click()
    assert PublicMaintenance.objects.get(title="New certificates").cancelled_at is not None
    admin.get_by_role("link", name="See them").click()
    admin.get_by_role("button", name="reader@customer.example").click()
    expect(admin.get_by_role("status")).to_have_text("Nothing more is sent there.")
    assert Subscriber.objects.get(address="reader@customer.example").ended_at is not None
    entries = Entry.objects.filter(action="status_page.subscriber_removed")
    assert entries
    assert not any("reader" in f"{one.subject_label} {one.details}" for one in entries)


def test_a_responder_publishes_and_sees_no_addresses(engineer: Page) -> None:
    engineer.goto("/status-page")
    expect(engineer.get_by_role("link", name="Publish", exact=True)).to_be_visible()
    for name in ("Add a component", "Look and address", "See them"):
        expect(engineer.get_by_role("link", name=name)).to_have_count(0)
    assert violations(engineer) == []
    for path in ("subscribers", "look", "components/new"):
        answer = engineer.goto(f"/status-page/{path}")
        assert answer is not None
        assert answer.status == 403


def _everything() -> list[object]:
    tables = (PublicIncident, PublicUpdate, Notice, Entry, Errand)
    return [*(one.objects.count() for one in tables), StatusPage.objects.get().changes]
