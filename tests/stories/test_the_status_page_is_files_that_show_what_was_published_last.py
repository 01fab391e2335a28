"""The page is written after each change and at the hours that count; programs of Statuspage read it unchanged."""

from datetime import timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from tests.harness.status_page_world import StatusPageWorld
from watchbill.domain.errands.models import Errand
from watchbill.domain.people.models import Organization
from watchbill.domain.services.maintenance_actions import end_maintenance, plan_maintenance
from watchbill.domain.status_page import actions, component_actions, maintenance_actions, reads, settings_actions
from watchbill.domain.status_page.component_actions import ComponentDraft
from watchbill.domain.status_page.maintenance_actions import MaintenanceDraft
from watchbill.domain.status_page.models import PublicIncident
from watchbill.domain.status_page.page_actions import write_again
from watchbill.domain.status_page.settings_actions import PageDraft
from watchbill.ground.refusals import ChangeRefused

pytestmark = pytest.mark.django_db(transaction=True)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def world() -> object:
    with StatusPageWorld() as world:
        world.settle()
        yield world
        world.received()


def test_the_summary_has_every_field_of_statuspage_in_its_order(world: StatusPageWorld) -> None:
    world.adds("Reports", group="Back office", description="Nightly")
    public = world.publishes("investigating", Checkout="partial_outage").public_incident
    world.passes(minutes=5)
    world.goes_on(public, "monitoring", "A fix is in.", Checkout="degraded_performance")
    summary = world.document("summary")
    assert list(summary) == ["page", "status", "components", "incidents", "scheduled_maintenances"]
    assert list(summary["page"]) == ["id", "name", "url", "time_zone", "updated_at"]
    assert summary["page"]["url"] == "http://watchbill.example.org/status"
    assert summary["status"] == {"indicator": "minor", "description": "Partially Degraded Service"}
    component = [
        "id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "start_date",
        "group_id", "page_id", "group", "only_show_if_degraded",
    ]  # fmt: skip
    checkout, search, group, reports = summary["components"]
    assert list(checkout) == list(search) == list(reports) == component
    assert list(group) == [*component, "components"]
    assert (group["group"], group["components"], reports["group_id"]) == (True, [reports["id"]], group["id"])
    assert (checkout["name"], checkout["status"], checkout["start_date"]) == (
        "Checkout",
        "degraded_performance",
        "2026-03-02",
    )
    [incident] = summary["incidents"]
    assert list(incident) == [
        "id", "name", "status", "impact", "created_at", "updated_at", "monitoring_at", "resolved_at", "started_at",
        "shortlink", "page_id", "incident_updates", "components",
    ]  # fmt: skip
    assert incident["id"] == public.id.hex
    assert (incident["impact"], incident["status"]) == ("major", "monitoring")
    assert (incident["started_at"], incident["monitoring_at"], incident["resolved_at"]) == (
        "2026-03-02T11:00:00.000Z",
        "2026-03-02T11:05:00.000Z",
        None,
    )
    newest, first = incident["incident_updates"]
    assert list(newest) == list(first) == [
        "id", "status", "body", "incident_id", "created_at", "updated_at", "display_at", "affected_components",
        "deliver_notifications",
    ]  # fmt: skip
    assert newest["affected_components"] == [
        {
            "code": checkout["id"],
            "name": "Checkout",
            "old_status": "partial_outage",
            "new_status": "degraded_performance",
        }
    ]
    assert [one["name"] for one in incident["components"]] == ["Checkout"]


def test_each_document_holds_its_own(world: StatusPageWorld) -> None:
    public = world.publishes("identified", Search="major_outage").public_incident
    assert world.document("status")["status"] == {"indicator": "critical", "description": "Major System Outage"}
    assert '<div class="banner is-critical">' in world.text("index.html")
    assert '<h1 class="sentence">Major System Outage</h1>' in world.text("index.html")
    world.goes_on(public, "resolved", "It works again.")
    assert world.document("status")["status"] == {"indicator": "none", "description": "All Systems Operational"}
    assert list(world.document("status")) == ["page", "status"]
    assert list(world.document("components")) == ["page", "components"]
    assert world.document("incidents/unresolved")["incidents"] == []
    assert [one["status"] for one in world.document("incidents")["incidents"]] == ["resolved"]
    assert world.document("summary")["incidents"] == []
    assert "It works again." in world.text(f"incidents/{public.id.hex}.html")
    assert "It works again." in world.text("history.html")
    assert world.text("index.html").replace('"style', '"status/style') != world.text("index.without-slash.html")
    assert 'href="status/style.css"' in world.text("index.without-slash.html")


