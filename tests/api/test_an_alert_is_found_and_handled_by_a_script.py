"""Whatever a person does to an alert on a screen, a script does by the API, and is on record for it."""

from datetime import datetime, timedelta

import pytest

from tests.harness.alerts import fire
from tests.harness.api import ApiCaller, caller
from tests.harness.cast import Cast
from watchbill.composition import build_engine
from watchbill.domain.audit.models import Entry
from watchbill.ground.clock import SystemClock


@pytest.fixture
def responder(cast: Cast) -> ApiCaller:
    return caller(cast.people["primary"])


def test_the_list_is_filtered_searched_and_read_page_by_page(cast: Cast, responder: ApiCaller) -> None:
    for number in range(5):
        fire(cast, f"disk-{number}", summary=f"Disk {number} is full")
    done = fire(cast, "done")
    responder.post(f"/alerts/{done.id}/resolve")

    assert len(responder.get("/alerts")["items"]) == 6
    assert [row["dedup_key"] for row in responder.get("/alerts?status=resolved")["items"]] == ["done"]
    assert len(responder.get("/alerts?status=open&service=checkout")["items"]) == 5
    assert [row["summary"] for row in responder.get("/alerts?q=disk+3")["items"]] == ["Disk 3 is full"]
    assert [row["number"] for row in responder.get(f"/alerts?q=%23{done.number}")["items"]] == [done.number]

    assert [row["summary"] for row in responder.get("/alerts?q=full+4+CHECKOUT")["items"]] == ["Disk 4 is full"]
    assert responder.get("/alerts?q=full+elsewhere")["items"] == []

    seen, cursor = [], ""
    while cursor is not None:
        page = responder.get(f"/alerts?status=open&limit=2&cursor={cursor}")
        seen += [row["dedup_key"] for row in page["items"]]
        cursor = page["next"]
    assert seen == ["disk-4", "disk-3", "disk-2", "disk-1", "disk-0"]


def test_one_alert_shows_its_pages_attempts_timeline_and_next_step(cast: Cast, responder: ApiCaller) -> None:
    alert = fire(cast)
    build_engine().tick(now=SystemClock().now())

    shown = responder.get(f"/alerts/{alert.number}")

    assert shown["id"] == str(alert.id)
    assert [(page["email"], page["level"]) for page in shown["pages"]] == [("primary@example.org", 1)]
    assert shown["pages"][0]["deliveries"][0]["kind"] == "webhook"
    assert shown["attempts"] == []
    assert [entry["action"] for entry in shown["timeline"]] == ["alert.triggered", "escalation.paged"]
    assert shown["next_step"]["kind"] == "escalation"
    assert shown["next_step"]["steps"][0]["targets"][0]["people"][0]["email"] == "secondary@example.org"
    assert shown["opened_at"].endswith("Z")


def test_acknowledging_stops_paging_and_a_second_one_learns_who_has_it(cast: Cast, responder: ApiCaller) -> None:
    alert = fire(cast)

    first = responder.post(f"/alerts/{alert.id}/acknowledge")
    second = caller(cast.people["secondary"]).post(f"/alerts/{alert.id}/acknowledge")

    assert first["status"] == second["status"] == "acknowledged"
    assert second["acknowledged_by"] == first["acknowledged_by"] == "Primary (token test)"
    entry = Entry.objects.get(action="alert.acknowledged")
    assert (entry.actor_kind, entry.actor_id, entry.via) == ("token", cast.people["primary"].id, "api")


def test_snooze_takes_an_instant_or_a_duration(cast: Cast, responder: ApiCaller) -> None:
    alert = fire(cast)
    tomorrow = SystemClock().now() + timedelta(days=1)

    by_instant = responder.post(f"/alerts/{alert.id}/snooze", {"until": tomorrow.isoformat()})
    assert datetime.fromisoformat(by_instant["snoozed_until"]) == tomorrow

    by_duration = responder.post(f"/alerts/{alert.id}/snooze", {"duration": "2h"})
    left = datetime.fromisoformat(by_duration["snoozed_until"]) - SystemClock().now()
    assert timedelta(minutes=119) < left <= timedelta(hours=2)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "until"),
        ({"until": "2030-01-01T00:00:00Z", "duration": "2h"}, "until"),
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"until": "2026-01-01T00:00:00"}, "until"),
        ({"until": 1767225600}, "until"),
        ({"duration": "2 hours"}, "duration"),
        ({"duration": "999999d"}, "until"),
        ({"duration": "2h", "state": "resolved"}, "state"),
    ],
)
def test_a_snooze_that_makes_no_sense_is_refused_by_field(
    cast: Cast, responder: ApiCaller, body: dict[str, object], field: str
) -> None:
    problem = responder.post(f"/alerts/{fire(cast).id}/snooze", body, expect=422)

    assert [error["field"] for error in problem["errors"]] == [field]


def test_escalating_and_reassigning_page_somebody_else_now(cast: Cast, responder: ApiCaller) -> None:
    alert = fire(cast)
    engine = build_engine()
    engine.tick(now=SystemClock().now())

    responder.post(f"/alerts/{alert.id}/escalate")
    engine.tick(now=SystemClock().now())
    paged = [page["email"] for page in responder.get(f"/alerts/{alert.id}")["pages"]]
    assert paged == ["primary@example.org", "secondary@example.org"]

    responder.post(f"/alerts/{alert.id}/reassign", {"targets": ["team-manager:payments", "user:owner@example.org"]})
    engine.tick(now=SystemClock().now())
    active = [page["email"] for page in responder.get(f"/alerts/{alert.id}")["pages"] if page["state"] == "active"]
    assert sorted(active) == ["manager@example.org", "owner@example.org"]


@pytest.mark.parametrize("target", ["user:nobody@example.org", "schedule:", "primary@example.org", "dog:rex"])
def test_reassigning_to_who_is_not_there_names_the_entry(cast: Cast, responder: ApiCaller, target: str) -> None:
    body = {"targets": ["user:primary@example.org", target]}

    problem = responder.post(f"/alerts/{fire(cast).id}/reassign", body, expect=422)

    assert problem["errors"][0]["field"] == "targets[1]"


def test_a_resolved_alert_is_resolved(cast: Cast, responder: ApiCaller) -> None:
    alert = fire(cast)
    responder.post(f"/alerts/{alert.id}/resolve")

    assert responder.post(f"/alerts/{alert.id}/resolve")["status"] == "resolved"
    problem = responder.post(f"/alerts/{alert.id}/acknowledge", expect=409)
    assert "resolved by Primary" in problem["detail"]


@pytest.mark.parametrize("name", ["999999", "#7", "not-an-alert", "00000000-0000-0000-0000-000000000000"])
def test_an_alert_that_is_not_there_is_not_found(cast: Cast, responder: ApiCaller, name: str) -> None:
    responder.get(f"/alerts/{name.replace('#', '%23')}", expect=404)
    responder.post(f"/alerts/{name.replace('#', '%23')}/acknowledge", expect=404)
