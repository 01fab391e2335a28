"""Who may do what by a token, and what is said to whoever may not: problem+json, always with the remedy."""

import json

import pytest
from django.test import Client

from tests.harness.alerts import fire
from tests.harness.api import ApiCaller, caller
from tests.harness.cast import Cast
from watchbill.domain.access.actions import end_token
from watchbill.domain.access.models import ApiToken, User
from watchbill.ground.clock import SystemClock


@pytest.mark.parametrize("token", ["", "wb_wrong", "wb_" + "a" * 38, "Bearer", "\u00e9"])
def test_without_a_good_token_nothing_is_told(cast: Cast, token: str) -> None:
    answer = ApiCaller(token).ask("GET", "/alerts")

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "about:blank"  # the status says it all, and no reference leads nowhere
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_and_a_disabled_person_are_out_at_once(cast: Cast) -> None:
    revoked, disabled = caller(cast.people["primary"]), caller(cast.people["secondary"])
    end_token(ApiToken.objects.get(user=cast.people["primary"]).id, now=SystemClock().now())
    User.objects.filter(id=cast.people["secondary"].id).update(is_active=False)

    revoked.get("/alerts", expect=401)
    disabled.get("/alerts", expect=401)


def test_a_read_token_reads_and_an_ingest_token_does_neither(cast: Cast) -> None:
    alert = fire(cast)
    reading = caller(cast.people["primary"], scope="read")
    ingesting = caller(cast.people["primary"], scope="ingest")

    assert reading.get("/alerts")["items"]
    refusal = reading.post(f"/alerts/{alert.id}/acknowledge", expect=403)
    assert "scope read you may not acknowledge alerts" in refusal["detail"]
    assert "scope full" in refusal["detail"]
    assert "may not read alerts" in ingesting.get("/alerts", expect=403)["detail"]
    ingesting.post(f"/alerts/{alert.id}/resolve", expect=403)
    alert.refresh_from_db()
    assert alert.state == "triggered"


def test_a_number_that_nobody_can_mean_is_explained(cast: Cast) -> None:
    text = f"format: 1\nname: 0x{'f' * 10_000}\n"
    problem = caller(cast.people["owner"]).post("/process/diff", {"text": text}, expect=422)
    assert "A number of 10002 characters is not taken here" in str(problem)


def test_a_stakeholder_looks_on(cast: Cast) -> None:
    looker = caller(cast.person("stakeholder", role="stakeholder", contacts=False))
    alert = fire(cast)

    assert looker.get(f"/alerts/{alert.id}")["status"] == "triggered"
    assert "role" in looker.post(f"/alerts/{alert.id}/acknowledge", expect=403)["detail"]


def test_a_signed_in_browser_needs_the_form_token_to_change_things(cast: Cast) -> None:
    alert = fire(cast)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.people["primary"])

    assert browser.get("/api/v1/alerts").status_code == 200
    refused = browser.post(f"/api/v1/alerts/{alert.id}/acknowledge")
    assert refused.status_code == 403
    assert "CSRF" in json.loads(refused.content)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/nothing/here", 404),
        ("DELETE", "/alerts", 405),
        ("PUT", "/alerts/1/acknowledge", 405),
        ("GET", "/alerts?limit=0", 422),
        ("GET", "/alerts?limit=201", 422),
        ("GET", "/alerts?status=broken", 422),
        ("GET", "/alerts?service=unheard-of", 422),
        ("GET", "/alerts?cursor=%21", 422),
        ("GET", "/alerts?q=%00", 422),
        ("GET", "/alerts/%00", 422),
    ],
)
def test_whatever_is_asked_wrongly_is_answered_as_a_problem(cast: Cast, method: str, path: str, status: int) -> None:
    answer = caller(cast.people["owner"]).ask(method, path)

    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    if status == 405:
        assert answer["Allow"]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b'{"targets": ["user:\\u0000"]}', 422),
        (b'{"targets": ["user:\\ud800"]}', 422),
        (b'{"\\ud800": 1}', 422),
        (b'{"targets": ["user:\xff"]}', 400),
        (b"[" * 100_000, 400),
        (b'{"targets": ' + b"9" * 5000 + b"}", 400),
        (b'{"targets": NaN}', 422),
        (b"[]", 422),
        (b"null", 422),
        (b"", 422),
        (b"{", 400),
        (b'{"targets": ["' + b"a" * 3_000_000 + b'"]}', 413),
    ],
)
def test_hostile_bodies_are_refused_never_a_failure(cast: Cast, raw: bytes, status: int) -> None:
    answer = caller(cast.people["owner"]).ask("POST", f"/alerts/{fire(cast).id}/reassign", raw=raw)

    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["<script>x</script>", "'; DROP TABLE alerts_alert; --", "%_\\", "\u202e\U0001f4a5"])
def test_hostile_text_comes_back_as_it_was_sent(cast: Cast, text: str) -> None:
    fire(cast, "hostile", summary=text)
    reader = caller(cast.people["primary"], scope="read")

    assert [row["summary"] for row in reader.get("/alerts")["items"]] == [text]