def test_announced_work_begins_and_ends_by_itself(world: StatusPageWorld) -> None:
    window = plan_maintenance(
        world.cast.service.id,
        starts_at=world.now + timedelta(hours=1),
        ends_at=world.now + timedelta(hours=3),
        reason="swap the disks of db-7",
        actor=world.person("comms"),
        now=world.now,
    )
    world.settle()
    assert world.document("scheduled-maintenances")["scheduled_maintenances"] == []
    maintenance_actions.publish_maintenance(
        MaintenanceDraft(
            title="Upgrade",
            body="Checkout may be slow.",
            component_ids=[world.components["Checkout"]],
            window_id=window.id,
        ),
        actor=world.person("comms"),
        now=world.now,
    )
    world.settle()
    [upcoming] = world.document("scheduled-maintenances/upcoming")["scheduled_maintenances"]
    assert list(upcoming)[-2:] == ["scheduled_for", "scheduled_until"]
    assert (upcoming["status"], upcoming["impact"], upcoming["scheduled_for"]) == (
        "scheduled",
        "maintenance",
        "2026-03-02T12:00:00.000Z",
    )
    world.passes(minutes=59)
    assert world.document("status")["status"]["indicator"] == "none"
    world.passes(minutes=1)
    assert world.document("status")["status"] == {
        "indicator": "maintenance",
        "description": "Service Under Maintenance",
    }
    assert world.document("components")["components"][0]["status"] == "under_maintenance"
    assert len(world.document("scheduled-maintenances/active")["scheduled_maintenances"]) == 1
    world.passes(hours=1)
    end_maintenance(window.id, actor=world.person("comms"), now=world.now)
    world.passes(minutes=5)
    write_again(now=world.now)  # as the chore does
    world.settle()
    [done] = world.document("scheduled-maintenances")["scheduled_maintenances"]
    assert (done["status"], done["scheduled_until"]) == ("completed", "2026-03-02T13:00:00.000Z")
    assert [one["status"] for one in done["incident_updates"]] == ["completed", "in_progress", "scheduled"]
    assert world.document("status")["status"]["indicator"] == "none"


def test_ten_changes_are_one_writing(world: StatusPageWorld) -> None:
    before = reads.page()
    public = world.publishes("investigating", settle=False).public_incident
    for number in range(9):
        actions.publish_update(
            public_id=public.id,
            status="identified",  # type: ignore[arg-type]
            body=f"step {number}",
            components={},
            actor=world.person("comms"),
            now=world.now,
        )
    world.settle()
    held = reads.page()
    assert before is not None
    assert held is not None
    assert held.written_changes == held.changes == before.changes + 10
    releases = [one.name for one in world.directory.iterdir() if one.is_dir() and not one.is_symlink()]
    assert len(releases) == 2
    assert "step 8" in world.text("index.html")


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(world: StatusPageWorld) -> None:
    current = world.directory / "current"
    shown = current.read_bytes() if current.is_file() else world.text("index.html")
    aside = world.directory.with_name("aside")
    world.directory.rename(aside)
    world.directory.write_text("in the way")
    world.publishes("investigating", "Trouble.")
    trouble = reads.trouble()
    assert trouble is not None
    assert "cannot be written" in trouble.last_error
    world.directory.unlink()
    aside.rename(world.directory)
    assert world.text("index.html") == shown
    world.passes(seconds=2)
    assert reads.trouble() is None
    assert "Trouble." in world.text("index.html")
    assert not Errand.objects.exists()


def test_uptime_counts_what_was_down_and_forgets_what_was_taken_back(world: StatusPageWorld) -> None:
    begun, public = world.now, world.publishes("investigating", Checkout="major_outage").public_incident
    world.passes(hours=1)
    world.goes_on(public, "identified", Checkout="partial_outage")
    world.passes(hours=1)
    last = world.goes_on(public, "monitoring", Checkout="degraded_performance")
    world.passes(hours=8)
    world.goes_on(public, "resolved")
    # 1 h counts whole, 1 h counts 0.3, degraded counts nothing: 1.3 h of 10 h.
    assert f"87.00 % uptime since {begun.day} {begun:%B}<" in world.text("index.html")
    assert "1 h 18 min" in world.text("index.html")
    for update in reads.updates_of([public.id])[public.id]:
        if update.id != last.id:
            actions.retract(update_id=update.id, why="wrong", actor=world.person("comms"), now=world.now)
    world.settle()
    assert "87.00" not in world.text("index.html")
    world.passes(days=90)
    write_again(now=world.now)
    world.settle()
    assert "uptime since" not in world.text("index.html")


