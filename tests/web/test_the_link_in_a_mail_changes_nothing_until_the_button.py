"""Mail scanners open links: only the button acknowledges, signed in or not."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.test import Client

from tests.web.organization import Stage
from tests.web.screens import link_token
from watchbill.config import secret_key
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.actions import ACKNOWLEDGEMENT_EXPIRES
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.contract import ENGINE
from watchbill.domain.audit.models import Entry
from watchbill.domain.paging.links import AcknowledgeLink, make_token, read_token
from watchbill.domain.services.models import Service
from watchbill.domain.timers.models import Timer
from watchbill.doors.web.times import short
from watchbill.ground.clock import SystemClock


def test_opening_changes_nothing_and_the_button_acknowledges(organization_on_stage: Stage) -> None:
    token = link_token(organization_on_stage)
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(f"/a/{token}")
    assert page.status_code == 200
    before = set(Alert.objects.filter(state="triggered").values_list("id", flat=True))
    browser.head(f"/a/{token}")
    assert set(Alert.objects.filter(state="triggered").values_list("id", flat=True)) == before

    refused = browser.post(f"/a/{token}")
    assert refused.status_code == 403
    [csrf] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    answer = browser.post(f"/a/{token}", {"csrfmiddlewaretoken": csrf})
    assert answer.status_code == 302
    [acknowledged] = before - set(Alert.objects.filter(state="triggered").values_list("id", flat=True))
    entry = Entry.objects.get(subject_id=acknowledged, action="alert.acknowledged")
    assert (entry.via, entry.actor_id) == ("mail-link", organization_on_stage.me.id)
    row = Alert.objects.get(id=acknowledged)
    assert row.acknowledged_at is not None
    again_at = Timer.objects.get(subject_id=acknowledged, kind=ACKNOWLEDGEMENT_EXPIRES).due_at
    zone = ZoneInfo(organization_on_stage.me.time_zone)
    said = words(browser, token)
    now = SystemClock().now()
    assert f"You have it. Unless resolved by {short(again_at, zone=zone, now=now)} it pages again." in said
    assert "Open it" in said

    # Once somebody else has it, the same page says who and since when; once it is over, that nothing is left to do.
    other = organization_on_stage.people["first"]
    Alert.objects.filter(id=acknowledged).update(acknowledged_by=other.name, acknowledged_by_id=other.id)
    since = short(row.acknowledged_at, zone=zone, now=SystemClock().now())
    said = words(browser, token)
    assert f"{other.name} has it since {since}." in said
    assert "You have it" not in said
    actions.resolve(alert_id=acknowledged, actor=ENGINE, now=SystemClock().now())
    assert "It is resolved. Nothing here needs you any more." in words(browser, token)


def test_the_runbook_is_one_tap_from_the_link_and_never_a_script(organization_on_stage: Stage) -> None:
    token = link_token(organization_on_stage)
    for address, shown in (("https://wiki.example.org/checkout", True), ("javascript:alert(1)", False)):
        Service.objects.update(runbook_url=address)
        assert (f'href="{address}"' in Client().get(f"/a/{token}").content.decode()) is shown


def words(browser: Client, token: str) -> str:
    """What the page says, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", "", browser.get(f"/a/{token}").content.decode()).split())


def test_an_altered_or_old_link_says_what_to_do(organization_on_stage: Stage) -> None:
    token = link_token(organization_on_stage)
    now = SystemClock().now()
    link = read_token(token, secret_key=secret_key(), now=now)
    old = make_token(
        AcknowledgeLink(attempt_id=link.attempt_id, user_id=link.user_id),
        secret_key=secret_key(),
        now=now - timedelta(days=2),
    )
    for wrong in (token[:-3] + "AAA", old, "x", "é"):
        answer = Client().get(f"/a/{wrong}")
        assert answer.status_code == 410
        assert "This link does not work" in answer.content.decode()