def test_times_are_in_the_zone_of_the_organization_until_the_page_has_one_of_its_own(world: StatusPageWorld) -> None:
    Organization.objects.update(time_zone="Europe/Berlin")
    world.publishes("investigating")
    assert (
        f"reported {world.now.day} {world.now:%b %Y}, {world.now.astimezone(ZoneInfo('Europe/Berlin')):%H:%M CE}"
        in (world.text("index.html"))
    )
    assert "Times are in Europe/Berlin." in world.text("index.html")
    settings_actions.change_page(
        PageDraft(name="Status", time_zone="Etc/UTC"), actor=world.person("comms"), now=world.now
    )
    world.settle()
    assert "Times are in Etc/UTC." in world.text("index.html")


def test_feeds_have_one_entry_for_each_incident(world: StatusPageWorld) -> None:
    public = world.publishes("investigating", "<b>Not</b> bold & sound.", title="A < B").public_incident
    world.passes(minutes=7)
    world.goes_on(public, "resolved", "Done.")
    feed = ElementTree.fromstring(world.text("history.atom"))  # noqa: S314 - our own
    [entry] = feed.findall(f"{ATOM}entry")
    assert (entry.findtext(f"{ATOM}title"), entry.findtext(f"{ATOM}updated")) == ("A < B", world.now.isoformat())
    assert (entry.findtext(f"{ATOM}id") or "").startswith("tag:watchbill.example.org,2026:")
    content = entry.findtext(f"{ATOM}content") or ""
    assert content.index("Done.") < content.index("&lt;b&gt;Not&lt;/b&gt; bold")
    [item] = ElementTree.fromstring(world.text("history.rss")).findall("channel/item")  # noqa: S314 - our own
    guid = item.find("guid")
    assert guid is not None
    assert (guid.get("isPermaLink"), guid.text) == (
        "true",
        f"http://watchbill.example.org/status/incidents/{public.id.hex}.html",
    )


def test_what_xml_does_not_know_is_refused_and_breaks_no_feed(world: StatusPageWorld) -> None:
    with pytest.raises(ChangeRefused, match="control character"):
        world.publishes("investigating", "We look into it.", title="pay\ufffements")
    with pytest.raises(ChangeRefused, match="turns the direction"):
        world.publishes("investigating", "We look into it.", title="pay\u202estnem")
    public = world.publishes("investigating", "We \ufffe look\u202e into it.", title="payments").public_incident
    PublicIncident.objects.filter(id=public.id).update(title="older \ufffe\ufdd0\u202e title")
    world.goes_on(public, "identified", "Found.")
    for name in ("history.atom", "history.rss"):
        text = world.text(name)
        ElementTree.fromstring(text)  # noqa: S314 - our own
        assert not set(text) & set("\ufffe\ufdd0\u202e")
        assert "U+202E" in text


def test_the_look_is_what_the_settings_say(world: StatusPageWorld) -> None:
    settings_actions.change_page(
        PageDraft(
            name="Acme status",
            address="https://status.example.org/",
            support_url="mailto:help@example.org",
            time_zone="Europe/Berlin",
            accent_light="#7a1f5c",
            accent_dark="#ffb0e0",
        ),
        actor=world.person("comms"),
        now=world.now,
    )
    settings_actions.set_logo(b"\x89PNG\r\n\x1a\nrest", actor=world.person("comms"), now=world.now)
    component_actions.change_component(
        world.components["Search"],
        ComponentDraft(name="Find", group="Shop", position=1),
        actor=world.person("comms"),
        now=world.now,
    )
    world.settle()
    front = world.text("index.html")
    for words in ("Acme status", "mailto:help@example.org", "Europe/Berlin", "logo.png", "Find", "Shop"):
        assert words in front
    assert "Search" not in front
    assert "--accent:#7a1f5c" in world.text("style.css")
    assert world.document("status")["page"]["url"] == "https://status.example.org"
